"""The gallery of tasks in docs/tasks.md: every task with its settings and a short sample."""

from collections.abc import Mapping, Sequence
from textwrap import fill, shorten
from typing import Any

from ....generators.description import Description, as_written, tasks
from ....generators.registry import build_task
from ....schemas.sample import Sample
from ....schemas.stream import stream

_SAMPLE_UNITS = 6
_SAMPLE_CHARS = 1000


def gallery(name: str | None = None) -> str:
    """Every task with its settings and a short sample, or the one of a name alone, as Markdown."""
    if name is not None:
        return _section(tasks()[name])
    head = (
        "# Tasks\n\nWritten by `make gallery` from the tasks themselves. A task's settings are given with "
        "`--set name=value`; `--preset name` sets\nseveral at once, under the names that benchmarks use.\n"
    )
    return "\n".join([head, *map(_section, tasks().values())])


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
        [(f"`{setting.name}`", setting.default, setting.range, setting.meaning) for setting in task.settings],
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
    return " ".join(f"{key}={as_written(value)}" for key, value in settings.items())
