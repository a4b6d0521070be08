"""`inspect` of a token store: per corpus and bucket, documents, tokens, percentiles."""

from dataclasses import dataclass

import numpy as np

from ...schemas.corpus import CorpusManifest
from .store import StoredCorpus

PERCENTILES = (1, 10, 25, 50, 75, 90, 99)


@dataclass(frozen=True)
class StoredBucket:
    """Documents of one bucket of a stored corpus."""

    label: str
    low: int
    high: int | None
    documents: int
    tokens: int
    share: float
    """Share of the corpus's tokens."""


@dataclass(frozen=True)
class StoreInspection:
    """What there is to say about a stored corpus."""

    path: str
    manifest: CorpusManifest
    percentiles: dict[int, int]
    """Tokens of a document, by percent of the documents that have no more."""
    longest: int
    half_in: int
    """Half of all tokens lie in documents of so many tokens or more."""
    buckets: list[StoredBucket]


def look(corpus: StoredCorpus) -> StoreInspection:
    """Look at a stored corpus."""
    manifest, buckets = corpus.manifest, corpus.buckets
    lengths = np.sort(corpus.index("tokens")["tokens"].to_numpy())
    return StoreInspection(
        path=str(corpus.path),
        manifest=manifest,
        percentiles={percent: int(np.percentile(lengths, percent, method="inverted_cdf")) for percent in PERCENTILES},
        longest=int(lengths[-1]),
        half_in=int(lengths[np.searchsorted(np.cumsum(lengths, dtype=np.int64), lengths.sum(dtype=np.int64) / 2)]),
        buckets=[
            StoredBucket(
                label=buckets.label(int(buckets.of(np.array([bucket.low]))[0])),
                low=bucket.low,
                high=bucket.high,
                documents=bucket.documents,
                tokens=bucket.tokens,
                share=bucket.tokens / max(manifest.tokens, 1),
            )
            for bucket in manifest.buckets
        ],
    )
