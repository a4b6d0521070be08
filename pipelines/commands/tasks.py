"""`lcdata tasks`: what samples can be made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from .group import command
from .options import TASK
from .words.console import console, pairs
from .words.output import Output

if TYPE_CHECKING:
    from ...generators.description import Description
    from ...schemas.events.shown import TaskShown


@command
@click.argument("task", required=False, type=TASK)
@click.option("--templates", is_flag=True, help="Print the task's wordings as YAML, to write your own.")
@click.option("--markdown", is_flag=True, help="Print tasks with a sample each, as in docs/tasks.md.")
def tasks(output: Output, task: str | None, templates: bool, markdown: bool) -> None:
    """List the tasks, or one task's settings and presets."""
    from ...generators.description import Description
    from ...generators.registry import tasks as all_tasks

    if markdown:
        from .words.gallery import gallery

        output.text(gallery(None if task is None else Description.of(task).name))
    elif task is None:
        described = [Description.of(name) for name in all_tasks()]
        output.show([_shown(task) for task in described], lambda: _print_all(described))
    elif templates:
        _show_templates(output, task)
    else:
        chosen = Description.of(task)
        output.show(_shown(chosen), lambda: _print_one(chosen))


def _shown(task: Description) -> TaskShown:
    from ...generators.registry import settings_schema
    from ...schemas.events.shown import TaskShown

    return TaskShown(
        name=task.name,
        summary=task.summary,
        about=task.about,
        wordings=list(task.wordings),
        presets={name: dict(settings) for name, settings in task.presets.items()},
        settings=settings_schema(task.name),
    )


def _print_all(described: Sequence[Description]) -> None:
    pairs({task.name: task.summary for task in described})
    console().print("\nSettings of one: lcdata tasks NAME. A sample: lcdata show NAME.", style="dim")


def _print_one(task: Description) -> None:
    from rich.console import Console
    from rich.table import Table

    console().print(f"[bold]{task.name}[/bold]: {task.summary}\n{task.about}\n")
    console().print(f"{len(task.wordings)} wordings: {', '.join(task.wordings)}\n")
    for preset, settings in task.presets.items():
        chosen = " ".join(f"{key}={value}" for key, value in settings.items())
        console().print(f"[dim]--preset[/dim] {preset:<12} {chosen}")
    if task.presets:
        console().print()
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("setting", "default", "range", "meaning"):
        table.add_column(heading)
    for setting in task.settings:
        table.add_row(setting.name, setting.default, setting.range, setting.meaning)
    Console(highlight=False).print(table)


def _show_templates(output: Output, task: str) -> None:
    """Print a task's wordings as YAML, which `--templates` takes back."""
    import yaml

    from ...generators.registry import build_task
    from ...schemas.events.shown import TemplatesShown

    wordings = [asdict(template) for template in build_task(task, {}).templates]  # pyright: ignore[reportArgumentType]
    plain = json.loads(json.dumps(wordings))
    written = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=1000)
    output.show(TemplatesShown(task=task, templates=plain), lambda: output.text(written))
