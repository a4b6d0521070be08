"""`lcdata plan`: what a recipe would make."""

from pathlib import Path

from ...schemas.place import Place
from .group import command
from .options import recipe_options
from .words.output import Output


@command
@recipe_options
def plan(output: Output, recipe: Path, store: Place | None, changes: tuple[str, ...]) -> None:
    """Say what a recipe would make: rows, shares, repeats.

    RECIPE is a YAML file whose corpora are stored already. Of each component you see what is there, what is wanted and
    what would be drawn.
    """
    from ..recipes.recipe_file import read_recipe
    from .words.build import show_plan

    show_plan(output, read_recipe(recipe, store, changes))
