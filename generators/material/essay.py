"""Haystacks cut from real text: essays, books, web pages, or what else a corpus holds.

A sample's haystack begins at a sentence drawn at random and follows the corpus from there, over its end to its
beginning. Nothing repeats inside a sample unless it is longer than the corpus, which it then records. What this trades
away: the whole text stays in memory, so a corpus is at most 256 MiB, and two samples may share text.
"""

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import Annotated

import numpy as np
import zstandard
from pydantic import AfterValidator, Field, ValidationInfo

from ...schemas.errors import UsageError
from .haystack import Ints, Passage
from .identifiers import NameKind, found

_MOST_BYTES = 256 * 2**20
_FORMATS = (".txt", ".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet")
_KNOWN = "a .txt, .jsonl, .jsonl.gz, .jsonl.zst or .parquet file, or a folder of .txt files"

_LONGEST_SENTENCE = 1500
"""Bytes above which text without a sentence's end is cut where `_ELSEWHERE` matches."""

_SENTENCE_END = re.compile(
    rb"""
    [.!?\n\x80-\xbf](?:                             # the last byte of what may end a sentence
        (?<=[.!?])
        (?<![\n.]\d\.) (?<![\n.]\d\d\.)             # 1. Introduction; 2.12. Conclusion
        (?<!\.\.)                                   # and so on ...
        (?<!\b[A-Z]\.)                              # J. Smith
        (?<!\b(?:Mr|Ms|Dr|St|Mt|No|vs|cf|Lt|pp)\.)
        (?<!\b(?:Mrs|Rev|Hon|Gen|Col|Sgt|Fig|Vol|e\.g|i\.e)\.)
        (?<!\b(?:Prof|Capt)\.)
        (?:["')\]]|\xe2\x80[\x99\x9d]|\xc2\xbb)*+   # closing quotes and brackets belong to the sentence
        \s++ (?![a-z])
      | (?<=\n) \s*\n                               # a paragraph's end
      | (?<=\xe3\x80\x82|\xef\xbc\x81|\xef\xbc\x9f) # the full stops of Chinese and Japanese
        (?:\xe3\x80[\x8d\x8f]|\xe2\x80[\x99\x9d])*+ \s*+
    )""",
    re.VERBOSE,
)
_ELSEWHERE = re.compile(rb"(?s).{400}(?:[^\n]{0,600}\n\s*|\S{0,600}[\x80-\xbf]*+\s*)")
"""Where text without a sentence's end is cut: at a line's end, else a blank, else any character's end."""


def _only_for_essay(corpus: str | None, info: ValidationInfo) -> str | None:
    haystack = info.data.get("haystack")
    if corpus is None and haystack == "essay":
        raise ValueError(f"haystack=essay is cut from a corpus: name {_KNOWN}")
    if corpus is not None and haystack not in ("essay", None):
        raise ValueError(f"is only read where haystack is essay, got haystack={haystack}: set haystack=essay")
    return corpus


CorpusPath = Annotated[str | None, AfterValidator(_only_for_essay), Field(validate_default=True)]
"""The setting `corpus` of a task, which stands after its setting `haystack`."""


@dataclass(frozen=True)
class Excerpt(Passage):
    """A stretch of a corpus, which goes round where the corpus ends."""

    start: int
    """Characters of the corpus before it."""
    corpus_chars: int
    """Characters of the whole corpus."""

    def facts(self, num_sentences: int) -> Mapping[str, object]:
        """Where it begins in the corpus, and how many of its characters stand in it a second time or more."""
        repeated = max(int(self.ends[num_sentences]) - self.corpus_chars, 0)
        return {"corpus_start": self.start, "repeated_chars": repeated}


@dataclass(frozen=True)
class Corpus:
    """Text as UTF-8, cut after each sentence and the blanks or line's ends that follow it."""

    data: bytes
    bytes_before: Ints
    """Bytes of the first k sentences, k = 0..num_sentences."""
    chars_before: Ints
    """Characters of the first k sentences, k = 0..num_sentences."""

    @classmethod
    def of(cls, data: bytes) -> "Corpus":
        """The corpus of this text, its sentences found."""
        cuts = np.array(_cuts(data), np.int64)
        is_char = (np.frombuffer(data, np.uint8) & 0xC0) != 0x80
        chars = np.add.reduceat(is_char, cuts[:-1], dtype=np.int64)
        return cls(data, cuts, np.concatenate(([0], np.cumsum(chars))))

    def excerpt(self, rng: np.random.Generator, num_sentences: int) -> Excerpt:
        """A stretch of `num_sentences` sentences, which begins at any."""
        size, chars = len(self.bytes_before) - 1, self.chars_before
        first = int(rng.integers(size))
        rounds, last = divmod(first + num_sentences, size)
        begin, end = int(self.bytes_before[first]), int(self.bytes_before[last])
        view = memoryview(self.data)
        parts = [view[begin:end]] if rounds == 0 else [view[begin:], *[view] * (rounds - 1), view[:end]]
        round_of, place = np.divmod(np.arange(first, first + num_sentences + 1), size)
        ends = round_of * chars[-1] + chars[place] - chars[first]
        return Excerpt("".join(str(part, "utf-8") for part in parts), ends, int(chars[first]), int(chars[-1]))


