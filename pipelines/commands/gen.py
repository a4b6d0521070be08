"""`lcdata gen`: a recipe of one component written as flags."""

from pathlib import Path
from typing import Any

import click

from ...schemas.errors import UsageError
from ...schemas.place import Place
from .group import command, refuse_written
from .options import (
    PLACE,
    TASK,
    overwrite_option,
    push_option,
    report_option,
    sample_options,
    together,
    tokenizer_options,
    where_options,
)
from .words.output import Output

_OF_TASKS = {
    *("n", "preset", "settings", "haystack", "template", "templates", "layout", "seq_length", "split"),
    *("chat_template", "chat_date", "bos", "eos", "control_tokens", "text_tokens", "engine", "loss"),
}
_OF_CORPORA = {
    *("tokens", "upsample", "long_from", "short_keep", "bucket_weights", "max_repeats", "best_effort"),
    "long_documents",
    "packing",
}

_corpora_options = together(
    "Documents of corpora",
    click.option("--tokens", metavar="COUNT", help="Tokens of documents to draw: 200M, 5B."),
    click.option(
        "--upsample",
        type=click.Choice(["natural", "per-source", "global", "long-only", "weights"]),
        help="Which documents are preferred. [default: natural]",
    ),
    click.option(
        "--long-from",
        metavar="LENGTH",
        help="Tokens from which a document is long. [default: 4k; a row's for long-only]",
    ),
    click.option(
        "--short-keep",
        metavar="SHARE",
        type=click.FloatRange(0, 1),
        help="What a short document counts for. [default: 0.1]",
    ),
    click.option(
        "--bucket-weight", "bucket_weights", multiple=True, metavar="FROM=SHARE", help="For weights: 0=0.2, 64k=0.8."
    ),
    click.option(
        "--max-repeats",
        metavar="N",
        type=click.IntRange(1),
        help="How often a document may be drawn. [default: as needed]",
    ),
    click.option("--best-effort", is_flag=True, help="Take the nearest mixture where the one asked for cannot be had."),
    click.option(
        "--long-documents",
        type=click.Choice(["split", "truncate", "drop"]),
        help="What becomes of documents longer than a row. [default: split]",
    ),
    click.option(
        "--packing",
        type=click.Choice(["best-fit", "concat"]),
        help="Whole documents where they leave the least room, or one after another and cut. [default: best-fit]",
    ),
)
"""Options of what is drawn of corpora."""

_dataset_options = together(
    "Dataset",
    click.option("--out", type=PLACE, help="Folder to make. [default: the dataset's name]"),
    click.option("--name", help="Name of the dataset. [default: task or corpora, and length]"),
    click.option(
        "--loss", type=click.Choice(["answer", "all"]), help="What is trained on. [default: a task's answers]"
    ),
    click.option(
        "--labels",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="Whether rows have labels; auto: unless all tokens are in the loss.",
    ),
    click.option(
        "--seq-length",
        metavar="LENGTH",
        help="Tokens of a row; shorter samples share it. [default: the longest sample]",
    ),
    click.option(
        "--shard-rows", metavar="COUNT", help="Rows of a data file. [default: what makes files of 200 to 500 MB]"
    ),
    click.option("--cdc", is_flag=True, help="Content-defined chunks, for datasets that are pushed again and again."),
)
"""Options of what rows and files are like."""


@command
@click.option("--task", type=TASK, help="Make samples of this task, see `lcdata tasks`.")
@click.option("--corpus", "corpora", multiple=True, metavar="PATH[=SHARE]", help="Draw documents of it; repeatable.")
@click.option(
    "--length",
    metavar="LENGTH",
    required=True,
    help="Tokens of a sample: 128k, 4k,32k,128k in turn, or 4k..128k; or of a row.",
)
@click.option("--n", metavar="COUNT", help="Samples: 1000, 1e5, 10k.")
@sample_options
@_corpora_options
@tokenizer_options
@_dataset_options
@where_options
@overwrite_option
@report_option
@push_option
@click.option("--dry-run", is_flag=True, help="Say what would be made, and how long it would take.")
def gen(
    output: Output,
    task: str | None,
    corpora: tuple[str, ...],
    out: Place | None,
    workers: int | None,
    address: str | None,
    engine: str | None,
    overwrite: bool,
    report: bool,
    repository: str | None,
    dry_run: bool,
    **flags: Any,
) -> None:
    """Make samples of a task, or draw documents of corpora.

    What comes out is a dataset of packed, masked, verified rows that trainers read. Exactly one of --task, which needs
    --n, and --corpus, which needs --tokens, says what it is made of.
    """
    from ..recipes.flags import corpora_recipe, task_recipe
    from ..run.where import Where
    from .words.build import build_dataset, show_plan
    from .words.push import pushed_afterwards

    if (task is None) == (not corpora):
        raise UsageError("gen needs --task NAME or --corpus PATH, and not both")
    refuse_written(_OF_CORPORA if task else _OF_TASKS, "--corpus" if task else "--task")
    recipe = task_recipe(task, **flags) if task else corpora_recipe(corpora, **flags)
    where = Where(workers, address)
    if dry_run:
        show_plan(output, recipe, where, engine or "fastokens")
        return
    place = out or Path(recipe.name)
    with pushed_afterwards(output, recipe, repository) as push:
        build_dataset(output, recipe, place, where, engine or "fastokens", overwrite, report)
        push(place)
