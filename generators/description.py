"""What a task is, in words that a user reads: what it teaches, its settings, presets and wordings."""

import inspect
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import registry


@dataclass(frozen=True)
class Setting:
    """One setting of a task as a user reads it."""

    name: str
    default: str
    """As the command line takes it; `unset` where nothing is the default."""
    range: str
    """The values that it may have: `1..1000`, `true | false`, `words | numbers`."""
    meaning: str


@dataclass(frozen=True)
class Description:
    """One task as a user reads it."""

    name: str
    summary: str
    """What a sample asks for, in one sentence."""
    about: str
    """What the task teaches, where it comes from, what it leaves out."""
    wordings: Sequence[str]
    """Ids of its own wordings under its default settings, one of which each sample has."""
    presets: Mapping[str, Mapping[str, Any]]
    """Settings by the name of the benchmark's task that has them."""
    settings: Sequence[Setting]

    @classmethod
    def of(cls, name: str) -> "Description":
        """Read a task's class and the file that it stands in; UsageError where there is none of this name."""
        kind = registry.task_class(name)
        module = inspect.cleandoc(sys.modules[kind.__module__].__doc__ or "")
        return cls(
            name=name,
            summary=inspect.cleandoc(kind.__doc__ or "").splitlines()[0],
            about=" ".join(module.partition("\n\n")[2].split()),
            wordings=[template.id for template in registry.build_task(name, {}).templates],
            presets=kind.presets,
            settings=[
                Setting(setting, _default(entry), _range(entry), " ".join(entry.get("description", "").split()))
                for setting, entry in registry.settings_schema(name)["properties"].items()
            ],
        )


def tasks() -> dict[str, Description]:
    """Every task by its name, in alphabetical order, each described as a user reads it.

    `lcdata.tasks()["kv"].settings` are what `lcdata.samples("kv", ...)` takes besides its own arguments.
    """
    return {name: Description.of(name) for name in registry.tasks()}


def _default(entry: Mapping[str, Any]) -> str:
    default = entry.get("default")
    return "unset" if default is None else as_written(default)


def as_written(value: Any) -> str:
    """A setting's value as the command line takes it after `=`."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value)


def _range(entry: Mapping[str, Any]) -> str:
    kinds = [entry, *entry.get("anyOf", [])]
    for kind in kinds:
        if "range" in kind:
            return kind["range"]
        if "enum" in kind:
            return " | ".join(map(str, kind["enum"]))
        if "minimum" in kind or "maximum" in kind:
            return f"{kind.get('minimum', '')}..{kind.get('maximum', '')}"
        if "items" in kind:
            return f"list of {_range(kind['items'])}"
    return (
        "true | false"
        if entry.get("type") == "boolean"
        else str(next(kind["type"] for kind in kinds if "type" in kind))
    )
