"""Passages of many sentences, the needles between them, and tables of phrases that sentences are put together from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...schemas.sample import CountTokens, Fragments, Span
from .frames import SENTENCE, Frame
from .grammar import Lexicon, Places

Ints = NDArray[np.int64]
_LEAST_STRETCH_BITS = 10
_USES = 6
"""How often about a passage uses a phrase: it draws them from so short a stretch of each part's table, and no part of a
table that it does not need has to come into a core's cache."""


@dataclass(frozen=True)
class Passage:
    """Sentences one after another, each with the blank or line's end that follows it."""

    text: str
    ends: Ints
    """Characters of the first k sentences, k = 0..num_sentences."""
    frame: Frame = field(default=SENTENCE, kw_only=True)
    """What is written around needles."""

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
            start, after = self._around(before, sentence)
            length += len(start)
            spans[order] = (length, length + len(sentence))
            parts += (piece, start, sentence, after)
            length += len(sentence) + len(after)
            taken = before
        start, end = int(self.ends[taken]), int(self.ends[num_sentences])
        while end > start and self.text[end - 1].isspace():
            end -= 1
        parts.append(self.text[start:end])
        while len(parts) > 1 and not parts[-1].strip():
            parts.pop()
        parts[-1] = parts[-1].rstrip()
        return parts, spans

    def _around(self, before: int, sentence: str) -> tuple[str, str]:
        """What is written before and after a needle that so many sentences precede."""
        if self.frame is SENTENCE:
            return "", " "
        previous = max(before - 1, 0)
        return self.frame.around(sentence, self.text[int(self.ends[previous]) : int(self.ends[previous + 1])])

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
    frame: Frame = SENTENCE
    """What is written around needles among the sentences."""
    in_order: bool = False
    """Whether the first part's phrases follow one another in a passage, with gaps, and go round."""
    num_first: int | None = None
    """Phrases of the first part that a passage has, where these are to be few."""

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
    def composed(
        cls,
        lexicon: Lexicon,
        *parts: Places,
        after_blank: bool,
        frame: Frame = SENTENCE,
        in_order: bool = False,
        num_first: int | None = None,
    ) -> "Phrases":
        """Phrases of parts for many passages, by their words, whose tokens are counted instead of theirs.

        `after_blank` says that sentences follow a blank, and not the end of a line; for the others see the fields.
        """
        width = max(part.shape[1] for part in parts)
        places = np.concatenate([np.pad(part, ((0, 0), (0, width - part.shape[1]))) for part in parts])
        words = [word.removesuffix(" ") for word in lexicon.words]
        if after_blank:
            for place in np.unique(parts[0][:, 0]).tolist():
                words[place] = f" {words[place]}"
        fragments = Fragments(tuple(words), places)
        starts = np.cumsum([0, *map(len, parts)]).tolist()
        strings, words = lexicon.strings(places), tuple(lexicon.words)
        return cls(strings, starts, fragments, words, frame, in_order, num_first)

    def draw(self, rng: np.random.Generator, num_sentences: int) -> Composed:
        """A passage of sentences that take a phrase for each part at random."""
        stretch = 1 << max((num_sentences // _USES).bit_length(), _LEAST_STRETCH_BITS)
        first, *others = np.diff(self.starts).tolist()
        chosen = [_near(rng, size, num_sentences, stretch) for size in others]
        if self.in_order:
            return self.compose(_ongoing(rng, first, num_sentences), *chosen)
        return self.compose(_near(rng, first, num_sentences, self.num_first or stretch), *chosen)

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
        return Composed(passage, ends, self.fragments, places, frame=self.frame)


def _near(rng: np.random.Generator, size: int, count: int, stretch: int) -> Places:
    """Places in a table of this size, all within one stretch of it, shape (count,)."""
    places = rng.integers(0, min(size, stretch), count, np.int32)
    if size > stretch:
        places += rng.integers(0, size - stretch, dtype=np.int32, endpoint=True)
    return places


def _ongoing(rng: np.random.Generator, size: int, count: int) -> Places:
    """Places in a table of this size that go on from any of them, and round, shape (count,)."""
    start = rng.integers(0, size, dtype=np.int32)
    return (start + np.cumsum(rng.integers(0, 5, count, np.int32), dtype=np.int32)) % np.int32(size)
