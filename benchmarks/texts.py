"""The texts that ingest is measured on, as JSON lines: real ones, and copies with new words for their rare ones."""

import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import zstandard
from numpy.typing import NDArray

from lcdata.generators.material.haystack import passage
from lcdata.schemas.stream import stream

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
SIZES = {"4 KB": 1 << 12, "1 MB": 1 << 20}
COPIES = 4
SAMPLE_EVERY = 10
"""Of the documents of the first copy the peers get every tenth."""
LONG_DOCUMENT_BYTES = 10**8

Bytes = NDArray[np.uint8]


def source_text() -> bytes:
    """About 100 MB of books, code and web pages where the workplace has them, else of composed prose."""
    if not CORPUS.is_dir():
        return passage("prose", stream("benchmark", 0, 0, "text"), 1_200_000).text.encode()
    texts: list[str] = []
    for path in sorted(CORPUS.glob("*.jsonl.zst")):
        with zstandard.open(path, "rt", encoding="utf-8", newline="\n") as lines:
            texts += [json.loads(line)["text"] for line in lines]
    return "\n\n".join(texts).encode()


def write_inputs(folder: Path, text: bytes, num_copies: int) -> None:
    """The documents of every size, a file for each copy of the text; the peers' share of them; and the long one."""
    for number, copy in enumerate(copies(text, num_copies)):
        for name, size in SIZES.items():
            documents = pieces(copy, size, size * number // COPIES)
            write_documents(folder / name / f"{number}.jsonl.zst", documents)
    for name, size in SIZES.items():
        sample = itertools.islice(pieces(text, size), 0, None, SAMPLE_EVERY)
        write_documents(folder / f"{name} sample" / "0.jsonl.zst", sample)
    write_documents(folder / "long" / "0.jsonl.zst", itertools.islice(pieces(text, LONG_DOCUMENT_BYTES), 1))


def copies(text: bytes, count: int) -> Iterator[bytes]:
    """The text, and others that have new words in the place of those that it holds once."""
    yield text
    letters = np.frombuffer(text, np.uint8)
    is_rare = of_rare_words(letters) if count > 1 else np.zeros(0, np.bool_)
    for number in range(1, count):
        yield np.where(is_rare, other_letters(number)[letters], letters).tobytes()


def of_rare_words(text: Bytes) -> NDArray[np.bool_]:
    """Which bytes belong to words that come once; a word begins at a capital, and differs by what stands before it."""
    kind = np.zeros(256, np.int8)
    kind[[*b"abcdefghijklmnopqrstuvwxyz", *range(128, 256)]] = 1
    kind[[*b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"]] = 2
    pair_hash = np.random.default_rng(0).integers(0, 2**32, 1 << 16, np.uint32)
    starts: list[NDArray[np.int64]] = []
    hashes: list[NDArray[np.uint32]] = []
    for first in range(0, len(text), 1 << 23):
        block = text[first : first + (1 << 23)]
        before = np.append(np.uint8(10), block[:-1])
        pairs = np.where(kind[block] > 0, pair_hash[before * np.uint16(256) + block], np.uint32(0))
        begins = np.flatnonzero(kind[block] > kind[before])
        starts.append(begins + first)
        hashes.append(np.add.reduceat(pairs, begins, dtype=np.uint32) >> np.uint32(6))
    words = np.concatenate(hashes)
    is_once = np.bincount(words)[words] == 1
    bounds = np.concatenate(([0], *starts, [len(text)]))
    return np.repeat(np.append(False, is_once), np.diff(bounds))


def other_letters(number: int) -> Bytes:
    """Every byte's stand-in: vowels take each other's place, and consonants do."""
    alphabets = ("aeiou", "bcdfghjklmnpqrstvwxyz", "AEIOU", "BCDFGHJKLMNPQRSTVWXYZ")
    rolled = "".join(alphabet[number:] + alphabet[:number] for alphabet in alphabets)
    return np.frombuffer(bytes.maketrans("".join(alphabets).encode(), rolled.encode()), np.uint8)


def pieces(text: bytes, size: int, first: int = 0) -> Iterator[str]:
    """The text cut at characters into pieces of about so many bytes, the first of another size where one is given."""
    start = 0
    for end in (*range(first or size, len(text), size), len(text)):
        while end < len(text) and text[end] & 0xC0 == 0x80:
            end += 1
        yield text[start:end].decode()
        start = end


def write_documents(path: Path, documents: Iterable[str]) -> None:
    """JSON lines as `datasets` and others write them, compressed at the usual level."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zstandard.open(path, "wb", zstandard.ZstdCompressor(level=3)) as file:
        for document in documents:
            file.write(json.dumps({"text": document}, ensure_ascii=False).encode() + b"\n")
