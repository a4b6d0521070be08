"""What every task is: settings, templates, and a draft for each stream of randomness."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import ClassVar, Protocol, Self

import numpy as np
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from ..schemas.sample import Draft
from ..schemas.split import Split

SETTINGS = ConfigDict(extra="forbid", use_attribute_docstrings=True)
"""How a task's settings behave: unknown ones are refused, the string under a field is its meaning."""


class Template(Protocol):
    """One wording of a task; its slots are the task's own."""

    @property
    def id(self) -> str:
        """The name under which samples record the wording."""
        ...


@dataclass(frozen=True, kw_only=True, config=SETTINGS)
class Task(ABC):
    """A kind of synthetic sample: a frozen, keyword-only pydantic dataclass whose fields are its settings."""

    name: ClassVar[str]
    """What recipes and the command line call the task: the name of its file."""
    templates: ClassVar[Sequence[Template]]
    """The task's own wordings."""
    presets: ClassVar[Mapping[str, Mapping[str, object]]] = {}
    """Settings under the names that benchmarks gave them."""
    guessable: ClassVar[Collection[str]] = ()
    """Presets, and `defaults`, whose answer can be guessed from the text alone, as benchmarks have it."""

    files: ClassVar[Collection[str]] = ()
    """Settings that name files, whose texts decide samples and whose names do not."""

    material: ClassVar[int] = 0
    """The seed whose tables of phrases composed haystacks are drawn from; of a single sample's task."""

    split: Split = "train"
    """The set that samples are of: nothing that is asked or answered in one is asked or answered in another."""

    def input_files(self) -> Sequence[Path]:
        """Files that samples are made from; what is in them decides a build as the settings do."""
        return ()

    def of_sample(self, seed: int, number: int) -> "Task":
        """The task as it drafts one sample of a seed: itself, unless it has material that is used up in turn."""
        return self

    def of_seed(self, seed: int) -> Self:
        """The task with the material of a seed."""
        own = copy(self)
        object.__setattr__(own, "material", seed)
        return own

    @abstractmethod
    def draft(self, rng: np.random.Generator, template: Template, num_units: int) -> Draft:
        """A draft of `num_units` units in this wording, decided by the stream alone.

        Raises UsageError where the settings cannot give that many units.
        """
