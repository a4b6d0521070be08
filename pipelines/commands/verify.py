"""`lcdata verify`: proof that a dataset, or a token store, is what its manifest says."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from ...schemas.counted import counted
from ...schemas.errors import UsageError
from ...schemas.place import Place
from .group import command
from .options import PLACE
from .words.console import console
from .words.output import Output

if TYPE_CHECKING:
    from ...schemas.events.judged import CorpusVerdict, Verdict


class SampleCount(click.ParamType[int | None]):
    """A number of documents, None for all."""

    name = "count"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        """The number that `value` is or says."""
        number = str(value)
        if number != "all" and not (number.isascii() and number.isdigit()):
            self.fail(f"{number!r} must be a number of documents, or all", param, ctx)
        return None if number == "all" else int(number)


@command
@click.argument("folder", type=PLACE)
@click.option(
    "--samples",
    metavar="N|all",
    type=SampleCount(),
    default=16,
    show_default=True,
    help="Random documents to make again, each another one.",
)
@click.option("--tokenizer", metavar="NAME", help="Where the dataset's tokenizer is now. [default: where it was]")
@click.option("--store", metavar="DIR", type=PLACE, help="Where its corpora are now. [default: where they were]")
@click.option(
    "--workers", metavar="N", type=click.IntRange(0), default=0, show_default=True, help="Processes; 0 for this one."
)
def verify(
    output: Output, folder: Place, samples: int | None, tokenizer: str | None, store: Place | None, workers: int
) -> int:
    """Check every hash, row and mask; remake samples.

    FOLDER is a finished dataset, of which random documents are made again from the manifest alone and compared, or a
    token store. What is found broken is named, and ends it with exit code 3; what could not be made again is named,
    too.
    """
    from ..corpora.store import is_store, open_store

    if is_store(folder):
        if tokenizer is not None or store is not None:
            raise UsageError("--tokenizer and --store are for datasets, and this is a token store: leave them out")
        from ..corpora.verify import verify_corpus

        verdicts = [verify_corpus(corpus) for corpus in open_store(folder)]
        for verdict in verdicts:
            output.show(verdict, partial(_print_problems, verdict), partial(_print_corpus, verdict))
        return 0 if all(verdict.holds for verdict in verdicts) else 3
    from ...packers.dataset import open_dataset
    from ..proving.verify import verify as check

    dataset = open_dataset(folder, tokenizer=tokenizer)
    if tokenizer is not None:
        _ = dataset.tokenizer  # one that was named and is another is a mistake, and told before the work
    verdict = check(dataset, samples, workers, store)
    output.show(verdict, partial(_print_found, verdict), partial(_print_dataset, verdict))
    return 0 if verdict.holds else 3


def _print_found(verdict: Verdict) -> None:
    for reason in verdict.left_out:
        console().print(f"left out: {reason}", markup=False)
    _print_problems(verdict)


def _print_problems(verdict: Verdict | CorpusVerdict) -> None:
    from rich.markup import escape

    for problem in verdict.problems:
        console().print(f"[red]broken[/red]  {escape(problem)}")


def _print_dataset(verdict: Verdict) -> None:
    if verdict.beside:
        console().print(f"not checked, being no part of the dataset: {', '.join(verdict.beside)}", markup=False)
    rows, documents = counted(verdict.rows, "row"), counted(verdict.documents, "document")
    checked = f"{rows}, {documents}, {counted(verdict.tokens, 'token')}"
    if verdict.holds:
        again = counted(verdict.regenerated, "document") if verdict.regenerated else "none"
        console().print(f"{verdict.path} holds: {checked} checked, {again} made again", markup=False)
    else:
        problems = counted(len(verdict.problems), "problem")
        console().print(f"{verdict.path} does not hold: {problems}; {checked} checked", markup=False)


def _print_corpus(verdict: CorpusVerdict) -> None:
    files, documents = counted(verdict.files, "file"), counted(verdict.documents, "document")
    checked = f"{files}, {documents}, {counted(verdict.tokens, 'token')} checked"
    console().print(f"{verdict.path} {'holds' if verdict.holds else 'does not hold'}: {checked}", markup=False)
