"""Haystacks cut from real text: essays, books, web pages, or what else a corpus holds.

A sample's haystack begins at a sentence drawn at random and follows its split's part of the corpus from there, over
the end to the beginning. Nothing repeats inside a sample unless it is longer than that part, which it then records.
What this trades away: the whole text stays in memory, so a corpus is at most 256 MiB, and two samples may share text.
"""

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, Field, ValidationInfo

from ...schemas.errors import UsageError
from ...schemas.sample import Span
from ...schemas.split import SHARES, Split
from ..sources.input import file_format
from .files import MaterialFile, check_planned
from .identifiers import NameKind, found
from .phrases import Ints, Passage

_MOST_BYTES = 256 * 2**20
_KNOWN = "a file of text, JSON, CSV, Parquet or Arrow such as .txt or .jsonl.zst, or a folder of .txt files"

CODES = r"\d{2,}|\b[A-Z]{3,}\b"
"""Numbers and words of capitals."""

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
    """Characters of the part that it is cut from."""

    part_start: int
    """Characters of the whole corpus before that part."""

    def facts(self, num_sentences: int) -> Mapping[str, object]:
        """Where it stands in the corpus, and how many of its characters stand in it a second time or more."""
        num_chars = int(self.ends[num_sentences])
        return {
            "corpus_start": self.start,
            "corpus_stretches": self._stretches(num_chars),
            "repeated_chars": max(num_chars - self.corpus_chars, 0),
        }

    def _stretches(self, num_chars: int) -> list[Span]:
        """The characters of the corpus that the first `num_chars` of the excerpt are, as one stretch or two."""
        first, last, end = self.part_start, self.part_start + self.corpus_chars, self.start + num_chars
        if num_chars >= self.corpus_chars:
            return [(first, last)]
        return [(self.start, end)] if end <= last else [(first, end - self.corpus_chars), (self.start, last)]


@dataclass(frozen=True)
class Corpus:
    """Text as UTF-8, cut after each sentence and the blanks or line's ends that follow it."""

    data: bytes
    bytes_before: Ints
    """Bytes of the first k sentences, k = 0..num_sentences."""
    chars_before: Ints
    """Characters of the first k sentences, k = 0..num_sentences."""
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    """sha256 of the files that it was read from, by path."""
    starts_at: int = 0
    """Characters of the whole text before it, where it is a part."""

    @classmethod
    def of(cls, data: bytes, files: Mapping[str, str] | None = None) -> "Corpus":
        """The corpus of this text, its sentences found."""
        cuts = np.array(_cuts(data), np.int64)
        is_char = (np.frombuffer(data, np.uint8) & 0xC0) != 0x80
        chars = np.add.reduceat(is_char, cuts[:-1], dtype=np.int64)
        return cls(data, cuts, np.concatenate(([0], np.cumsum(chars))), files or {})

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
        start = self.starts_at + int(chars[first])
        return Excerpt("".join(str(part, "utf-8") for part in parts), ends, start, int(chars[-1]), self.starts_at)

    def part(self, split: Split) -> "Corpus | None":
        """The part of the text that a set has for itself, in whole sentences; None where there is none."""
        size = len(self.bytes_before) - 1
        low, high = (math.ceil(size * fifths / 5) for fifths in SHARES[split])
        if low == high:
            return None
        begin, end = int(self.bytes_before[low]), int(self.bytes_before[high])
        return Corpus(
            self.data[begin:end],
            self.bytes_before[low : high + 1] - begin,
            self.chars_before[low : high + 1] - self.chars_before[low],
            self.files,
            int(self.chars_before[low]),
        )


def excerpt(corpus: str, rng: np.random.Generator, num_sentences: int, split: Split | None = None) -> Excerpt:
    """A haystack of `num_sentences` sentences of the corpus at this path, from the split's part where one is given.

    Raises UsageError where it cannot be read, ChangedError where a build was planned with another text.
    """
    part = _part(*_version(corpus), split)
    if part is None:
        raise UsageError(f"corpus: {corpus} has too few sentences to have a part of split {split}: name a longer one")
    check_planned(part.files)
    return part.excerpt(rng, num_sentences)


def names_in_corpus(corpus: str, kind: NameKind) -> frozenset[str]:
    """Identifiers of a kind that the corpus happens to hold, which must therefore be no key and no value."""
    return _names(*_version(corpus), kind)


def codes_in_corpus(corpus: str) -> frozenset[str]:
    """Numbers and words of capitals that the corpus holds, which must therefore be no variable and no value."""
    return _codes(*_version(corpus))


def corpus_files(corpus: str) -> tuple[Path, ...]:
    """The files of the corpus at this path, in the order in which they are read; UsageError where there are none."""
    path = Path(corpus).expanduser()
    if path.is_dir():
        files = tuple(sorted(file for file in path.rglob("*.txt") if file.is_file()))
        if not files:
            raise UsageError(f"corpus: the folder {corpus} holds no .txt file: put some there, or name {_KNOWN}")
        for file in files:
            if (shown := os.fsencode(file).decode(errors="backslashreplace")) != str(file):
                raise UsageError(f"corpus: the name of {shown} is not UTF-8: call it otherwise")
        return files
    if not path.is_file():
        raise UsageError(f"corpus: there is no file {corpus}: name {_KNOWN}")
    if file_format(path.name) is None:
        raise UsageError(f"corpus: {corpus} is of no format that is read here: name {_KNOWN}")
    return (path,)


def _version(corpus: str) -> tuple[str, int, int]:
    """What a corpus in memory is kept under, so that a file that has changed since is read again."""
    try:
        status = Path(corpus).expanduser().stat()
    except OSError:
        return corpus, 0, 0  # reading it says what is wrong
    return corpus, status.st_ctime_ns, status.st_size


@lru_cache(maxsize=4)
def _read(corpus: str, _changed: int, _size: int) -> Corpus:
    parts: list[bytes] = []
    num_bytes = 0
    files: dict[str, str] = {}
    for path in corpus_files(corpus):
        file = MaterialFile(path, "corpus", _MOST_BYTES)
        for text in file.texts():
            part = text.decode().strip().encode()
            if part:
                parts += (part, b"\n\n")
                num_bytes += len(part) + 2
            if num_bytes > _MOST_BYTES:
                raise UsageError(f"corpus: {corpus} holds more than {_MOST_BYTES >> 20} MiB of text: name a part of it")
        files[str(path)] = file.sha256
    if not parts:
        raise UsageError(f"corpus: {corpus} holds no text: name another, its texts are read from the field `text`")
    return Corpus.of(b"".join(parts), files)


@lru_cache(maxsize=4)
def _part(corpus: str, changed: int, size: int, split: Split | None) -> Corpus | None:
    whole = _read(corpus, changed, size)
    return whole if split is None else whole.part(split)


@lru_cache(maxsize=8)
def _names(corpus: str, changed: int, size: int, kind: NameKind) -> frozenset[str]:
    return found(kind, _read(corpus, changed, size).data)


@lru_cache(maxsize=8)
def _codes(corpus: str, changed: int, size: int) -> frozenset[str]:
    return frozenset(code.decode() for code in set(re.findall(CODES.encode(), _read(corpus, changed, size).data)))


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
