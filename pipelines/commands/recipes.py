"""`lcdata recipes`: recipes that come with lcdata, to build or to start from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .group import command
from .options import PATH, Choices
from .words.console import console, pairs
from .words.output import Output

if TYPE_CHECKING:
    from ...schemas.events.shown import RecipeShown


def _names() -> list[str]:
    from ..recipes.ready import names

    return names()


@command
@click.option("--copy", "name", type=Choices(_names), help="Write this one to a file of yours.")
@click.option("--out", type=PATH, help="The file to write with --copy. [default: NAME.yaml here]")
def recipes(output: Output, name: str | None, out: Path | None) -> None:
    """List the recipes that come with lcdata, or copy one."""
    from ...schemas.errors import UsageError
    from ...schemas.events.shown import RecipeShown
    from ..recipes.ready import FOLDER, copy_of
    from ..run.files import write_whole

    if name is None:
        shown = [RecipeShown(name=name, about=_about(name), path=str(FOLDER / f"{name}.yaml")) for name in _names()]
        output.show(shown, lambda: _print(shown))
        return
    out = out or Path(f"{name}.yaml")
    if out.exists():
        raise UsageError(f"{out} exists already: name another file with --out")
    if not out.parent.is_dir():
        raise UsageError(f"there is no folder {out.parent}: make it, or name another file with --out")
    text, inputs = copy_of(name, out)
    write_whole(out, text.encode())
    copied = RecipeShown(name=name, about=_about(name), path=str(out))
    to_do = "change it" if inputs is None else f"name your inputs on line {inputs}"
    output.report(copied, lambda: console().print(f"{out}: {to_do}, then lcdata build {out}", markup=False))


def _about(name: str) -> str:
    """The first sentence of a recipe's comment."""
    from ..recipes.ready import FOLDER

    lines = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    comment = [line.removeprefix("#").strip() for line in lines if line.startswith("#") and "yaml-language" not in line]
    return re.split(r"\.(?: (?=[A-Z])|$)", " ".join(comment), maxsplit=1)[0]


def _print(shown: list[RecipeShown]) -> None:
    pairs({recipe.name: recipe.about for recipe in shown})
    console().print("\nStart from one: lcdata recipes --copy NAME, then lcdata build NAME.yaml.", style="dim")
