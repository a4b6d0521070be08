"""`lcdata inspect`: what a dataset or a token store holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

import click

from ...schemas.place import Place
from .group import command
from .options import PLACE
from .words.console import console, pairs
from .words.output import Output

if TYPE_CHECKING:
    from ...schemas.events.shown import CorpusShown, DatasetShown
    from ..corpora.inspect import StoreInspection
    from ..proving.inspect import Inspection


@command
@click.argument("folder", type=PLACE)
def inspect(output: Output, folder: Place) -> None:
    """Say what a dataset or a token store holds.

    FOLDER is a finished dataset: you see counts, fill, loss, lengths and a sample of each of its configs. Or it is a
    token store, or a corpus in one: you see its documents by length.
    """
    from ..corpora.store import is_store, open_store

    if is_store(folder):
        from ..corpora.inspect import look

        for looked_at in map(look, open_store(folder)):
            output.show(_corpus_shown(looked_at), partial(_print_corpus, looked_at))
        return
    from ...packers.dataset import open_dataset
    from ..proving.inspect import inspect as look_at

    inspections = look_at(open_dataset(folder))
    output.show(_dataset_shown(inspections, folder), lambda: _print_dataset(inspections, folder))


def _dataset_shown(inspections: Sequence[Inspection], folder: Place) -> DatasetShown:
    manifest = inspections[0].manifest
    from ...schemas.events.shown import DatasetShown, LengthsShown, StageShown

    return DatasetShown(
        path=str(folder),
        manifest=manifest.model_dump(mode="json", exclude={"files": True, "stages": {"__all__": {"shards"}}}),
        stages=[
            StageShown(
                name=inspection.stage.name,
                lengths=[LengthsShown(**asdict(bucket)) for bucket in inspection.buckets],
                first=dict(inspection.record),
            )
            for inspection in inspections
        ],
    )


def _print_dataset(inspections: Sequence[Inspection], folder: Place) -> None:
    from .words.mixture import print_stage

    manifest = inspections[0].manifest
    pairs({"dataset": f"{folder} ({manifest.recipe.name}), seed {manifest.recipe.seed}"})
    for (stage, record), inspection in zip(manifest.pairs(), inspections, strict=True):
        if len(inspections) > 1:
            console().rule(stage.name, align="left")
        print_stage(manifest, stage, record)
        _print_lengths(inspection)
        _print_first(inspection)


def _print_lengths(inspection: Inspection) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("tokens a document", "documents", "tokens", "share"):
        table.add_column(heading, justify="right")
    for bucket in inspection.buckets:
        share = f"{bucket.tokens / inspection.stage.tokens:.1%}"
        table.add_row(f"{bucket.low:,}..{bucket.high - 1:,}", f"{bucket.documents:,}", f"{bucket.tokens:,}", share)
    console().print(table)


def _print_first(inspection: Inspection) -> None:
    """Print the first document of a stage."""
    from .words.sample import marked_text, places

    record = inspection.record
    of_task = record["sample"] is not None
    sample = f": {record['source']} sample {record['sample']}" if of_task else ""
    console().rule(f"shard 0, row 0, document 0{sample}", style="dim")
    if inspection.sample is None:
        console().print(f"(no text: {inspection.no_sample_because})", style="dim")
    else:
        console().print(marked_text(inspection.sample))
        console().rule(style="dim")
    if of_task:
        answers, evidence = (
            [(span["start"], span["end"]) for span in record[f"{of}_spans"]] for of in ("answer", "evidence")
        )
        pairs(places(record["answers"], answers, evidence, record["depth"]))
    else:
        pairs({"document": f"{record['source']}: {record['source_id']} from token {record['source_offset']:,} on"})


_BAR = 32
_EIGHTHS = " ▏▎▍▌▋▊▉"


def _corpus_shown(inspection: StoreInspection) -> CorpusShown:
    from ...schemas.events.shown import CorpusShown

    return CorpusShown(
        path=inspection.path,
        manifest=inspection.manifest.model_dump(mode="json", exclude={"inputs", "files", "index", "buckets"}),
        percentiles=inspection.percentiles,
        longest=inspection.longest,
        half_in=inspection.half_in,
        buckets=[asdict(bucket) for bucket in inspection.buckets],
    )


def _print_corpus(inspection: StoreInspection) -> None:
    from rich.markup import escape
    from rich.table import Table

    from .words.ingest import summary

    manifest = inspection.manifest
    console().rule(escape(f"{manifest.recipe.name} · {inspection.path}"), align="left")
    percentiles = ", ".join(f"{count:,} ({percent} %)" for percent, count in inspection.percentiles.items())
    lengths = f"{percentiles}, {inspection.longest:,} at most; half of all tokens in {inspection.half_in:,} or more"
    pairs({**summary(manifest), "lengths": lengths})
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("tokens", "documents", "tokens in all", "share"):
        table.add_column(heading, justify="right")
    table.add_column("")
    most = max(bucket.share for bucket in inspection.buckets)
    for bucket in inspection.buckets:
        counts = f"{bucket.documents:,}", f"{bucket.tokens:,}", f"{bucket.share:.1%}"
        table.add_row(bucket.label, *counts, f"[cyan]{_bar(bucket.share / most)}[/cyan]")
    console().print(table)


def _bar(share: float) -> str:
    """A bar of blocks, drawn to an eighth of one."""
    whole, eighths = divmod(round(share * _BAR * 8), 8)
    return "█" * whole + _EIGHTHS[eighths].strip()
