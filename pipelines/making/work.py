"""What a build is cut into: shards, each a job for any worker, and what all of them share."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...schemas.stage import Stage
from .stage_rows import StageRows, StageWork


@dataclass(frozen=True)
class Shared:
    """What all shards of a build share."""

    stages: Sequence[Stage]
    sources: Sequence[StageRows]
    """What makes the rows of each stage."""
    plan: str
    """Fingerprint of the plan."""
    out: Path
    """The dataset's folder."""


@dataclass(frozen=True)
class ShardJob:
    """One shard's share of the plan."""

    stage: int
    """Number of the stage in the recipe."""
    shard: int
    """Number of the shard in the stage."""
    num_shards: int
    """Shards of the stage."""
    num_rows: int
    planned_tokens: int
    """The lengths that were asked for, added up."""
    work: StageWork
    """The documents of its rows."""
