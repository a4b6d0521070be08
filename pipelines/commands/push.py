"""`lcdata push`: a finished dataset goes to the Hub."""

from __future__ import annotations

import click

from ...schemas.place import Place
from .group import command
from .options import PLACE, push_options
from .words.output import Output


@command
@click.argument("folder", type=PLACE)
@click.argument("repository", metavar="[ORG/NAME]", required=False)
@push_options
@click.option("--dry-run", is_flag=True, help="Say what would go there, and write nothing.")
def push(
    output: Output,
    folder: Place,
    repository: str | None,
    public: bool,
    revision: str,
    pull_request: bool,
    mode: str,
    keep: int | None,
    tag: str | None,
    dry_run: bool,
) -> None:
    """Bring a dataset to the Hub.

    FOLDER is a finished dataset, ORG/NAME the Hub dataset, by default the one that its recipe names under `push`.
    Readers there see the old version or the new one, never a mix; a push that was stopped goes on, and what is there
    already is not uploaded again. Log in with `hf auth login`, or set HF_TOKEN.
    """
    from ...packers.dataset import open_dataset
    from .words.push import push_dataset, push_settings, show_push_plan

    dataset = open_dataset(folder)
    settings = push_settings(public, revision, pull_request, mode, keep, tag)
    if dry_run:
        show_push_plan(output, dataset, repository, settings)
    else:
        push_dataset(output, dataset, repository, settings)
