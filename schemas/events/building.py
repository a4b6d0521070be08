"""What a build tells: its plan, each shard, and what came of it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from .event import Event


class Planning(Event):
    """A plan of the dataset is being made."""

    event: Literal["planning"] = "planning"
    name: str
    """Name of the dataset."""


class StageFacts(BaseModel):
    """A stage as it is planned."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: str
    """Name of the stage and of its config in the dataset."""
    components: dict[str, float]
    """The share of each task and corpus of the stage's tokens."""
    samples: int
    """Samples of all tasks of the stage."""
    rows: int
    """Packed sequences of the stage."""
    shards: int
    """Data files of the stage, each with its document table."""
    tokens: int
    """Tokens of the stage, BOS and EOS included; of samples, the lengths asked for."""
    notes: list[str]
    """What is changed or odd in what the recipe asks for."""
    summary: str
    """What will be made of the stage, in words."""


class Planned(Event):
    """The plan of a build is made."""

    event: Literal["plan"] = "plan"
    name: str
    """Name of the dataset."""
    stages: list[StageFacts]
    """Every stage, in the order of training."""
    shards: int
    """Data files of all stages."""
    finished_shards: int
    """Data files that an earlier run finished."""
    tokens: int
    """Tokens of all stages, by the lengths asked for."""
    finished_tokens: int
    """Tokens that an earlier run finished, by the lengths asked for."""
    workers: int | None
    """Processes on this machine, 0 for the command's own; None on a cluster."""
    address: str | None
    """Address of the cluster."""


class Progress(Event):
    """So much of the work is done, in this run."""

    event: Literal["progress"] = "progress"
    unit: Literal["tokens", "bytes"]
    """Tokens of a build; bytes of text that an ingest encodes."""
    done: int
    """Tokens or bytes that this run has done."""
    per_second: int
    """Tokens or bytes a second of this run."""


class ShardFinished(Event):
    """A shard is safe on disk."""

    event: Literal["shard"] = "shard"
    stage: str
    """Name of the stage."""
    shard: int
    """Number of the shard in the stage, from 0."""
    documents: int
    """Samples, and documents and pieces of longer ones."""
    tokens: int
    """Tokens, BOS and EOS included."""
    path: str
    """Path of the shard's rows in the dataset's folder."""


class StageBuilt(BaseModel):
    """What a stage came to."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: str
    """Name of the stage and of its config in the dataset."""
    rows: int
    """Packed sequences."""
    documents: int
    """Samples, and documents and pieces of longer ones."""
    tokens: int
    """Tokens, BOS and EOS included."""
    loss_tokens: int
    """Tokens that are trained on."""
    encodings: int
    """How often a text was tokenized to fit the samples."""
    audited: int
    """Documents whose ids were compared with those of `tokenizers`."""
    fill: float
    """Tokens over the lengths that were asked for."""
    row_fill: float
    """Tokens over the room of the rows."""
    notes: list[str]
    """What was changed or is odd in what the recipe asks for."""
    shares: dict[str, float]
    """The share of the stage's tokens that each task and corpus has."""


class Built(Event):
    """The dataset is finished."""

    event: Literal["done"] = "done"
    out: str
    """Folder of the dataset."""
    built: bool
    """Whether anything had to be done."""
    tokens_per_second: int | None
    """Tokens a second of this run; None where nothing had to be done."""
    fingerprint: str
    """Fingerprint of the dataset: the same fingerprint is the same data."""
    rows: int
    """Packed sequences of all stages."""
    documents: int
    """Samples, and documents and pieces of longer ones."""
    tokens: int
    """Tokens, BOS and EOS included."""
    loss_tokens: int
    """Tokens that are trained on."""
    encodings: int
    """How often a text was tokenized to fit the samples."""
    audited: int
    """Documents whose ids were compared with those of `tokenizers`."""
    stages: list[StageBuilt]
    """What each stage came to."""
