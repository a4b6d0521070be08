"""`lcdata compare`: what two datasets share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ...schemas.place import Place
from .group import command
from .options import PLACE
from .words.console import console
from .words.output import Output

if TYPE_CHECKING:
    from ...schemas.events.compared import Compared, Shared


@command
@click.argument("first", type=PLACE)
@click.argument("second", type=PLACE)
@click.option("--max-documents", metavar="SHARE", default="0%", show_default=True, help="With the same token ids.")
@click.option("--max-questions", metavar="SHARE", default="0%", show_default=True, help="What samples ask for.")
@click.option("--max-answers", metavar="SHARE", default="0%", show_default=True, help="All of a sample together.")
@click.option("--max-spans", metavar="SHARE", help="Spans of 50 characters of the texts. [default: any]")
@click.option("--max-essays", metavar="SHARE", help="Characters of corpora in haystacks. [default: any]")
@click.option(
    "--documents",
    metavar="N",
    type=click.IntRange(1),
    default=2000,
    show_default=True,
    help="Documents of each to read for spans.",
)
@click.option("--tokenizer", metavar="NAME", help="Where the datasets' tokenizer is now. [default: where it was]")
def compare(
    output: Output,
    first: Place,
    second: Place,
    max_documents: str,
    max_questions: str,
    max_answers: str,
    max_spans: str | None,
    max_essays: str | None,
    documents: int,
    tokenizer: str | None,
) -> int:
    """Count what two datasets share.

    FIRST and SECOND are finished datasets, such as one to train on and one to evaluate with. Shares are of the smaller
    one's; more than is allowed of anything ends it with exit code 3.
    """
    from ...packers.dataset import open_dataset
    from ..proving.compare import Bounds
    from ..proving.compare import compare as run

    bounds = Bounds(
        documents=_share("documents", max_documents),
        questions=_share("questions", max_questions),
        answers=_share("answers", max_answers),
        spans=_share("spans", max_spans),
        essays=_share("essays", max_essays),
    )
    one, other = open_dataset(first, tokenizer=tokenizer), open_dataset(second, tokenizer=tokenizer)
    compared = run(one, other, bounds, documents)
    output.show(compared, lambda: _print_broken(compared), lambda: _print(compared))
    return 0 if compared.holds else 3


def _share(name: str, written: str | None) -> float | None:
    from ...schemas.errors import UsageError
    from ...schemas.quantity import parse_share

    try:
        return None if written is None else parse_share(written)
    except ValueError as error:
        raise UsageError(f"--max-{name} {error}") from None


def _print_broken(compared: Compared) -> None:
    for reason in compared.left_out:
        console().print(f"left out: {reason}", markup=False)
    for shared in compared.found:
        if not shared.holds:
            console().print("[red]broken[/red] ", end=" ")
            console().print(f"{_line(shared)}, at most {shared.most:.4g} allowed", markup=False)


def _print(compared: Compared) -> None:
    for shared in compared.found:
        console().print(_line(shared), markup=False)
        for example in shared.examples:
            console().print(f"    {example}", markup=False, highlight=False)
    read = " and ".join(f"{read:,} of {of:,}" for read, of in zip(compared.read, compared.documents, strict=True))
    console().print(f"spans were read of {read} documents", markup=False)


def _line(shared: Shared) -> str:
    return (
        f"{shared.what}: {shared.shared:,} shared of {shared.of_first:,} and {shared.of_second:,}, {shared.share:.2%}"
    )
