"""`lcdata report`: a page that shows what a dataset holds."""

from pathlib import Path

import click

from ...schemas.place import Place
from .group import command
from .options import PATH, PLACE
from .words.output import Output


@command
@click.argument("folder", type=PLACE)
@click.option("--out", type=PATH, metavar="FILE.html", help="Page to write. [default: report/index.html in FOLDER]")
@click.option("--against", type=PLACE, metavar="FOLDER", help="Another dataset: show what is other than in it.")
@click.option("--tokenizer", metavar="NAME", help="Where the dataset's tokenizer is now. [default: where it was]")
def report(output: Output, folder: Place, out: Path | None, against: Place | None, tokenizer: str | None) -> None:
    """Write a page that shows what a dataset holds.

    FOLDER is a finished dataset. The page needs no network and no other file: lengths, mixture, rows, loss, where
    evidence lies, how easily it is found, accounts, and samples to read, their masks, evidence, answers and token ids
    marked. Pictures for a dataset card are put beside it, and `lcdata push` uploads both.
    """
    from .words.report import report_dataset

    report_dataset(output, folder, out, against, tokenizer)
