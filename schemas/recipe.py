"""A recipe: everything that decides a dataset's bytes, besides the input files themselves."""

import hashlib
import json
import re
from itertools import combinations
from pathlib import PurePath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from .errors import UsageError
from .lengths import Lengths
from .quantity import Count, Length, Share, format_length
from .tokens import TokenizerChoice
from .upsample import Upsample

FORMAT = 2
"""Of the files written; a change of any byte for the same recipe raises it."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")


class TaskSource(BaseModel):
    """Samples of one task."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    kind: Literal["task"] = "task"

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


class CorpusComponent(BaseModel):
    """A stored corpus, or its documents of some lengths, with a share of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    corpus: str
    """The folder that `lcdata ingest` made, or its name in the store."""

    name: str = ""
    """What its documents have as `source`; by default the folder's name."""

    share: Share | None = None
    """Of the tokens, or a weight where all components have one; by default what its documents amount to."""

    min_length: Length | None = None
    """Only documents of so many tokens or more."""

    max_length: Length | None = None
    """Only documents of fewer tokens than this."""

    @model_validator(mode="before")
    @classmethod
    def _named_by_its_folder(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("name") and isinstance(values.get("corpus"), str):
            return {**values, "name": PurePath(values["corpus"]).name}
        return values

    @model_validator(mode="after")
    def _some_lengths(self) -> "CorpusComponent":
        if self.min_length and self.max_length and self.min_length >= self.max_length:
            raise ValueError(f"min_length {self.min_length} must be below max_length {self.max_length}")
        return self


class CorpusSource(BaseModel):
    """Documents of stored corpora, long ones preferred."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    kind: Literal["corpora"] = "corpora"

    corpora: tuple[CorpusComponent, ...] = Field(min_length=1)

    tokens: Count
    """Of documents to draw; BOS and EOS come on top."""

    upsample: Upsample = Upsample()

    max_repeats: int | None = Field(default=None, ge=1)
    """How often a document may be drawn; by default as often as the tokens need."""

    best_effort: bool = False
    """Whether to take the nearest mixture where the one asked for cannot be had."""

    long_documents: Literal["split", "truncate", "drop"] = "split"
    """What becomes of documents longer than a row."""

    loss: Literal["all"] = "all"
    """Which tokens are trained on: all but each piece's first."""

    @model_validator(mode="after")
    def _distinct(self) -> "CorpusSource":
        names = [component.name for component in self.corpora]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two components are called {name}: give one another name")
        for one, other in combinations(self.corpora, 2):
            if one.corpus == other.corpus and _overlap(one, other):
                raise ValueError(f"{one.name} and {other.name} share documents: give them lengths that do not overlap")
        return self


def _overlap(one: CorpusComponent, other: CorpusComponent) -> bool:
    low = max(one.min_length or 0, other.min_length or 0)
    return all(component.max_length is None or low < component.max_length for component in (one, other))


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

    source: Annotated[TaskSource | CorpusSource, Field(discriminator="kind")]

    @model_validator(mode="before")
    @classmethod
    def _kind_of_source(cls, values: Any) -> Any:
        """A source with `corpora` is one of corpora, so nobody needs to say so."""
        source = values.get("source") if isinstance(values, dict) else None
        if not isinstance(source, dict) or "kind" in source:
            return values
        return {**values, "source": {"kind": "corpora" if "corpora" in source else "task", **source}}

    @field_validator("name")
    @classmethod
    def _usable_as_a_folder(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(f"must be letters, digits, dots, dashes or underscores, got {name!r}")
        return name

    @model_validator(mode="after")
    def _rows_hold_the_longest_document(self) -> "Recipe":
        if isinstance(self.source, TaskSource) and self.seq_length < self.source.length.longest:
            raise ValueError(
                f"seq_length {self.seq_length} is below the longest document, {self.source.length.longest} tokens"
            )
        if self.labels == "never" and self.source.loss != "all":
            raise ValueError("labels can only be left out where the loss is on all tokens: add --loss all")
        return self

    @property
    def task(self) -> TaskSource:
        """The source, where it is a task; UsageError where the dataset holds documents of corpora."""
        if isinstance(self.source, TaskSource):
            return self.source
        raise UsageError(f"{self.name} holds documents of corpora, not a task's samples: there is nothing to do here")

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
