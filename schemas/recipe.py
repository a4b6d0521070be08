"""A recipe: everything that decides a dataset's bytes, besides the input files themselves."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import Field, PrivateAttr, field_validator, model_validator

from .corpus import IngestRecipe
from .gates import QualityGates
from .names import FolderName
from .problems import ClashError
from .provenance import License
from .quantity import Seed
from .stage import FIELDS, Stage, in_recipe
from .tokens import TokenizerChoice
from .written import Written

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_OF_SOURCES = {"license", "source_url"}
_ON_THE_CARD: dict[str, Any] = {
    "license": True,
    "ingest": {"__all__": _OF_SOURCES},
    "stages": {"__all__": {"mix": {"__all__": _OF_SOURCES}}},
}
FORMAT = 9
"""Number of the format of a dataset's files; a change of any byte for the same recipe raises it."""


class Recipe(Written):
    """One dataset: a curriculum of stages, each a config of its own."""

    name: FolderName
    """The dataset's name, and its folder's where no other is named."""

    seed: Seed = 0
    """Different seeds share no randomness."""

    tokenizer: TokenizerChoice = TokenizerChoice()
    """What makes token ids of all texts."""

    output: str | None = Field(default=None, exclude=True)
    """The folder to make, where none is named on the command line; nothing of it is in the data."""

    gates: QualityGates | None = Field(default=None, exclude=True)
    """What the finished dataset is judged by; nothing of it is in the data."""

    push: str | None = None
    """The Hub dataset that it is meant for, `org/name`, by which its card says how to load it."""

    license: License = None
    """The dataset's licence, for its card; by default that of its sources, and apache-2.0 where all is synthetic."""

    ingest: tuple[IngestRecipe, ...] = ()
    """Corpora to store before the stages draw from them, as far as they are not stored yet."""

    stages: tuple[Stage, ...] = Field(min_length=1)
    """In the order of training. A recipe of one stage may say what the stage is without naming it."""

    _written: dict[str, str] = PrivateAttr(default_factory=dict[str, str])

    def write_down(self, corpora: Mapping[str, str]) -> None:
        """Note where each corpus is named, `mix.yaml:7`, for errors about it; nothing of it is in the data."""
        self._written.update(corpora)

    def written_at(self, corpus: str) -> str | None:
        """Where a corpus is named, as far as that was noted."""
        return self._written.get(corpus)

    @model_validator(mode="before")
    @classmethod
    def _whole_stages(cls, values: object) -> object:
        """Give the one stage its place, and every stage and ingest what it has from the recipe."""
        if not isinstance(values, dict):
            return values
        values = dict(values)
        own = {name: values.pop(name) for name in FIELDS if name in values}
        if own and "stages" in values:
            name = next(iter(own))
            raise ClashError(f"{name} is a stage's: move it into one of the stages", name)
        if own:
            values["stages"] = [{"name": values.get("name"), **own}]
        if isinstance(values.get("stages"), list | tuple):
            seed = values.get("seed", 0)
            values["stages"] = [
                in_recipe(stage, seed=seed, number=number) for number, stage in enumerate(values["stages"])
            ]
        if isinstance(values.get("ingest"), list | tuple):
            tokenizer = values.get("tokenizer") or TokenizerChoice()
            values["ingest"] = [
                {"tokenizer": tokenizer, **ingest} if isinstance(ingest, dict) else ingest
                for ingest in values["ingest"]
            ]
        return values

    @property
    def content(self) -> dict[str, Any]:
        """All of it that decides rows and documents, as JSON holds it: licences and links stand on the card alone."""
        return self.model_dump(mode="json", exclude=_ON_THE_CARD)

    @field_validator("push")
    @classmethod
    def _named_on_the_hub(cls, push: str | None) -> str | None:
        if push is not None and not is_hub_id(push):
            raise ValueError(f"must be a Hub dataset such as org/name, got {push!r}")
        return push

    @model_validator(mode="after")
    def _distinct(self) -> "Recipe":
        for kind, field, names in (
            ("stages", "stages", [stage.name for stage in self.stages]),
            ("configs", "stages", [f"{stage.name}{suffix}" for stage in self.stages for suffix in ("", "-docs")]),
            ("corpora to ingest", "ingest", [ingest.name for ingest in self.ingest]),
        ):
            for index, name in enumerate(names):
                if name in names[:index]:
                    raise ClashError(f"two {kind} are called {name}: give one another name", field, index, "name")
        is_chat = any(task.format == "chat" for stage in self.stages for task in stage.tasks)
        if self.tokenizer.chat_template is not None and not is_chat and not self.ingest:
            message = "chat_template is given and no task has format: chat: write that or leave it out"
            raise ClashError(message, "tokenizer", "chat_template")
        for index, ingest in enumerate(self.ingest):
            if ingest.tokenizer != self.tokenizer:
                message = f"{ingest.name} must have the recipe's tokenizer: take its own out"
                raise ClashError(message, "ingest", index, "tokenizer")
        return self


def is_hub_id(name: str) -> bool:
    """Whether a name can be a repository's on the Hub, `org/name`."""
    return bool(_HUB_ID.fullmatch(name)) and not re.search(r"\.\.|--|\.git$", name)


def fingerprint(content: object) -> str:
    """sha256 of content that JSON can hold, whatever its order of keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
