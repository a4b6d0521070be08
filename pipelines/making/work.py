"""What a build is cut into: shards, each a job for any worker, and what all of them share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...schemas.place import Place
from ...schemas.stage import Stage
from .stage_rows import StageRows, StageWork


@dataclass(frozen=True)
class Shared:
    """What all shards of a build share."""

    stages: Sequence[Stage]
    sources: Sequence[StageRows]
    """What makes the rows of each stage."""
    plan: str
    """Fingerprint of the build's plan."""
    out: Place
    """Where the dataset is published."""
    inputs: Mapping[str, str]
    """sha256 of the files that samples are made from, by path."""


@dataclass(frozen=True)
class ShardJob:
    """One shard's share of the plan."""

    stage: int
    """Number of the stage in the recipe."""
    shard: int
    """Number of the shard in the stage."""
    num_shards: int
    """Number of shards of the stage."""
    num_rows: int
    """Rows of the shard."""
    planned_tokens: int
    """Tokens of the shard by the lengths that were asked for."""
    work: StageWork
    """The documents of the shard's rows."""