def excerpt(corpus: str, rng: np.random.Generator, num_sentences: int) -> Excerpt:
    """A haystack of `num_sentences` sentences of the corpus at this path; UsageError where it cannot be read."""
    return _read(*_version(corpus)).excerpt(rng, num_sentences)


def names_in_corpus(corpus: str, kind: NameKind) -> frozenset[str]:
    """Identifiers of a kind that the corpus happens to hold, which must therefore be no key and no value."""
    return _names(*_version(corpus), kind)


def corpus_files(corpus: str) -> tuple[Path, ...]:
    """The files of the corpus at this path, in the order in which they are read; UsageError where there are none."""
    path = Path(corpus).expanduser()
    if path.is_dir():
        files = tuple(sorted(file for file in path.rglob("*.txt") if file.is_file()))
        if not files:
            raise UsageError(f"corpus: the folder {corpus} holds no .txt file: put some there, or name {_KNOWN}")
        return files
    if not path.is_file():
        raise UsageError(f"corpus: there is no file {corpus}: name {_KNOWN}")
    if not path.name.endswith(_FORMATS):
        raise UsageError(f"corpus: {corpus} is of no format that is read here: name {_KNOWN}")
    return (path,)


def _version(corpus: str) -> tuple[str, int, int]:
    """What a corpus in memory is kept under, so that a file that has changed since is read again."""
    try:
        status = Path(corpus).expanduser().stat()
    except OSError:
        return corpus, 0, 0  # reading it says what is wrong
    return corpus, status.st_mtime_ns, status.st_size


@lru_cache(maxsize=4)
def _read(corpus: str, _modified: int, _size: int) -> Corpus:
    parts: list[bytes] = []
    num_bytes = 0
    for text in chain.from_iterable(map(_texts, corpus_files(corpus))):
        part = text.strip().encode(errors="replace")
        if part:
            parts += (part, b"\n\n")
            num_bytes += len(part) + 2
        if num_bytes > _MOST_BYTES:
            raise _too_large(corpus)
    if not parts:
        raise UsageError(f"corpus: {corpus} holds no text: name another, its texts are read from the field `text`")
    return Corpus.of(b"".join(parts))


@lru_cache(maxsize=8)
def _names(corpus: str, modified: int, size: int, kind: NameKind) -> frozenset[str]:
    return found(kind, _read(corpus, modified, size).data)


def _cuts(data: bytes) -> list[int]:
    """Bytes before each sentence of the text, and all bytes."""
    cuts = [0]
    for match in chain(_SENTENCE_END.finditer(data), (None,)):
        end = len(data) if match is None else match.end()
        if end - cuts[-1] > _LONGEST_SENTENCE:
            cuts += [piece.end() for piece in _ELSEWHERE.finditer(data, cuts[-1], end)]
        if end > cuts[-1]:
            cuts.append(end)
    return cuts


def _texts(path: Path) -> Iterator[str]:
    """The texts of a file of a corpus; UsageError with the place of what cannot be read."""
    try:
        if path.suffix == ".parquet":
            yield from _parquet_texts(path)
        elif path.suffix == ".txt":
            if path.stat().st_size > _MOST_BYTES:
                raise _too_large(path)
            yield path.read_bytes().decode()
        else:
            with _opened(path) as file:
                yield from _json_texts(path, file)
    except OSError as error:
        raise UsageError(f"corpus: cannot read {path} ({error.strerror or error}): repair it or name another") from None
    except (EOFError, zlib.error, zstandard.ZstdError) as error:
        raise UsageError(f"corpus: {path} cannot be decompressed ({error}): copy it here again") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"corpus: {path} is not UTF-8 at byte {error.start}: convert it") from None


def _opened(path: Path) -> io.BufferedIOBase:
    if path.suffix == ".gz":
        return gzip.GzipFile(path)
    if path.suffix == ".zst":
        frames = zstandard.ZstdDecompressor().stream_reader(path.open("rb"), read_across_frames=True)
        return io.BufferedReader(frames)
    return open(path, "rb")


def _json_texts(path: Path, file: io.BufferedIOBase) -> Iterator[str]:
    for number, line in enumerate(iter(partial(file.readline, _MOST_BYTES), b""), start=1):
        if len(line) == _MOST_BYTES:
            raise _too_large(path)
        try:
            record: object = json.loads(line) if line.strip() else {"text": ""}
        except ValueError:
            record = None
        if not isinstance(record, dict) or not isinstance(record.get("text"), str):
            raise UsageError(f"corpus: line {number} of {path} is no JSON object with a string `text`: repair it")
        yield record["text"]


def _parquet_texts(path: Path) -> Iterator[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            if "text" not in file.schema_arrow.names:
                raise UsageError(f"corpus: {path} has no column `text`: rename the one that holds the texts")
            for batch in file.iter_batches(batch_size=256, columns=["text"]):
                yield from filter(None, batch.column(0).cast(pa.large_string()).to_pylist())
    except pa.ArrowException as error:
        raise UsageError(f"corpus: {path} is not a readable Parquet file ({error}): write it again") from None


def _too_large(corpus: str | Path) -> UsageError:
    return UsageError(f"corpus: {corpus} holds more than {_MOST_BYTES >> 20} MiB of text: name a part of it")
