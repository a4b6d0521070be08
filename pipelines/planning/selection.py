"""The corpora of a mixture with their documents, as the corpora's indexes know them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...packers.rows.pieces import LongPolicy, Pieces, cut
from ...schemas.buckets import Buckets
from ...schemas.errors import UsageError
from ...schemas.mix import CorpusComponent
from ...schemas.tokens import Ends
from ..corpora.store import StoredCorpus
from .draw import Cell
from .upsample import Supply

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Selection:
    """A component with its documents: those in its range of lengths, in the order in which they are stored."""

    settings: CorpusComponent
    corpus: StoredCorpus
    documents: Ints
    """Numbers of the documents' records in the corpus's index, shape (num_documents,)."""
    lengths: NDArray[np.int32]
    pieces: Pieces

    @property
    def usable(self) -> NDArray[np.int32]:
        """Tokens of each document that can be drawn."""
        return (self.lengths - self.pieces.dropped).astype(np.int32)

    def supply(self, share: float | None) -> Supply:
        """The documents as the plan of targets takes them, with this share of the corpora's tokens."""
        return Supply(name=self.settings.name, lengths=self.lengths, tokens=self.usable, share=share)

    def index(self, column: str) -> NDArray[np.integer]:
        """A column of the corpus's index for the selected documents, shape (num_documents,)."""
        return self.corpus.sizes[column].to_numpy()[self.documents]

    def cells(self, buckets: Buckets, stage: int) -> list[Cell]:
        """The documents bucket by bucket; every stage draws them in an order of its own."""
        bucket = buckets.of(self.lengths)
        chunk = (self.index("unit").astype(np.int64) << 32) + self.index("row_group")
        counts = np.diff(self.pieces.starts)
        return [
            Cell(
                name=f"{stage}/{self.settings.name}/{buckets.low(number)}",
                chunk=chunk[chosen],
                first=self.pieces.starts[chosen],
                count=counts[chosen],
                tokens=self.pieces.length,
            )
            for number in range(len(buckets))
            for chosen in [np.flatnonzero((bucket == number) & (counts > 0))]
        ]


def select(
    settings: CorpusComponent, corpus: StoredCorpus, seq_length: int, ends: Ends, policy: LongPolicy
) -> Selection:
    """The documents of a component, long ones cut for rows of `seq_length`; UsageError where there are none."""
    tokens = corpus.sizes["tokens"].to_numpy()
    low, high = settings.min_length or 0, settings.max_length or np.iinfo(np.int32).max
    documents = np.flatnonzero((tokens >= low) & (tokens < high))
    if not len(documents):
        raise UsageError(
            f"{settings.name}: {settings.corpus} has no document of {low:,} to {high - 1:,} tokens: "
            "choose other lengths"
        )
    lengths = tokens[documents]
    return Selection(settings, corpus, documents, lengths, cut(lengths, seq_length, ends, policy))
