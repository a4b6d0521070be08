"""Pushing a dataset for whoever gave the command, and what is said about it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, cast

import humanize

from ....packers.dataset import Dataset, open_dataset
from ....schemas.counted import counted
from ....schemas.errors import UsageError
from ....schemas.events.pushing import Pushed, PushPlanned
from ....schemas.place import Place
from ....schemas.recipe import Recipe, is_hub_id
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


@contextmanager
def pushed_afterwards(output: Output, recipe: Recipe, repository: str | None) -> Generator[Callable[[Place], None]]:
    """Push the datasets that the block hands to what it is given, where a repository is named.

    While it builds no token is in the environment, which workers inherit; HubError at once where there is none.
    """
    built: list[Place] = []
    if repository is None:
        yield built.append
        return
    if not is_hub_id(repository):
        raise UsageError(f"--push {repository!r} must be a Hub dataset such as org/name")
    from ....packers.tokens.vocabulary import find_vocabulary
    from ...publishing.credentials import tokens_withheld
    from ...publishing.hub import check_login
    from ...publishing.push import PushSettings

    check_login(repository)
    if is_hub_id(recipe.tokenizer.source):
        find_vocabulary(recipe.tokenizer.source)  # into the cache, while there is a token for gated ones
    with tokens_withheld():
        yield built.append
    for place in built:
        push_dataset(output, open_dataset(place), repository, PushSettings())


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
