"""What is counted while a shard is made."""

from dataclasses import dataclass, field

from ...schemas.manifest import SourceTotals
from ...schemas.sample import Document


@dataclass
class SourceTally:
    """What a shard holds of one component."""

    documents: int = 0
    tokens: int = 0
    loss_tokens: int = 0


@dataclass
class Tally:
    """What a shard came to, counted while it is made."""

    sources: dict[str, SourceTally] = field(default_factory=dict[str, SourceTally])
    encodings: int = 0
    audited: int = 0
    repeated_chars: int = 0

    def count(self, document: Document) -> None:
        """Add a document to the counts of its source."""
        totals = self.sources.setdefault(document.source, SourceTally())
        totals.documents += 1
        totals.tokens += len(document.ids)
        totals.loss_tokens += document.loss_end - document.loss_start

    def total(self, name: str) -> int:
        """A count over all sources: of documents, tokens or loss_tokens."""
        return sum(getattr(totals, name) for totals in self.sources.values())

    @property
    def records(self) -> dict[str, SourceTotals]:
        """The counts by source, as a shard's record has them."""
        return {name: SourceTotals(**vars(totals)) for name, totals in sorted(self.sources.items())}
