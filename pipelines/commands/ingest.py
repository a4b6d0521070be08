"""`lcdata ingest`: documents from anywhere into the token store."""

from pathlib import Path
from typing import Any

import click

from ...schemas.place import Place
from .group import command
from .options import PLACE, chat_options, gate_options, overwrite_option, tokenizer_options, where_options
from .words.output import Output


@command
@click.argument("inputs", nargs=-1, required=True)
@click.option("--name", metavar="NAME", required=True, help="What the corpus is called in the store.")
@click.option("--out", type=PLACE, default=Path("store"), show_default=True, help="The store.")
@click.option("--text", metavar="FIELD", default="text", show_default=True, help="Field that holds the text.")
@click.option(
    "--format",
    "layout",
    type=click.Choice(["plain", "chat"]),
    default="plain",
    show_default=True,
    help="Texts as they are, or lists of messages in the tokenizer's chat template.",
)
@chat_options
@click.option("--id", "id_field", metavar="FIELD", help="Field that names a document. [default: its file and line]")
@click.option("--group-by", metavar="FIELD", help="Field whose equal values make one document: a repository, a book.")
@click.option(
    "--order-by",
    metavar="FIELD",
    help="Field that parts of a group are sorted by and headed with; `none`. [default: path]",
)
@click.option(
    "--order",
    type=click.Choice(["order", "given", "random"]),
    default="order",
    show_default=True,
    help="How parts of a group follow each other: by that field, as they come, or shuffled.",
)
@click.option("--header", metavar="TEXT", help="What stands before each part, with {order} in it; empty for nothing.")
@click.option("--config", metavar="NAME", help="Of a dataset of the `datasets` library.")
@click.option(
    "--split", metavar="NAME", default="train", show_default=True, help="Of a dataset of the `datasets` library."
)
@tokenizer_options
@click.option(
    "--buckets", metavar="LENGTHS", help="Where buckets of lengths begin: 4k,32k,128k. [default: 1k,2k,4k … 1M]"
)
@gate_options
@click.option("--max-doc-bytes", metavar="COUNT", help="Longer documents are left out. [default: 128M]")
@where_options
@overwrite_option
def ingest(
    output: Output,
    inputs: tuple[str, ...],
    out: Place,
    max_bad: str,
    allow_damaged_files: str,
    max_unwritten: str,
    workers: int | None,
    address: str | None,
    engine: str | None,
    overwrite: bool,
    **flags: Any,
) -> None:
    """Read documents and store their tokens by length.

    INPUTS are files, folders, globs, fsspec URLs, or an id of the `datasets` library. Every document is tokenized once;
    `lcdata gen --corpus` and recipes draw from what is stored.
    """
    from ..recipes.flags import gates, ingest_recipe
    from ..run.where import Where
    from .words.ingest import ingest_corpus

    recipe = ingest_recipe(inputs, **flags)
    where, losses = Where(workers, address), gates(max_bad, allow_damaged_files, max_unwritten)
    ingest_corpus(output, recipe, out, losses, where, engine or "fastokens", overwrite)
