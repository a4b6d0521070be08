"""Phrases from a grammar: forms whose pieces are words of lists, many thousands at a time.

Every phrase is remembered by its words, so that the tokens of a great table are counted by those of few words.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Places = NDArray[np.int32]

Piece = Sequence[str] | str
"""What a form takes one word of, or the same every time."""
Form = tuple[int, Sequence[Piece]]
"""One way to put a phrase together: how often it is taken against the others, and its pieces."""


@dataclass
class Lexicon:
    """The words that phrases are put together from, each with its blank before it; the first of all is empty."""

    words: list[str] = field(default_factory=lambda: [""])
    _starts: dict[tuple[str, ...], int] = field(default_factory=dict[tuple[str, ...], int])

    def phrases(self, rng: np.random.Generator, forms: Sequence[Form], count: int) -> Places:
        """Phrases as the places of their words, 0 for none, shape (count, most pieces); every stretch has all forms."""
        weights = np.array([weight for weight, _ in forms])
        ends = np.cumsum(weights) * count // weights.sum()
        places = np.zeros((count, max(len(pieces) for _, pieces in forms)), np.int32)
        start, turns = 0, np.empty(count)
        for (_, pieces), end in zip(forms, ends.tolist(), strict=True):
            for number, piece in enumerate(pieces):
                words = (piece,) if isinstance(piece, str) else tuple(piece)
                places[start:end, number] = self.start(words) + rng.integers(0, len(words), end - start, np.int32)
            turns[start:end] = (np.arange(end - start) + 0.5) / max(end - start, 1)
            start = end
        return places[np.argsort(turns, kind="stable")]

    def strings(self, places: Places) -> pa.StringArray:
        """The phrases of these words, shape (phrases,)."""
        words = pa.array(self.words, pa.string())
        columns = [pc.take(words, pa.array(column)) for column in np.ascontiguousarray(places.T)]
        return pc.call_function("binary_join_element_wise", [*columns, pa.scalar("", pa.string())])

    def start(self, words: tuple[str, ...]) -> int:
        """The place of the first of these words, which lie one after another."""
        if words not in self._starts:
            self._starts[words] = len(self.words)
            self.words += words
        return self._starts[words]
