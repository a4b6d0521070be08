"""`lcdata export`: a dataset as other projects read it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...schemas.counted import counted
from ...schemas.errors import UsageError
from ...schemas.place import Place
from .group import command, refuse_written
from .options import PLACE, Choices
from .words.bar import bar
from .words.console import console
from .words.output import Output

if TYPE_CHECKING:
    from ...schemas.events.exported import Exported, ExportedRows
    from ...schemas.quantity import IntRange

_OF_SAMPLES = ("eval", "chat", "text")


def _formats() -> tuple[str, ...]:
    """Names of all formats that samples and rows can be written as."""
    from ...packers.profiles.registry import PROFILES

    return (*_OF_SAMPLES, *PROFILES)


@command
@click.argument("folder", type=PLACE)
@click.option("--to", type=Choices(_formats), required=True, help="What a line holds, or who reads the rows.")
@click.option(
    "--out",
    type=PLACE,
    help="File to write, - for stdout, or folder of rows. [default: NAME-TO.jsonl, or NAME-TO]",
)
@click.option("--n", metavar="COUNT", help="Only the first samples: 1000, 10k.")
@click.option("--index", "indices", multiple=True, metavar="I|I..J", help="Only these samples; repeatable.")
@click.option("--tokenizer", metavar="NAME", help="Where the dataset's tokenizer is now. [default: where it was]")
@click.option("--config", metavar="NAME", help="Samples or rows of this config only. [default: of each]")
@click.option("--overwrite", is_flag=True, help="Replace what an export wrote there before.")
@click.option("--force", is_flag=True, hidden=True, help="What --overwrite was called.")
def export(
    output: Output,
    folder: Place,
    to: str,
    out: Place | None,
    n: str | None,
    indices: tuple[str, ...],
    tokenizer: str | None,
    config: str | None,
    overwrite: bool,
    force: bool,
) -> None:
    """Write samples, or rows as others read them.

    FOLDER is a finished dataset. Samples become JSON lines: `eval` for evaluation, `chat` for chat trainers, or `text`.
    Rows become a folder in the layout of another project, see docs/formats.md.
    """
    if out is not None and not isinstance(out, Path):
        raise UsageError(f"--out {out}: exports are written on this machine: name a place here, and copy it there")
    replace = overwrite or force
    if to not in _OF_SAMPLES:
        refuse_written({"n", "indices", "tokenizer"}, f"--to {', '.join(_OF_SAMPLES)}")
        _export_rows(output, folder, to, out, config, replace)
        return
    from ...packers.dataset import open_dataset
    from ..exporting.samples import STDOUT
    from ..exporting.samples import export as run

    if output.is_for_programs and out == STDOUT:
        raise UsageError("--json and --out - both write to stdout: leave one of them out")
    first, ranges = _chosen(n, indices)
    dataset = open_dataset(folder, tokenizer=tokenizer)
    with bar(output, "samples") as progressed:
        exported = run(dataset, to, out, ranges, first=first, config=config, overwrite=replace, progressed=progressed)
    output.report(exported, lambda: _print_samples(exported))


def _export_rows(output: Output, folder: Place, to: str, out: Path | None, config: str | None, overwrite: bool) -> None:
    from ...packers.dataset import open_dataset
    from ..exporting.rows import export_rows

    if out == Path("-"):
        raise UsageError(f"--out must be a folder for --to {to}: rows are not written to stdout")
    with bar(output, "rows") as progressed:
        exported = export_rows(open_dataset(folder), to, out, config, overwrite=overwrite, progressed=progressed)
    output.show(exported, lambda: _print_notes(exported), lambda: _print_rows(exported))


def _chosen(n: str | None, indices: tuple[str, ...]) -> tuple[int | None, list[IntRange]]:
    """How many samples `--n` wants, and the ranges of them that `--index` names."""
    from ...schemas.quantity import IntRange, parse_count

    if n is not None and indices:
        raise UsageError("--n and --index both choose samples: leave one of them out")
    option = "--n" if n is not None else "--index"
    try:
        return None if n is None else parse_count(n), [IntRange.parse(index) for index in indices]
    except ValueError as error:
        raise UsageError(f"{option} {error}") from None


def _print_samples(exported: Exported) -> None:
    """Say on stderr what was written, since the samples may go to stdout."""
    import humanize

    name = "stdout" if exported.path == "-" else exported.path
    samples, size = counted(exported.samples, "sample"), humanize.naturalsize(exported.bytes)
    line = f"{name}: {samples}, {counted(exported.tokens, 'token')}, {size} as {exported.to}"
    console(stderr=True).print(line, markup=False)


def _print_rows(exported: ExportedRows) -> None:
    import humanize

    size = humanize.naturalsize(exported.bytes)
    console().print(f"{exported.path}: {size} as {exported.to}, settings beside each folder", markup=False)
    for name, counts in exported.configs.items():
        rows, documents = counted(counts.rows, "row"), counted(counts.documents, "document")
        line = f"{name}: {rows}, {documents}, {counted(counts.tokens, 'token')}, {counts.loss_tokens:,} in the loss"
        console().print(line, markup=False)


def _print_notes(exported: ExportedRows) -> None:
    """Say what the rows' reader leaves unread, which a user must know."""
    for note in exported.notes:
        console().print(f"note: {note}", markup=False)
