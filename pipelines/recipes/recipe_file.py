"""Recipes from YAML files, with changes from the command line."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ...generators.registry import preset_settings
from ...generators.templates import read_templates
from ...schemas.corpus import CORPUS_MANIFEST
from ...schemas.errors import UsageError
from ...schemas.place import Place, is_url
from ...schemas.recipe import Recipe
from ...schemas.stage import FIELDS
from ...schemas.yaml_text import Place as Position
from ...schemas.yaml_text import parse_value, parse_yaml
from .checked import Origin, checked_recipe
from .nearby import nearby, nearby_inputs

STORE = Path("store")
"""Where corpora are put, beside the recipe's file, unless another store is named."""


def read_recipe(path: Path, store: Place | None = None, changes: Sequence[str] = ()) -> Recipe:
    """The recipe in a file, its corpora taken from a store where one is named; UsageError with the line of a mistake.

    Changes are `seed=3` or `stages.0.tokens=1M`: a place in the file and what stands there instead, in YAML. Paths are
    relative to the file's folder, those of changes to the current one.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}): name a recipe in YAML") from None
    return recipe_in(text, path, store, changes)


def recipe_in(text: bytes | str, path: Path, store: Place | None = None, changes: Sequence[str] = ()) -> Recipe:
    """The recipe in a text that stands for what a file holds; raises as `read_recipe`."""
    read = parse_yaml(text, str(path))
    if not isinstance(read.content, dict):
        raise UsageError(f"{path} is no recipe: it must hold name, seq_length, tokens and mix, or name and stages")
    content: dict[str, Any] = read.content
    _resolve_paths(content, path.parent)
    origin = Origin(str(path), read.line, tuple(_change(content, change) for change in _distinct(changes)))
    return _recipe(content, origin, path.parent, store)


def recipe_of(content: dict[str, Any], where: str, folder: Path, store: Place | None = None) -> Recipe:
    """The recipe of content that `where` names, with paths relative to a folder; completes `content` in place.

    UsageError that names the first field that cannot be meant.
    """
    _resolve_paths(content, folder)
    return _recipe(content, Origin(where), folder, store)


def store_beside(recipe: Path) -> Path:
    """Where a recipe's corpora are put when no store is named."""
    return recipe.parent / STORE


def _recipe(content: dict[str, Any], origin: Origin, folder: Path, store: Place | None) -> Recipe:
    for name in [name for name in content if str(name).startswith("x-")]:
        del content[name]
    for place, component in _components(content):
        try:
            _complete(component, folder, _store_of(component, content, folder, store))
        except UsageError as error:
            raise UsageError(f"{origin.at(place)}: {error}") from None
    return checked_recipe(content, origin)


def _distinct(changes: Sequence[str]) -> Sequence[str]:
    """The changes; UsageError where two are of one place, or one is none."""
    places = [change.partition("=")[0] for change in changes]
    for place, change in zip(places, changes, strict=True):
        if not place or "=" not in change:
            raise UsageError(f"--set {change!r} must be PLACE=VALUE, for example --set stages.0.tokens=1M")
        if places.count(place) > 1:
            raise UsageError(f"--set {place} is given {places.count(place)} times: give it once")
    return changes


def _change(content: dict[str, Any], change: str) -> Position:
    """Make a change `PLACE=VALUE` in the content of a recipe; returns the place, UsageError where none is there."""
    written, _, text = change.partition("=")
    names = _place_in(content, written.split("."), change)
    inside: Any = content
    place: list[str | int] = []
    for name in names[:-1]:
        if isinstance(inside, list):
            _check_index(inside, name, change)
            place.append(int(name))
            inside = inside[int(name)]
        elif isinstance(inside, dict):
            place.append(name)
            inside = inside.setdefault(name, {})
        else:
            break
    last = names[-1]
    if isinstance(inside, dict):
        inside[last] = parse_value(text)
        return (*place, last)
    _check_index(inside, last, change)
    inside[int(last)] = parse_value(text)
    return (*place, int(last))


