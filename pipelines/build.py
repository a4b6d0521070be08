"""What every build consists of, whatever its documents are: shards, and where the documents of their rows come from."""

import importlib.metadata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..schemas.errors import LcdataError
from ..schemas.recipe import Recipe
from ..schemas.sample import Document

AUDIT_EVERY = 256
"""One document in so many is encoded again by `tokenizers`, starting with the first of every shard."""
FEW_SHARDS = 16
"""Smaller datasets are cut into about so many shards, so that a few workers can share them."""


@dataclass
class Tally:
    """What a shard came to."""

    documents: int = 0
    tokens: int = 0
    loss_tokens: int = 0
    encodings: int = 0
    audited: int = 0
    repeated_chars: int = 0


class RowSource(Protocol):
    """Where a build's documents come from; small, and the same on every worker."""

    def rows(self, work: Any, tally: Tally) -> Iterator[list[Document]]:
        """The documents of each row of a shard; adds to the tally what only it can know."""
        ...


@dataclass(frozen=True)
class Build:
    """What all shards of a build share."""

    recipe: Recipe
    source: RowSource
    plan: str
    out: Path


@dataclass(frozen=True)
class ShardJob:
    """One shard's share of the plan."""

    shard: int
    num_shards: int
    num_rows: int
    planned_tokens: int
    work: Any
    """What the build's source needs to know of it."""


def library_versions() -> dict[str, str]:
    """Of the libraries whose versions can change a byte."""
    try:
        return {
            name: importlib.metadata.version(name)
            for name in ("lcdata", "faker", "fastokens", "numpy", "pyarrow", "tokenizers")
        }
    except importlib.metadata.PackageNotFoundError as error:
        raise LcdataError(f"{error.name} is not installed: run `pip install .` in the checkout") from None
