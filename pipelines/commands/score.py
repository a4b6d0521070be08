"""`lcdata score`: a model's replies rated by the answers of a dataset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...schemas.counted import counted
from .group import command
from .options import PATH
from .words.console import console
from .words.output import Output

if TYPE_CHECKING:
    from ...schemas.events.judged import GroupScored, Scored
    from ..scoring.score import Group, Score


@command
@click.argument("predictions", type=PATH)
@click.option("--references", type=PATH, help="What `lcdata export --to eval` wrote.")
@click.option("--data", type=PATH, help="The dataset, instead of --references.")
@click.option(
    "--match",
    type=click.Choice(["exact", "last-answer", "substring", "two-way", "task"]),
    default="exact",
    show_default=True,
    help="All answers and nothing else, in all of the reply or in its last marked answer; RULER's substrings; the last "
    "answer and the reference hold one another; or the measure of each task.",
)
@click.option("--plot", type=PATH, help="Heat map of length and depth to draw, .png or .svg.")
def score(
    output: Output, predictions: Path, references: Path | None, data: Path | None, match: str, plot: Path | None
) -> None:
    """Rate a model's replies by a dataset's answers.

    PREDICTIONS are JSON lines with `index` and `prediction`, and with `outputs` where neither --references nor --data
    says what the answers are.
    """
    from ...packers.dataset import open_dataset
    from ..scoring.heat_map import check_plot, draw_heat_map
    from ..scoring.score import score as rate

    if plot is not None:
        check_plot(plot)
    found = rate(predictions, references, None if data is None else open_dataset(data), match)
    if plot is not None:
        draw_heat_map(found, plot)
    output.show(_events(found, plot), lambda: _print(found, plot))


def _events(found: Score, plot: Path | None) -> list[GroupScored | Scored]:
    from ...schemas.events.judged import GroupScored, Scored

    groups = [
        GroupScored(by=group.by, name=group.name, n=group.n, measures=group.measures, intervals=group.intervals)
        for group in found.groups
    ]
    overall = found.overall
    whole = Scored(
        match=found.match,
        n=overall.n,
        measures=overall.measures,
        intervals=overall.intervals,
        missing=found.missing,
        plot=None if plot is None else str(plot),
    )
    return [*groups, whole]


def _print(found: Score, plot: Path | None) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("", "", "n"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for measure in found.overall.measures:
        table.add_column(measure, justify="right", no_wrap=True)
    by = ""
    for group in (found.overall, *found.groups):
        table.add_row("" if group.by == by else group.by, *_measured(group, list(found.overall.measures)))
        by = group.by
    console().print(table)
    if found.missing:
        some = ", ".join(map(str, found.missing[:8])) + (", …" if len(found.missing) > 8 else "")
        verbs = "has no prediction and counts" if len(found.missing) == 1 else "have no prediction and count"
        console().print(f"{counted(len(found.missing), 'sample')} {verbs} as wrong: {some}")
    if plot is not None:
        console().print(f"drawn: {plot}", markup=False)


def _measured(group: Group, measures: Iterable[str]) -> Iterator[str]:
    yield "" if group.by == "all" else group.name
    yield f"{group.n:,}"
    for measure in measures:
        value, interval = group.measures.get(measure), group.intervals.get(measure)
        between = f" ({interval[0]:.3f}–{interval[1]:.3f})" if interval else ""
        yield "" if value is None else f"{value:.3f}{between}"
