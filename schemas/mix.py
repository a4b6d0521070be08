"""What a stage is mixed of: samples of tasks and documents of stored corpora, each with its share of the tokens."""

from collections.abc import Mapping
from itertools import combinations
from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from .lengths import Lengths
from .problems import ClashError
from .provenance import License, Source
from .quantity import Count, Length, Share
from .sample import Loss
from .split import Split
from .written import Written

TAGS = ("a task", "a corpus")
"""What the two kinds of component are called where a validation error says its place; neither is a field's name."""


class TaskComponent(Written):
    """Samples of one task."""

    task: str
    """The task's name, see `lcdata tasks`."""

    name: str = ""
    """What the task's samples have as `source`; by default the task's name."""

    settings: dict[str, object] = Field(default_factory=dict)
    """The task's settings that differ from their defaults."""

    length: Lengths
    """Tokens of a finished document: `128k`, `4k,32k,128k` in turn, or `4k..128k` log-uniformly."""

    n: Count | None = None
    """Samples to make, in a stage that has no budget of tokens."""

    share: Share | None = None
    """Part of the stage's tokens; those of all components add up to 100 %."""

    template: tuple[str, ...] = ()
    """Ids of the wordings to use; by default all."""

    templates: tuple[dict[str, object], ...] = ()
    """Wordings of one's own, in place of the task's."""

    format: Literal["plain", "chat"] = "plain"
    """Prompt and answer as they are, or as two turns in the tokenizer's own chat template."""

    loss: Loss = "answer"
    """Which tokens are trained on: the answer's and EOS, or all but each document's first."""

    split: Split = "train"
    """The set that the samples are of. What is asked or answered in one set, whatever its seed, is in no other, and
    essays of haystacks are cut from other parts of their corpus."""

    @model_validator(mode="before")
    @classmethod
    def _named_by_its_task(cls, values: object) -> object:
        if isinstance(values, dict) and not values.get("name") and isinstance(values.get("task"), str):
            return {**values, "name": values["task"]}
        return values


class CorpusComponent(Written):
    """A stored corpus, or its documents of some lengths."""

    corpus: str
    """The folder that `lcdata ingest` made, or its name in the store."""

    name: str = ""
    """What the corpus's documents have as `source`; by default the folder's name."""

    share: Share | None = None
    """Part of the stage's tokens; those of all components add up to 100 %, and by default corpora have what is left,
    each what its documents amount to."""

    min_length: Length | None = None
    """Only documents of so many tokens or more."""

    max_length: Length | None = None
    """Only documents of fewer tokens than this."""

    loss: Literal["all"] = "all"
    """Which tokens are trained on: all but each piece's first."""

    license: License = None
    """The licence of the corpus's texts, for the dataset's card: `cc-by-4.0`; by default that of its ingest."""

    source_url: Source = None
    """A page about the corpus, for the dataset's card; by default that of its ingest."""

    @model_validator(mode="before")
    @classmethod
    def _named_by_its_folder(cls, values: object) -> object:
        if isinstance(values, dict) and not values.get("name") and isinstance(values.get("corpus"), str):
            return {**values, "name": PurePath(values["corpus"]).name}
        return values

    @model_validator(mode="after")
    def _some_lengths(self) -> "CorpusComponent":
        if self.min_length and self.max_length and self.min_length >= self.max_length:
            raise ClashError(f"min_length {self.min_length} must be below max_length {self.max_length}", "min_length")
        return self


def component_kind(values: object) -> str:
    """Which of the two kinds a component or what is to be one is, by its tag."""
    is_task = "task" in values if isinstance(values, Mapping) else isinstance(values, TaskComponent)
    return TAGS[0] if is_task else TAGS[1]


Component = Annotated[
    Annotated[TaskComponent, Tag(TAGS[0])] | Annotated[CorpusComponent, Tag(TAGS[1])], Discriminator(component_kind)
]


def check_distinct(mix: tuple[TaskComponent | CorpusComponent, ...]) -> None:
    """Raise ClashError where components could be taken for each other, or share documents."""
    for (_, one), (index, other) in combinations(enumerate(mix), 2):
        if one.name == other.name:
            raise ClashError(f"two components are called {one.name}: give one another name", "mix", index)
    for (_, one), (index, other) in combinations(enumerate(mix), 2):
        if not (isinstance(one, CorpusComponent) and isinstance(other, CorpusComponent)):
            continue
        if one.corpus == other.corpus and _overlap(one, other):
            cure = "give them lengths that do not overlap"
            raise ClashError(f"{one.name} and {other.name} share documents: {cure}", "mix", index)


def _overlap(one: CorpusComponent, other: CorpusComponent) -> bool:
    low = max(one.min_length or 0, other.min_length or 0)
    return all(component.max_length is None or low < component.max_length for component in (one, other))
