"""All that a stage's rows are made of, samples and pieces of documents alike, as arrays of lengths."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...packers.rows.pieces import row_tokens
from ...schemas.tokens import Ends
from .draw import Drawn
from .selection import Selection
from .tasks import TaskSupply

Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Population:
    """Samples and pieces, cell by cell in the order drawn; arrays of shape (num,) where nothing else is said."""

    component: NDArray[np.int16]
    """Number of the component: tasks first, then corpora."""

    document: Ints
    """A task's sample index, or the number of a document in its corpus's selection."""

    repeat: NDArray[np.int32]
    """How often the document was drawn before, 0 for a sample."""

    offset: Ints
    """Content tokens of the document before the piece; 0 for a sample."""

    length: NDArray[np.int32]
    """Content tokens of a piece; for a sample all tokens asked for."""

    is_last: NDArray[np.bool_]
    """Whether EOS follows a piece, because its document ends."""

    tokens: NDArray[np.int32]
    """Tokens of a piece or sample in its row, BOS and EOS included."""

    cells: Ints
    """Where each cell, a task or a bucket of a corpus, starts, and the end, shape (num_cells + 1,)."""

    def __len__(self) -> int:
        return len(self.component)

    @property
    def num_tokens(self) -> int:
        """Tokens of all samples and pieces, BOS and EOS included."""
        return int(self.tokens.sum(dtype=np.int64))

    def take(self, order: Ints) -> "Population":
        """The samples and pieces at these places, in this order, as a single cell."""
        columns: dict[str, Any] = {name: getattr(self, name)[order] for name in _COLUMNS}
        return Population(**columns, cells=np.array([0, len(order)]))


_COLUMNS = ("component", "document", "repeat", "offset", "length", "is_last", "tokens")


def joined(parts: Sequence[Population]) -> Population:
    """Populations one after another, each a cell."""
    columns: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS}
    return Population(**columns, cells=np.concatenate(([0], np.cumsum(list(map(len, parts))))))


def population(
    tasks: Sequence[TaskSupply], selections: Sequence[Selection], drawn: Sequence[Sequence[Drawn]], ends: Ends
) -> Population:
    """The population of these samples and of what was drawn, `drawn` by corpus and bucket."""
    cells = [_samples(number, supply) for number, supply in enumerate(tasks)]
    for number, (selection, buckets) in enumerate(zip(selections, drawn, strict=True), len(tasks)):
        cells += [_pieces(number, selection, cell, ends) for cell in buckets]
    return joined(cells)


def _samples(number: int, supply: TaskSupply) -> Population:
    count = len(supply.lengths)
    return Population(
        component=np.full(count, number, np.int16),
        document=np.arange(supply.first, supply.first + count),
        repeat=np.zeros(count, np.int32),
        offset=np.zeros(count, np.int64),
        length=supply.lengths,
        is_last=np.zeros(count, np.bool_),
        tokens=supply.lengths,
        cells=np.array([0, count]),
    )


def _pieces(number: int, selection: Selection, drawn: Drawn, ends: Ends) -> Population:
    pieces, piece = selection.pieces, drawn.piece
    length, is_last = pieces.length[piece], pieces.is_last[piece]
    return Population(
        component=np.full(len(piece), number, np.int16),
        document=pieces.document[piece],
        repeat=drawn.repeat,
        offset=pieces.offset[piece],
        length=length,
        is_last=is_last,
        tokens=row_tokens(length, is_last, ends),
        cells=np.array([0, len(piece)]),
    )
