"""The gallery of tasks in docs/tasks.md: every task with its settings and a short sample."""

from collections.abc import Mapping, Sequence
from textwrap import fill, shorten
from typing import Any

from ....generators.description import Description, as_written, tasks
from ....generators.registry import build_task
from ....generators.templates import BENCHMARKS
from ....schemas.sample import Sample
from ....schemas.stream import stream
from ...proving.figures import NUM_CHARS, NUM_SAMPLES, Figures, measured

_SAMPLE_UNITS = 6
_SAMPLE_CHARS = 1000


def gallery(name: str | None = None) -> str:
    """Every task with its settings and a short sample, or the one of a name alone, as Markdown."""
    if name is not None:
        return _section(tasks()[name])
    head = (
        "# Tasks\n\nWritten by `make gallery` from the tasks themselves. A task's settings are given with "
        "`--set name=value`; `--preset name` sets\nseveral at once, under the names that benchmarks use.\n\n"
        f"Presets have figures, measured on {NUM_SAMPLES} samples of {NUM_CHARS:,} characters. **Guessed** is the "
        "share of answers that the best\nof some forty rules names that see the text and not the question, such as the "
        "rarest, the first, or what stands in the\nsentence with most digits. Where that is far above **by chance**, "
        "or chance is large, the settings are a benchmark's, and\nthe question can be done without: train on the twin "
        "in `_hard`. **Text needed** is the share that has to be read from the\nbeginning until the answer is certain, "
        "**loss tokens** are those of the answer and EOS.\n"
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
    rows = [
        (f"`{preset}`", _assignments(settings) or "–", *_figures(measured(task.name, preset)))
        for preset, settings in {"defaults": {}, **task.presets}.items()
    ]
    lines += _table(("preset", "settings", "guessed", "by chance", "text needed", "loss tokens"), rows)
    lines += [f"Wordings: {_wordings(task)}.", "", *_sample_lines(task.name)]
    return "\n".join(lines)


def _figures(found: Figures | None) -> tuple[str, ...]:
    """What the best guess without the question names, and what drawing does; the text and the loss of a sample."""
    if found is None:
        return ("not measured", "–", "–", "–")
    guessed = ("–", "–") if found.guessed is None else (_decimal(found.guessed), _decimal(found.by_chance or 0))
    return (*guessed, f"{100 * found.text_needed:.0f} %", f"{found.loss_tokens:.0f}")


def _decimal(share: float) -> str:
    return f"{share:.3f}" if share < 0.1 else f"{share:.2f}"


def _wordings(task: Description) -> str:
    """The wordings, and that the benchmark's own is drawn only where it is named."""
    drawn = ", ".join(name for name in task.wordings if name != BENCHMARKS)
    return drawn + (f"; with `--template {BENCHMARKS}` alone {BENCHMARKS}" if BENCHMARKS in task.wordings else "")


def _sample_lines(name: str) -> list[str]:
    """A sample of a few units in the first wording that is not a benchmark's."""
    task = build_task(name, {})
    template = next(template for template in task.templates if template.id != BENCHMARKS)
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
