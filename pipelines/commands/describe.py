"""What a task is, in words: for the terminal, and for the gallery in docs/tasks.md."""

import inspect
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill, shorten
from typing import Any

from ...generators.registry import build_task, settings_schema, task_class, tasks
from ...schemas.sample import Sample
from ...schemas.stream import stream

_SAMPLE_UNITS = 6
_SAMPLE_CHARS = 1000


@dataclass(frozen=True)
class Setting:
    """One setting as a user reads it."""

    name: str
    default: str
    range: str
    meaning: str


@dataclass(frozen=True)
class Description:
    """One task as a user reads it."""

    name: str
    summary: str
    """One sentence."""
    about: str
    """What it teaches, where it comes from, what it leaves out."""
    wordings: Sequence[str]
    presets: Mapping[str, Mapping[str, Any]]
    settings: Sequence[Setting]

    @classmethod
    def of(cls, name: str) -> "Description":
        """Read a task's class and the file that it stands in; UsageError where there is none of this name."""
        kind = task_class(name)
        module = inspect.cleandoc(sys.modules[kind.__module__].__doc__ or "")
        return cls(
            name=name,
            summary=inspect.cleandoc(kind.__doc__ or "").splitlines()[0],
            about=" ".join(module.partition("\n\n")[2].split()),
            wordings=[template.id for template in build_task(name, {}).templates],
            presets=kind.presets,
            settings=[
                Setting(setting, _default(entry), _range(entry), " ".join(entry.get("description", "").split()))
                for setting, entry in settings_schema(name)["properties"].items()
            ],
        )


def gallery() -> str:
    """Every task with its settings and a short sample, as Markdown."""
    head = (
        "# Tasks\n\nWritten by `make gallery` from the tasks themselves. A task's settings are given with "
        "`--set name=value`; `--preset name` sets\nseveral at once, under the names that benchmarks use.\n"
    )
    return "\n".join([head, *map(_section, map(Description.of, tasks()))])


def _section(task: Description) -> str:
    lines = [
        f"## {task.name}",
        "",
        task.summary,
        "",
        fill(task.about, 120),
        "",
        f"`lcdata gen --task {task.name} …`",
        "",
    ]
    lines += _table(
        ("setting", "default", "range", "meaning"),
        [(f"`{one.name}`", one.default, one.range, one.meaning) for one in task.settings],
    )
    if task.presets:
        chosen = [(f"`{name}`", _assignments(settings) or "the defaults") for name, settings in task.presets.items()]
        lines += _table(("preset", "settings"), chosen)
    lines += [f"Wordings: {', '.join(task.wordings)}.", "", *_sample_lines(task.name)]
    return "\n".join(lines)


def _sample_lines(name: str) -> list[str]:
    """A sample of a few units in the first wording that is not a benchmark's."""
    task = build_task(name, {})
    template = next(template for template in task.templates if template.id != "seed")
    sample = task.draft(stream(name, 0, 0), template, _SAMPLE_UNITS).render(_SAMPLE_UNITS)
    return [f"A sample in the wording `{template.id}`:", "", "```", *_shortened(sample), "```", ""]


def _shortened(sample: Sample) -> list[str]:
    text = sample.prompt
    if len(text) > _SAMPLE_CHARS:
        half = _SAMPLE_CHARS // 2
        text = f"{text[:half]} …\n… {text[-half:]}"
    lines = [fill(line, 118, break_on_hyphens=False) for line in text.rstrip().splitlines()]
    return [*lines, f"→ {shorten(sample.answer, 400, placeholder=' …')}"]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *escaped)] + [""]


def _assignments(settings: Mapping[str, Any]) -> str:
    return " ".join(f"{key}={_plain(value)}" for key, value in settings.items())


def _default(entry: Mapping[str, Any]) -> str:
    default = entry.get("default")
    return "unset" if default is None else _plain(default)


def _plain(value: Any) -> str:
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
