"""Recipes from YAML files, with changes from the command line."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pydantic
import yaml

from ...generators.registry import preset_settings
from ...generators.templates import read_templates
from ...schemas.corpus import Fields, IngestRecipe
from ...schemas.errors import UsageError
from ...schemas.mix import TAGS, CorpusComponent, TaskComponent
from ...schemas.recipe import Recipe
from ...schemas.stage import Stage
from ...schemas.tokens import TokenizerChoice
from ...schemas.upsample import Upsample

STORE = Path("store")
"""Where corpora are put unless another store is named."""
_MODELS = (Recipe, Stage, TaskComponent, CorpusComponent, Upsample, TokenizerChoice, IngestRecipe, Fields)
_FIELDS = sorted({"preset"}.union(*(model.model_fields for model in _MODELS)))


def read_recipe(path: Path, store: Path | None = None, changes: Sequence[str] = ()) -> Recipe:
    """The recipe in a file, its corpora taken from a store where one is named; UsageError with the place of a mistake.

    Changes are `seed=3` or `stages.0.tokens=1M`: a place in the file and what stands there instead, in YAML.
    """
    try:
        content = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}): name a recipe in YAML") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise UsageError(f"{path} is no recipe: it must hold name, seq_length, tokens and mix, or name and stages")
    for change in changes:
        _change(content, change)
    return recipe_of(content, str(path), path.parent, store)


def recipe_of(content: dict[str, Any], where: str, folder: Path, store: Path | None = None) -> Recipe:
    """The recipe that a file `where` in a folder holds; completes `content` in place.

    UsageError that names the first field that cannot be meant.
    """
    try:
        for component in _components(content):
            _complete(component, _store_of(component, content, store), folder)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    return checked_recipe(content, where)


def _change(content: dict[str, Any], change: str) -> None:
    """Make a change `PLACE=VALUE` in the content of a recipe; UsageError where there is no such place."""
    place, separator, text = change.partition("=")
    if not separator or not place:
        raise UsageError(f"--set {change!r} must be PLACE=VALUE, for example --set stages.0.tokens=1M")
    *path, last = place.split(".")
    inside: Any = content
    for name in path:
        inside = inside.setdefault(name, {}) if isinstance(inside, dict) else _item(inside, name, change)
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        value = text
    if isinstance(inside, dict):
        inside[last] = value
    else:
        _item(inside, last, change)
        inside[int(last)] = value


def _item(inside: Any, name: str, change: str) -> Any:
    if not isinstance(inside, list):
        raise UsageError(f"--set {change}: there is nothing in which {name} could be")
    if not name.isdecimal() or int(name) >= len(inside):
        raise UsageError(f"--set {change}: {name} must be a number from 0 to {len(inside) - 1} here")
    return inside[int(name)]


def _components(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All that looks like a component of a mixture in the content of a recipe."""
    stages = content.get("stages")
    places = [content, *(stages if isinstance(stages, list) else [])]
    mixes = [place.get("mix") for place in places if isinstance(place, dict)]
    return [component for mix in mixes if isinstance(mix, list) for component in mix if isinstance(component, dict)]


def _store_of(component: Mapping[str, Any], content: Mapping[str, Any], store: Path | None) -> Path | None:
    """The store that a corpus is in: the one that is named, else the default where the recipe itself ingests it."""
    if store is not None or not isinstance(content.get("ingest"), list):
        return store
    ingested = [corpus.get("name") for corpus in content["ingest"] if isinstance(corpus, dict)]
    return STORE if component.get("corpus") in ingested else None


def _complete(component: dict[str, Any], store: Path | None, folder: Path) -> None:
    """Take a corpus from its store, settings from their preset, and wordings from their file."""
    if store is not None and isinstance(component.get("corpus"), str):
        component.setdefault("name", Path(component["corpus"]).name)
        component["corpus"] = str(store / component["corpus"])
    if "task" in component and "preset" in component:
        task, preset = str(component["task"]), str(component.pop("preset"))
        component.setdefault("name", f"{task}-{preset}")
        component["settings"] = {**preset_settings(task, preset), **(component.get("settings") or {})}
    if isinstance(component.get("templates"), str):
        component["templates"] = read_templates(folder / component["templates"])


def checked_recipe(content: dict[str, Any], where: str) -> Recipe:
    """The recipe of this content; UsageError that names the first field that cannot be meant."""
    try:
        return Recipe.model_validate(content)
    except pydantic.ValidationError as error:
        problem = error.errors()[0]
        named = "stages" in content
        loc = [part for part in problem["loc"] if part not in TAGS]
        place = ".".join(map(str, loc if named or loc[:1] != ["stages"] else loc[2:]))
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            close = get_close_matches(str(loc[-1]), _FIELDS, 1)
            message = "is no field of a recipe" + (f". Did you mean {close[0]}?" if close else "")
        raise UsageError(f"{where}: {f'{place}: ' if place else ''}{message}") from None


def recipe_yaml(recipe: Recipe, output: str | None = None) -> str:
    """The whole recipe with all defaults, as a file holds it, and the folder to make where one is named."""
    content = recipe.model_dump(mode="json") | ({} if output is None else {"output": output})
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
