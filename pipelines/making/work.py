"""What every build consists of, whatever its documents are: shards, and where the documents of their rows come from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ...schemas.manifest import SourceTotals
from ...schemas.sample import Document
from ...schemas.stage import Stage

FEW_SHARDS = 16
"""Smaller datasets are cut into about so many shards, so that a few workers can share them."""


@dataclass
class SourceTally:
    """What a shard holds of one component."""

    documents: int = 0
    tokens: int = 0
    loss_tokens: int = 0


@dataclass
class Tally:
    """What a shard came to."""

    sources: dict[str, SourceTally] = field(default_factory=dict[str, SourceTally])
    encodings: int = 0
    audited: int = 0
    repeated_chars: int = 0

    def count(self, document: Document) -> None:
        """Add a document to its source's."""
        totals = self.sources.setdefault(document.source, SourceTally())
        totals.documents += 1
        totals.tokens += len(document.ids)
        totals.loss_tokens += len(document.ids) - document.loss_start

    def total(self, name: str) -> int:
        """Of all sources: documents, tokens or loss_tokens."""
        return sum(getattr(totals, name) for totals in self.sources.values())

    @property
    def records(self) -> dict[str, SourceTotals]:
        """By source, as a shard's record has them."""
        return {name: SourceTotals(**vars(totals)) for name, totals in sorted(self.sources.items())}


class RowSource(Protocol):
    """Where a stage's documents come from; small, and the same on every worker."""

    def rows(self, work: Any, tally: Tally) -> Iterator[list[Document]]:
        """The documents of each row of a shard; adds to the tally what only it can know."""
        ...


@dataclass(frozen=True)
class Build:
    """What all shards of a build share."""

    stages: Sequence[Stage]
    sources: Sequence[RowSource]
    """Of each stage."""
    plan: str
    out: Path


@dataclass(frozen=True)
class ShardJob:
    """One shard's share of the plan."""

    stage: int
    shard: int
    num_shards: int
    """Of the stage."""
    num_rows: int
    planned_tokens: int
    work: Any
    """What the stage's source needs to know of it."""
