"""A recipe: everything that decides a dataset's bytes, besides the input files themselves."""

import hashlib
import json
import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from .lengths import Lengths
from .quantity import Count, Length, format_length
from .tokens import TokenizerChoice

FORMAT = 1
"""Of the files written; a change of any byte for the same recipe raises it."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")


class TaskSource(BaseModel):
    """Samples of one task."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    task: str
    """The task's name, see `lcdata tasks`."""

    settings: dict[str, Any] = Field(default_factory=dict)
    """The task's settings that differ from their defaults."""

    length: Lengths
    """Tokens of a finished document: `128k`, `4k,32k,128k` in turn, or `4k..128k` log-uniformly."""

    n: Count
    """Samples to make."""

    template: tuple[str, ...] = ()
    """Ids of the wordings to use; by default all."""

    templates: tuple[dict[str, Any], ...] = ()
    """Wordings of one's own, in place of the task's."""

    format: Literal["plain", "chat"] = "plain"
    """Prompt and answer as they are, or as two turns in the tokenizer's own chat template."""

    loss: Literal["answer", "all"] = "answer"
    """Which tokens are trained on: the answer's and EOS, or all but each document's first."""


class Recipe(BaseModel):
    """One dataset."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: str
    """The config's name in the dataset, for example `kv-128k`."""

    seed: int = Field(default=0, ge=0, lt=2**63)
    """Different seeds share no randomness."""

    tokenizer: TokenizerChoice = TokenizerChoice()

    seq_length: Length
    """Tokens a row holds at most; shorter documents share rows."""

    labels: Literal["auto", "always", "never"] = "auto"
    """Whether rows carry `labels`; `auto` leaves them out where every token is in the loss."""

    shard_rows: Count | None = None
    """Rows of a data file; by default what makes files of 200 to 500 MB, and smaller ones for small datasets."""

    cdc: bool = False
    """Content-defined chunking of the Parquet pages, for datasets that are edited and pushed again."""

    source: TaskSource

    @field_validator("name")
    @classmethod
    def _usable_as_a_folder(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(f"must be letters, digits, dots, dashes or underscores, got {name!r}")
        return name

    @model_validator(mode="after")
    def _rows_hold_the_longest_document(self) -> "Recipe":
        if self.seq_length < self.source.length.longest:
            raise ValueError(
                f"seq_length {self.seq_length} is below the longest document, {self.source.length.longest} tokens"
            )
        if self.labels == "never" and self.source.loss != "all":
            raise ValueError("labels can only be left out where the loss is on all tokens: add --loss all")
        return self

    @property
    def with_labels(self) -> bool:
        """Whether the rows carry labels."""
        return self.labels == "always" or (self.labels == "auto" and self.source.loss != "all")


def default_name(task: str, lengths: Lengths) -> str:
    """The name of a dataset of one task: `kv-128k`, `kv-4k-32k`, `kv-4k-to-128k`."""
    joint = "-to-" if lengths.is_range else "-"
    return f"{task}-{joint.join(map(format_length, lengths.values))}"


def fingerprint(content: Any) -> str:
    """sha256 of content that JSON can hold, whatever its order of keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
