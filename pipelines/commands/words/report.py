"""Writing the report of a dataset for whoever gave the command, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ....schemas.counted import counted
from ....schemas.place import Place
from .bar import bar
from .console import console
from .output import Output

if TYPE_CHECKING:
    from ....schemas.events.reported import Reported


def report_dataset(
    output: Output, folder: Place, out: Path | None = None, against: Place | None = None, tokenizer: str | None = None
) -> None:
    """Write the report of a finished dataset, and say where it is."""
    from ....packers.dataset import open_dataset
    from ...drawing.picture import check_drawing
    from ...reporting.report import report

    check_drawing("a report")
    dataset = open_dataset(folder, tokenizer=tokenizer)
    other = None if against is None else open_dataset(against)
    output.stop()
    with bar(output, "documents") as progressed:
        reported = report(dataset, out, other, progressed)
    output.report(reported, lambda: _print(reported))


def _print(reported: Reported) -> None:
    import humanize

    size, pictures = humanize.naturalsize(reported.bytes), counted(len(reported.pictures), "picture")
    beside = f" and {pictures} beside it" if reported.pictures else ""
    texts = f"the text of {reported.sampled_documents:,} of {counted(reported.documents, 'document')}"
    console().print(f"report: {reported.path}, {size}{beside}, with {texts}", markup=False)
    if reported.without_text is not None:
        console().print(f"note: it shows ids and no text: {reported.without_text}", markup=False)
