"""`lcdata build`: the dataset of a recipe, its corpora stored first."""

from pathlib import Path

import click

from .group import command, refuse_written
from .options import PATH, gate_options, overwrite_option, recipe_options, where_options
from .words.output import Output


@command
@recipe_options
@click.option("--out", type=PATH, help="Folder to make. [default: the recipe's output or name]")
@gate_options
@where_options
@overwrite_option
@click.option("--unless-same", metavar="DIR", type=PATH, help="Make nothing where this dataset is what would be made.")
@click.option("--print-config", is_flag=True, help="Print the whole recipe, with all defaults, and make nothing.")
def build(
    output: Output,
    recipe: Path,
    store: Path | None,
    changes: tuple[str, ...],
    out: Path | None,
    max_bad: str,
    allow_damaged_files: str,
    max_unwritten: str,
    workers: int | None,
    address: str | None,
    overwrite: bool,
    unless_same: Path | None,
    print_config: bool,
) -> int:
    """Make the dataset of a recipe, its corpora first.

    RECIPE is a YAML file, see `lcdata recipes` for some to start from. Corpora that it names under `ingest` are stored
    as far as they are not yet, then its stages are mixed, packed and published as one dataset.
    """
    from ...schemas.events.shown import RecipeShown
    from ..recipes.flags import gates
    from ..recipes.recipe_file import read_recipe, recipe_yaml, store_beside
    from ..run.where import Where
    from .words.build import build_dataset
    from .words.gates import judge_built
    from .words.ingest import ingest_corpus

    read = read_recipe(recipe, store, changes)
    if print_config:
        shown = RecipeShown(name=read.name, recipe=read.model_dump(mode="json"))
        output.show(shown, lambda: output.text(recipe_yaml(read, read.output)))
        return 0
    if not read.ingest:
        refuse_written({"max_bad", "allow_damaged_files", "max_unwritten"}, "recipes that ingest")
    where, losses = Where(workers, address), gates(max_bad, allow_damaged_files, max_unwritten)
    for corpus in read.ingest:
        ingest_corpus(output, corpus, store or store_beside(recipe), losses, where, overwrite=overwrite)
    out = out or Path(read.output or read.name)
    built = build_dataset(output, read, out, where, overwrite=overwrite, unless_same=unless_same)
    return 0 if read.gates is None else judge_built(output, Path(built.out), read.gates)
