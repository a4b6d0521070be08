"""`lcdata inspect`: what a dataset or a token store holds, in numbers or document by document."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from ...schemas.errors import UsageError
from ...schemas.place import Place
from .group import command, refuse_written
from .options import PLACE
from .words.console import console, pairs
from .words.output import Output

if TYPE_CHECKING:
    from ...packers.dataset import Config, Dataset
    from ...schemas.events.inspected import DatasetShown
    from ..corpora.store import StoredCorpus


@command
@click.argument("folder", type=PLACE)
@click.option("--config", metavar="NAME", help="Look at this config only. [default: all]")
@click.option("--row", metavar="N", type=click.IntRange(0), help="Show the documents of this row of the config.")
@click.option("--doc", metavar="M", help="Show this document of the row; of a corpus by its name or number.")
@click.option("--full", is_flag=True, help="Leave nothing of the text out.")
@click.option("--ids", "with_ids", is_flag=True, help="Show token ids too.")
@click.option("--tokenizer", metavar="NAME", help="Where the dataset's tokenizer is now. [default: where it was]")
def inspect(
    output: Output,
    folder: Place,
    config: str | None,
    row: int | None,
    doc: str | None,
    full: bool,
    with_ids: bool,
    tokenizer: str | None,
) -> None:
    """Say what a dataset or a token store holds.

    FOLDER is a finished dataset: you see counts, lengths, loss, answers and depths of each of its configs, and with
    --row and --doc what lies in a row. Or it is a token store, or a corpus in one: you see its documents by length.
    """
    from ..corpora.store import is_store, open_store

    if is_store(folder):
        refuse_written({"config", "row"}, "datasets, and this is a token store")
        if doc is None and (full or with_ids):
            raise UsageError(f"{'--full' if full else '--ids'} is for a document: name one with --doc")
        _inspect_store(output, open_store(folder), doc, full=full, with_ids=with_ids, tokenizer=tokenizer)
        return
    from ...packers.dataset import open_dataset

    dataset = open_dataset(folder, tokenizer=tokenizer)
    if row is not None:
        _show_row(output, dataset.config(config), row, doc, full=full, with_ids=with_ids)
        return
    if doc is not None:
        raise UsageError(f"--doc {doc} is a document of a row: say of which with --row N")
    if full or with_ids:
        raise UsageError(f"{'--full' if full else '--ids'} is for rows and documents: name a row with --row N")
    chosen = [dataset.config(config)] if config else list(dataset.configs.values())
    shown = _dataset_shown(dataset, chosen)
    output.show(shown, lambda: _print_dataset(shown, dataset, chosen))


def _dataset_shown(dataset: Dataset, configs: Sequence[Config]) -> DatasetShown:
    from ...schemas.events.inspected import DatasetShown
    from ..proving.inspect import inspect as look_at

    without = {"files": True, "stages": {"__all__": {"shards"}}}
    return DatasetShown(
        path=str(dataset.folder),
        manifest=dataset.manifest.model_dump(mode="json", exclude=without),
        stages=[look_at(config) for config in configs],
    )


def _print_dataset(shown: DatasetShown, dataset: Dataset, configs: Sequence[Config]) -> None:
    from ..proving.row_view import row_of, shown_documents
    from .words.inspected import print_document, print_stage_charts
    from .words.mixture import print_stage

    manifest = dataset.manifest
    pairs({"dataset": f"{dataset.folder} ({manifest.recipe.name}), seed {manifest.recipe.seed}"})
    for config, stage in zip(configs, shown.stages, strict=True):
        if len(dataset.configs) > 1:
            console().rule(stage.name, align="left")
        print_stage(manifest, config.stage, config.record)
        print_stage_charts(stage)
        for document in shown_documents(config, row_of(config, 0), 0):
            print_document(document, is_alone=True)


def _show_row(output: Output, config: Config, number: int, doc: str | None, *, full: bool, with_ids: bool) -> None:
    from ..proving.row_view import row_of, shown_documents, shown_row
    from .words.inspected import print_document, print_row

    if doc is not None and not (doc.isascii() and doc.isdecimal()):
        raise UsageError(f"--doc {doc!r} must be the number of a document in the row, from 0 on")
    row = row_of(config, number)
    documents = shown_documents(config, row, None if doc is None else int(doc), full=full, with_ids=with_ids)
    first = next(documents)
    shown = shown_row(config, row)
    output.show(shown, lambda: print_row(shown, len(config.dataset.configs)))
    for document in (first, *documents):
        output.show(document, partial(print_document, document, is_alone=doc is not None))


def _inspect_store(
    output: Output,
    corpora: Sequence[StoredCorpus],
    doc: str | None,
    *,
    full: bool,
    with_ids: bool,
    tokenizer: str | None,
) -> None:
    from ..corpora.inspect import look, shown_document
    from .words.ingest import summary
    from .words.inspected import print_corpus, print_stored_document

    if doc is None:
        for corpus in corpora:
            found = look(corpus)
            output.show(found, partial(print_corpus, found, summary(corpus.manifest)))
        return
    if len(corpora) > 1:
        raise UsageError(f"--doc is of one corpus: name one of {', '.join(str(corpus.path) for corpus in corpora)}")
    document = shown_document(corpora[0], doc, full=full, with_ids=with_ids, tokenizer=tokenizer)
    output.show(document, lambda: print_stored_document(document))