def _place_in(content: Mapping[str, Any], names: list[str], change: str) -> list[str]:
    """Where a place is in a recipe of one stage, which may be written with the stage or without."""
    stages = content.get("stages")
    if stages is None and names[0] == "stages":
        if names[1:2] != ["0"] or len(names) < 3:
            raise UsageError(f"--set {change}: the recipe has one stage: name a field of stages.0")
        return names[2:]
    if isinstance(stages, list) and names[0] in FIELDS:
        if len(stages) > 1:
            raise UsageError(f"--set {change}: say of which stage, stages.0.{names[0]} to stages.{len(stages) - 1}")
        return ["stages", "0", *names]
    return names


def _check_index(inside: Any, name: str, change: str) -> None:
    if not isinstance(inside, list):
        raise UsageError(f"--set {change}: there is nothing in which {name} could be")
    if not name.isdecimal() or int(name) >= len(inside):
        raise UsageError(f"--set {change}: {name} must be a number from 0 to {len(inside) - 1} here")


def _components(content: Mapping[str, Any]) -> list[tuple[Position, dict[str, Any]]]:
    """All that looks like a component of a mixture in the content of a recipe, with its place."""
    stages = content.get("stages")
    mixes: list[tuple[Position, Any]] = [(("mix",), content.get("mix"))]
    for number, stage in enumerate(stages if isinstance(stages, list) else []):
        if isinstance(stage, dict):
            mixes.append((("stages", number, "mix"), stage.get("mix")))
    return [
        ((*place, number), component)
        for place, mix in mixes
        if isinstance(mix, list)
        for number, component in enumerate(mix)
        if isinstance(component, dict)
    ]


def _resolve_paths(content: dict[str, Any], folder: Path) -> None:
    """Make the paths of files that a recipe names be seen from the current folder instead of the recipe's."""
    ingests = content.get("ingest")
    for ingest in ingests if isinstance(ingests, list) else []:
        if isinstance(ingest, dict) and isinstance(ingest.get("inputs"), list):
            ingest["inputs"] = [nearby_inputs(name, folder) for name in ingest["inputs"]]
    for holder in (content.get("tokenizer"), *(component.get("settings") for _, component in _components(content))):
        for name in ("source", "chat_template", "corpus", "file"):
            if isinstance(holder, dict) and isinstance(holder.get(name), str):
                holder[name] = nearby(holder[name], folder)
    for _, component in _components(content):
        if isinstance(component.get("templates"), str):
            component["templates"] = str(folder / component["templates"])


def _store_of(
    component: Mapping[str, Any], content: Mapping[str, Any], folder: Path, store: Place | None
) -> Place | None:
    """The store that a corpus is in: the one that is named, else that beside the recipe if it is or will be there."""
    if store is not None:
        return store
    ingests = content.get("ingest")
    ingested = (
        [corpus.get("name") for corpus in ingests if isinstance(corpus, dict)] if isinstance(ingests, list) else []
    )
    name, beside = component.get("corpus"), folder / STORE
    is_there = isinstance(name, str) and (beside / name / CORPUS_MANIFEST).is_file() and not (folder / name).exists()
    return beside if is_there or name in ingested else None


def _complete(component: dict[str, Any], folder: Path, store: Place | None) -> None:
    """Take a corpus from its store, settings from their preset, and wordings from their file."""
    if store is not None and isinstance(component.get("corpus"), str) and not is_url(component["corpus"]):
        component.setdefault("name", Path(component["corpus"]).name)
        component["corpus"] = str(store / component["corpus"])
    elif isinstance(component.get("corpus"), str):
        component.setdefault("name", Path(component["corpus"]).name)
        component["corpus"] = nearby(component["corpus"], folder)
    if "task" in component and "preset" in component:
        task, preset = str(component["task"]), str(component.pop("preset"))
        component.setdefault("name", f"{task}-{preset}")
        component["settings"] = {**preset_settings(task, preset), **(component.get("settings") or {})}
    if isinstance(component.get("templates"), str):
        component["templates"] = read_templates(Path(component["templates"]))


def recipe_yaml(recipe: Recipe, output: str | None = None) -> str:
    """The whole recipe with all defaults, as a file holds it, and the folder to make where one is named.

    Its gates are left out, which say nothing about what is made.
    """
    content = recipe.model_dump(mode="json") | ({} if output is None else {"output": output})
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
