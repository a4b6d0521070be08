"""Pushing a dataset for whoever gave the command, and what is said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

import humanize

from ....packers.dataset import Dataset
from ....schemas.counted import counted
from ....schemas.errors import UsageError
from ....schemas.events.pushing import Pushed, PushPlanned
from ....schemas.recipe import is_hub_id
from .console import console, pairs
from .output import Output

if TYPE_CHECKING:
    from ...publishing.push import PushSettings


def push_settings(
    public: bool, revision: str, pull_request: bool, mode: str, keep: int | None, tag: str | None
) -> PushSettings:
    """The settings that options of a command say."""
    from ...publishing.push import PushSettings

    return PushSettings(public, revision, pull_request, cast("Literal['replace', 'append']", mode), keep, tag)


def repository_of(dataset: Dataset, repository: str | None) -> str:
    """The Hub dataset that is named, else the one of the recipe; UsageError where none is."""
    name = repository or dataset.manifest.recipe.push
    if name is None:
        raise UsageError(f"name the Hub dataset: lcdata push {dataset.folder} ORG/NAME")
    if not is_hub_id(name):
        raise UsageError(f"{name!r} must be a Hub dataset such as org/name")
    return name


def push_dataset(output: Output, dataset: Dataset, repository: str | None, settings: PushSettings) -> None:
    """Push a dataset, and say where it is."""
    from ...publishing.push import push

    pushed = push(dataset, repository_of(dataset, repository), settings, output.tell)
    output.report(pushed, lambda: _print_pushed(pushed))


def show_push_plan(output: Output, dataset: Dataset, repository: str | None, settings: PushSettings) -> None:
    """Say what a push would do."""
    from ...publishing.push import plan_push

    plan = plan_push(dataset, repository_of(dataset, repository), settings)
    output.show(plan, lambda: _print_plan(plan))


def _print_plan(plan: PushPlanned) -> None:
    where = f"{plan.repository}, {plan.revision}" + (", to be made" if plan.creates else "")
    there = f", {counted(plan.there, 'file')} there already" if plan.there else ""
    deleted = f", removes {counted(plan.deleted, 'file')}" if plan.deleted else ""
    pairs(
        {
            "to": f"{where}, build {plan.build}",
            "data": f"{counted(plan.files, 'file')}, {humanize.naturalsize(plan.bytes)}{there}",
            "then": f"{', '.join(plan.changed) or 'nothing'}{deleted}, in one commit",
            **({} if plan.tag is None else {"tag": plan.tag}),
        }
    )
    for note in plan.notes:
        console().print(f"[yellow]note[/yellow]  {note}")


def _print_pushed(pushed: Pushed) -> None:
    size = f"{counted(pushed.files, 'file')}, {humanize.naturalsize(pushed.bytes)}"
    if pushed.is_new:
        pairs({"pushed": f"{size} uploaded", "commit": pushed.commit})
    else:
        console().print(f"{pushed.repository} has it already, nothing to do", markup=False)
    pairs({**({} if pushed.tag is None else {"tag": pushed.tag}), "page": pushed.url})
