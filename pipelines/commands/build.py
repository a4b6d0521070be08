"""`lcdata build`: the dataset of a recipe, its corpora stored first."""

from pathlib import Path

import click

from ...schemas.place import Place, place_of
from .group import command, refuse_written
from .options import PLACE, gate_options, overwrite_option, push_option, recipe_options, report_option, where_options
from .words.output import Output


@command
@recipe_options
@click.option("--out", type=PLACE, help="Folder to make. [default: the recipe's output or name]")
@gate_options
@where_options
@overwrite_option
@click.option("--unless-same", metavar="DIR", type=PLACE, help="Make nothing where this dataset is what would be made.")
@report_option
@push_option
@click.option("--print-config", is_flag=True, help="Print the whole recipe, with all defaults, and make nothing.")
def build(
    output: Output,
    recipe: Path,
    store: Place | None,
    changes: tuple[str, ...],
    out: Place | None,
    max_bad: str,
    allow_damaged_files: str,
    max_unwritten: str,
    workers: int | None,
    address: str | None,
    overwrite: bool,
    unless_same: Place | None,
    report: bool,
    repository: str | None,
    print_config: bool,
) -> int:
    """Make the dataset of a recipe, its corpora first.

    RECIPE is a YAML file, see `lcdata recipes` for some to start from. Corpora that it names under `ingest` are stored
    as far as they are not yet, then its stages are mixed, packed and published as one dataset.
    """
    from ...schemas.events.shown import RecipeShown
    from ..drawing.picture import check_drawing
    from ..recipes.flags import gates
    from ..recipes.recipe_file import read_recipe, recipe_yaml, store_beside
    from ..run.where import Where
    from .words.build import build_dataset
    from .words.gates import judge_built
    from .words.ingest import ingest_corpus
    from .words.push import pushed_afterwards

    read = read_recipe(recipe, store, changes)
    if print_config:
        shown = RecipeShown(name=read.name, recipe=read.model_dump(mode="json"))
        output.show(shown, lambda: output.text(recipe_yaml(read, read.output)))
        return 0
    if report:
        check_drawing("--report")
    if not read.ingest:
        refuse_written({"max_bad", "allow_damaged_files", "max_unwritten"}, "recipes that ingest")
    where, losses = Where(workers, address), gates(max_bad, allow_damaged_files, max_unwritten)
    place = out or place_of(read.output or read.name)
    with pushed_afterwards(output, read, repository) as push:
        for corpus in read.ingest:
            ingest_corpus(output, corpus, store or store_beside(recipe), losses, where, overwrite=overwrite)
        built = build_dataset(
            output, read, place, where, overwrite=overwrite, unless_same=unless_same, with_report=report
        )
        code = 0 if read.gates is None else judge_built(output, place_of(built.out), read.gates)
        if code == 0:
            push(place_of(built.out))
    return code
