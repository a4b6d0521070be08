"""Passages of many sentences, the needles between them, and tables of phrases that sentences are put together from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...schemas.sample import CountTokens, Fragments, Span
from .grammar import Lexicon, Places

Ints = NDArray[np.int64]
_STRETCH = 1 << 12
"""Phrases of each part of a sentence, one after another, that a passage is drawn from: those stay in a core's cache."""


@dataclass(frozen=True)
class Passage:
    """Sentences one after another, each with the blank or line's end that follows it."""

    text: str
    ends: Ints
    """Characters of the first k sentences, k = 0..num_sentences."""

    def with_needles(self, num_sentences: int, needles: Sequence[tuple[int, str]]) -> tuple[list[str], list[Span]]:
        """The first sentences with needles between them, as parts to be joined, and where each needle stands in them.

        A needle is the number of sentences before it, 0..num_sentences, and its own sentence. Needles at the same
        place keep their order.
        """
        parts: list[str] = []
        spans: list[Span] = [(0, 0)] * len(needles)
        length = taken = 0
        for order in sorted(range(len(needles)), key=lambda place: needles[place][0]):
            before, sentence = needles[order]
            piece = self.text[int(self.ends[taken]) : int(self.ends[before])]
            length += len(piece)
            spans[order] = (length, length + len(sentence))
            parts += (piece, sentence, " ")
            length += len(sentence) + 1
            taken = before
        start, end = int(self.ends[taken]), int(self.ends[num_sentences])
        while end > start and self.text[end - 1].isspace():
            end -= 1
        parts.append(self.text[start:end])
        while len(parts) > 1 and not parts[-1].strip():
            parts.pop()
        parts[-1] = parts[-1].rstrip()
        return parts, spans

    def tokens(self, count: CountTokens) -> Ints | None:
        """Tokens of the fragments of the first 0..num_sentences sentences; None where they are not made of any."""
        return None

    def facts(self, num_sentences: int) -> Mapping[str, object]:
        """What a sample of the first sentences records about where they come from."""
        return {}


@dataclass(frozen=True)
class Composed(Passage):
    """Sentences put together from phrases."""

    fragments: Fragments | None
    """The phrases as fragments; None where they are of this passage alone, so that counting them would not pay."""
    places: Places
    """Which phrases each sentence takes, shape (num_sentences, parts)."""

    def tokens(self, count: CountTokens) -> Ints | None:
        """Tokens of the phrases of the first 0..num_sentences sentences; None where they are of this passage alone."""
        if self.fragments is None:
            return None
        tokens = count(self.fragments).take(self.places)
        return np.concatenate(([0], np.cumsum(np.einsum("ij->i", tokens))))


@dataclass(frozen=True)
class Phrases:
    """What sentences are composed of: phrases for each of their parts, in one table."""

    table: pa.StringArray
    """All phrases, the first part's first; what a passage takes of them must be below 2 GB."""
    starts: Sequence[int]
    """Where each part's phrases begin in the table, and the end, shape (parts + 1,)."""
    fragments: Fragments | None = None
    """The phrases as fragments, each with the blank before it, not the one after it, as most tokenizers cut texts."""
    words: Sequence[str] = ()
    """What phrases of a grammar are made of, each whole: a number or a name is never made of two."""

    @classmethod
    def of(cls, *parts: Sequence[str]) -> "Phrases":
        """Phrases of parts for many passages, whose tokens are worth counting; the last part's end with a blank."""
        strings = [f" {phrase}" for phrase in parts[0]]
        strings += [phrase for part in parts[1:] for phrase in part]
        fragments = Fragments(tuple(string.removesuffix(" ") for string in strings))
        return replace(cls.once(*(pa.array(part, pa.string()) for part in parts)), fragments=fragments)

    @classmethod
    def once(cls, *parts: pa.StringArray) -> "Phrases":
        """Phrases of parts for a single passage, whose tokens are not worth counting."""
        return cls(pa.concat_arrays(parts), np.cumsum([0, *map(len, parts)]).tolist())

    @classmethod
    def composed(cls, lexicon: Lexicon, *parts: Places, after_blank: bool) -> "Phrases":
        """Phrases of parts for many passages, by their words, whose tokens are counted instead of theirs.

        `after_blank` says that sentences follow a blank, and not the end of a line.
        """
        width = max(part.shape[1] for part in parts)
        places = np.concatenate([np.pad(part, ((0, 0), (0, width - part.shape[1]))) for part in parts])
        words = [word.removesuffix(" ") for word in lexicon.words]
        if after_blank:
            for place in np.unique(parts[0][:, 0]).tolist():
                words[place] = f" {words[place]}"
        fragments = Fragments(tuple(words), places)
        starts = np.cumsum([0, *map(len, parts)]).tolist()
        return cls(lexicon.strings(places), starts, fragments, words=tuple(lexicon.words))

    def draw(self, rng: np.random.Generator, num_sentences: int) -> Composed:
        """A passage of sentences that take a phrase for each part at random."""
        chosen: list[Places] = []
        for size in np.diff(self.starts).tolist():
            places = rng.integers(0, min(size, _STRETCH), num_sentences, np.int32)
            if size > _STRETCH:
                places += rng.integers(0, size - _STRETCH, dtype=np.int32, endpoint=True)
            chosen.append(places)
        return self.compose(*chosen)

    def compose(self, *chosen: NDArray[np.integer]) -> Composed:
        """A passage of the phrases chosen for each part of its sentences, an array of shape (num_sentences,) each."""
        places = np.empty((len(chosen[0]), len(chosen)), np.int32)
        for part, column in enumerate(chosen):
            np.add(column, self.starts[part], out=places[:, part], casting="same_kind")
        # Gathered strings lie one after another in a single buffer, beside a buffer of where each begins and ends.
        _, ends, text = pc.take(self.table, pa.array(places.ravel()), boundscheck=False).buffers()
        ends = np.frombuffer(ends, np.int32)[: places.size + 1 : len(chosen)].astype(np.int64)
        passage = str(memoryview(text)[: ends[-1]], "utf-8")
        if len(passage) < ends[-1]:
            chars = pc.call_function("utf8_length", [self.table]).to_numpy().take(places)
            ends = np.concatenate(([0], np.cumsum(chars.sum(axis=1), dtype=np.int64)))
        return Composed(passage, ends, self.fragments, places)
