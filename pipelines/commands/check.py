"""`lcdata check`: rows run through a trainer as it is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ...schemas.counted import counted
from ...schemas.place import Place
from .group import command
from .options import PLACE
from .words.console import console
from .words.output import Output

if TYPE_CHECKING:
    from ...schemas.events.judged import Checked, CheckedConfig, Comparison


@command
@click.argument("folder", type=PLACE)
@click.option("--for", "trainer", type=click.Choice(["trl", "transformers"]), required=True, help="Whose code to run.")
@click.option(
    "--rows",
    metavar="N",
    type=click.IntRange(1),
    default=8,
    show_default=True,
    help="Of each config: the first and random ones.",
)
def check(output: Output, folder: Place, trainer: str, rows: int) -> int:
    """Run rows through a trainer and compare.

    FOLDER is a finished dataset. The trainer's own data loader makes batches of some rows, and documents, positions,
    labels and loss are compared with what the document table says. What differs ends it with exit code 3.
    """
    from ...packers.dataset import open_dataset
    from ..proving.trainers.check import check as run

    checked = run(open_dataset(folder), trainer, rows)
    output.show(checked, lambda: print_checked(checked, folder))
    return 0 if checked.holds else 3


def print_checked(checked: Checked, folder: Place) -> None:
    """Print what a trainer makes of each config, and whether it reads the dataset as it is meant."""
    for config in checked.configs:
        documents = counted(config.documents, "document")
        console().print(f"{config.name}: {counted(config.rows, 'row')} of {documents} through {checked.trainer}")
        for comparison in config.findings:
            _print_comparison(comparison, config)
    verdict = "reads" if checked.holds else "does not read"
    console().print(f"{checked.trainer} {verdict} {folder} as it is meant")


def _print_comparison(comparison: Comparison, config: CheckedConfig) -> None:
    from ..proving.trainers.compare import LOSS_TOKENS

    subject = f"{comparison.subject:<10}"
    if not comparison.rows:
        why = (
            f"each row has more than {LOSS_TOKENS:,} tokens, none in the loss, or other tokens or labels than it should"
        )
        console().print(f"[dim]–      [/dim] {subject} not run: {why}")
        return
    where = f"{counted(comparison.rows, 'row')}, {counted(comparison.documents, 'document')}"
    if comparison.subject == "loss" and comparison.rows < config.rows:
        where += f" (those of at most {LOSS_TOKENS:,} tokens, some in the loss)"
    if comparison.holds:
        console().print(f"[green]ok     [/green] {subject} {comparison.detail}: {where}")
        return
    console().print(f"[red]differs[/red] {subject} in {comparison.differing:,} of {where}")
    for difference in comparison.differences:
        console().print(f"                   {difference}", markup=False)
