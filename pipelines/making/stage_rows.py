"""The rows of a stage: samples are made and documents of corpora are read, each where its row wants it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...packers.tokens.tokenizer import TokenizerSpec, open_tokenizer
from ...schemas.mix import TaskComponent
from ...schemas.sample import Document
from ...schemas.tokens import ChatFrame
from ..run.versions import AUDIT_EVERY
from .samples import Rates, SampleMaker
from .store_rows import PieceWork, StoreRows
from .tally import Tally


@dataclass(frozen=True)
class SampleWork:
    """One shard's samples in row order; arrays of shape (samples,)."""

    component: NDArray[np.int16]
    """Number of each sample's task among the stage's tasks."""
    index: NDArray[np.int64]
    """Index of each sample in its task."""
    length: NDArray[np.int32]
    """Tokens asked for of each sample."""


@dataclass(frozen=True)
class StageWork:
    """One shard's part of a stage: what its rows are made of."""

    row_starts: NDArray[np.int64]
    """The first document of each row, and the end, shape (rows + 1,)."""
    is_sample: NDArray[np.bool_]
    """Whether each document is a sample and not of a corpus, shape (documents,)."""
    samples: SampleWork
    pieces: PieceWork | None


@dataclass(frozen=True)
class StageRows:
    """Makes the rows of a stage; small, and the same on every worker."""

    tasks: Sequence[TaskComponent]
    rates: Sequence[Rates]
    """What a unit and a character cost in each wording, for each task."""
    seed: int
    tokenizer: TokenizerSpec | None
    """The tokenizer of the samples, None where the stage has no tasks."""
    chat: ChatFrame | None
    """What is written around samples that are conversations, None where none is."""
    store: StoreRows | None
    """What reads documents of corpora, None where the stage has no corpora."""

    def rows(self, work: StageWork, tally: Tally) -> Iterator[list[Document]]:
        """The documents of each row of a shard, in row order."""
        samples = self._samples(work.samples, tally)
        pieces = iter(()) if self.store is None or work.pieces is None else self.store.documents(work.pieces)
        for start, end in pairwise(work.row_starts.tolist()):
            yield [next(samples if is_sample else pieces) for is_sample in work.is_sample[start:end].tolist()]

    def _samples(self, work: SampleWork, tally: Tally) -> Iterator[Document]:
        """A shard's samples as documents, some of them audited."""
        makers = self._makers()
        columns = (work.component.tolist(), work.index.tolist(), work.length.tolist())
        for place, (component, index, length) in enumerate(zip(*columns, strict=True)):
            made = makers[component].make(index, length)
            tally.encodings += made.encodings
            tally.repeated_chars += int(made.document.facts.get("repeated_chars", 0))
            if place % AUDIT_EVERY == 0:
                makers[component].audit(made)
                tally.audited += 1
            yield made.document

    def _makers(self) -> list[SampleMaker]:
        if self.tokenizer is None:
            return []
        tokenizer = open_tokenizer(self.tokenizer)
        return [
            SampleMaker(component, self.seed, tokenizer, rates, self.chat)
            for component, rates in zip(self.tasks, self.rates, strict=True)
        ]
