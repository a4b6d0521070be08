"""Recipes from YAML files."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pydantic
import yaml

from ..schemas.errors import UsageError
from ..schemas.recipe import CorpusComponent, CorpusSource, Recipe, TaskSource
from ..schemas.upsample import Upsample

_FIELDS = sorted(
    {name for model in (Recipe, TaskSource, CorpusSource, CorpusComponent, Upsample) for name in model.model_fields}
)


def read_recipe(path: Path, store: Path | None = None, **changes: Any) -> Recipe:
    """The recipe in a file, its corpora taken from a store where one is named; UsageError with the place of a mistake.

    Changes replace fields of the recipe that are given there, None none.
    """
    try:
        content = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}): name a recipe in YAML") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise UsageError(f"{path} is no recipe: it must hold name, seq_length and source")
    content |= {name: value for name, value in changes.items() if value is not None}
    return checked_recipe(_in_store(content, store), str(path))


def _in_store(content: dict[str, Any], store: Path | None) -> dict[str, Any]:
    source = content.get("source")
    if store is None or not isinstance(source, dict) or not isinstance(source.get("corpora"), list):
        return content
    corpora = [
        {**one, "corpus": str(store / one["corpus"])} if isinstance(one, dict) and "corpus" in one else one
        for one in source["corpora"]
    ]
    return {**content, "source": {**source, "corpora": corpora}}


def checked_recipe(content: dict[str, Any], where: str) -> Recipe:
    """The recipe of this content; UsageError that names the first field that cannot be meant."""
    try:
        return Recipe.model_validate(content)
    except pydantic.ValidationError as error:
        problem = error.errors()[0]
        inside = problem["loc"][2:] if problem["loc"][:1] == ("source",) else problem["loc"][1:]  # without the tag
        place = ".".join(map(str, (*problem["loc"][:1], *inside)))
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            close = get_close_matches(str(problem["loc"][-1]), _FIELDS, 1)
            message = "is no field of a recipe" + (f". Did you mean {close[0]}?" if close else "")
        raise UsageError(f"{where}: {f'{place}: ' if place else ''}{message}") from None
