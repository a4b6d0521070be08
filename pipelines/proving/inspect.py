"""`inspect`: what a finished dataset holds, from its manifest and document table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...packers.dataset import Config, Dataset
from ...schemas.errors import LcdataError
from ...schemas.manifest import Manifest, StageRecord
from ...schemas.sample import Sample


@dataclass(frozen=True)
class LengthBucket:
    """Documents of low..high-1 tokens."""

    low: int
    high: int
    documents: int
    tokens: int


@dataclass(frozen=True)
class Inspection:
    """What there is to say about a stage of a dataset."""

    manifest: Manifest
    stage: StageRecord
    buckets: list[LengthBucket]
    sample: Sample | None
    """The first document's text with its spans; None where its tokenizer cannot be had."""
    record: Mapping[str, Any]
    """The first document's record in the document table."""
    no_sample_because: str = ""


def inspect(dataset: Dataset) -> list[Inspection]:
    """Look at every stage of a finished dataset; LcdataError where one of its files cannot be read."""
    return [_inspect_config(config) for config in dataset.configs.values()]


def _inspect_config(config: Config) -> Inspection:
    buckets = _buckets(config.document_table("length")["length"].to_numpy())
    document = config.row(0).documents[0]
    sample, reason = None, ""
    try:
        sample = document.as_sample()
    except LcdataError as error:
        reason = str(error)
    return Inspection(config.dataset.manifest, config.record, buckets, sample, document.record, reason)


def _buckets(lengths: NDArray[np.int32]) -> list[LengthBucket]:
    """Documents and tokens by powers of two, so that a document of exactly 128k counts among 64k+1..128k."""
    exponents = np.ceil(np.log2(lengths)).astype(np.int64)
    return [
        LengthBucket(
            2 ** (exponent - 1) + 1,
            2**exponent + 1,
            int(chosen.sum()),
            int(lengths[chosen].sum(dtype=np.int64)),
        )
        for exponent in map(int, np.unique(exponents))
        for chosen in [exponents == exponent]
    ]
