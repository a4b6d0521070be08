"""Recipes out of content that a person wrote: every mistake with its place, and where it should go instead."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pydantic
from pydantic_core import ErrorDetails

from ...generators.registry import build_task, settings_schema, tasks
from ...schemas.corpus import Fields, IngestRecipe
from ...schemas.errors import UsageError
from ...schemas.gates import QualityGates
from ...schemas.mix import TAGS, CorpusComponent, TaskComponent
from ...schemas.problems import clashing, did_you_mean, reason
from ...schemas.recipe import Recipe
from ...schemas.stage import FIELDS, Stage
from ...schemas.tokens import TokenizerChoice
from ...schemas.upsample import Upsample
from ...schemas.yaml_text import Place

_HOLDERS: Mapping[str, tuple[str, type[pydantic.BaseModel]]] = {
    "": ("the recipe", Recipe),
    "stages": ("a stage", Stage),
    TAGS[0]: ("a task in mix", TaskComponent),
    TAGS[1]: ("a corpus in mix", CorpusComponent),
    "upsample": ("upsample", Upsample),
    "tokenizer": ("tokenizer", TokenizerChoice),
    "ingest": ("a corpus in ingest", IngestRecipe),
    "fields": ("fields of a corpus in ingest", Fields),
    "gates": ("gates", QualityGates),
}
"""What holds fields, by the last name on the way to it: how it is called, and what it may hold."""

_IN_A_WORD = {"upsample": "strategy", "tokenizer": "source", "fields": "text"}
"""What is meant where one word is written instead of fields."""


@dataclass(frozen=True)
class Origin:
    """Where the content of a recipe was written."""

    name: str
    """The file, or what else an error begins with."""
    line: Callable[[Place], int | None] = lambda place: None
    """The line of a place in the file."""
    changed: tuple[Place, ...] = ()
    """Places that the command line changed."""

    def at(self, place: Place) -> str:
        """How an error about a place begins: `mix.yaml:7`."""
        for changed in self.changed:
            if place and (place[: len(changed)] == changed or changed[: len(place)] == place):
                return f"{self.name} with --set {'.'.join(map(str, changed))}"
        line = self.line(place)
        return self.name if line is None else f"{self.name}:{line}"


def checked_recipe(content: Mapping[str, Any], origin: Origin) -> Recipe:
    """The recipe of this content; UsageError that names the first field that cannot be meant, with its line."""
    try:
        recipe = Recipe.model_validate(content)
    except pydantic.ValidationError as error:
        problem = error.errors()[0]
        place = tuple(part for part in problem["loc"] if part not in TAGS and part != "[key]")
        in_stages = place[:1] == ("stages",) and "stages" not in content
        place = place[2:] if in_stages else place
        named = f"{'.'.join(map(str, place))}: " if place else ""
        where = origin.at((*place, *clashing(problem)))
        raise UsageError(f"{where}: {named}{_in_words(problem, content, place)}") from None

    corpora: dict[str, str] = {}
    for number, stage in enumerate(recipe.stages):
        for index, component in enumerate(stage.mix):
            where = origin.at(("mix", index) if "stages" not in content else ("stages", number, "mix", index))
            if isinstance(component, TaskComponent):
                _check_settings(component, where)
            else:
                corpora.setdefault(component.corpus, where)
    recipe.write_down(corpora)
    return recipe


def _check_settings(component: TaskComponent, where: str) -> None:
    """Raise UsageError where a task's settings cannot be meant."""
    try:
        build_task(component.task, component.settings, component.split)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None


def _in_words(problem: ErrorDetails, content: Mapping[str, Any], place: Place) -> str:
    names = [str(part) for part in problem["loc"] if not isinstance(part, int)]
    holder = names[-2] if len(names) > 1 else ""
    if problem["type"] == "extra_forbidden":
        return _misplaced(str(place[-1]), holder, _at(content, place[:-1]))
    if problem["type"] == "missing" and holder == TAGS[1] and names[-1] == "corpus":
        return "is missing: a part of mix is task: NAME with a length, or corpus: NAME"
    if names and names[-1] in _IN_A_WORD and problem["type"] == "model_type":
        return f"{reason(problem)}: write {names[-1]}: {{{_IN_A_WORD[names[-1]]}: {problem['input']}}}"
    return reason(problem)


def _misplaced(name: str, holder: str, inside: Any) -> str:
    """Where a field should go that what holds it has not, or which one may be meant."""
    where, model = _HOLDERS.get(holder, _HOLDERS[""])
    task = inside.get("task") if isinstance(inside, dict) else None
    settings = settings_schema(str(task))["properties"] if task in tasks() else {}
    if name in settings:
        return f"is a setting of {task}: put it under settings, settings: {{{name}: …}}"
    own = {*model.model_fields, *(FIELDS if model is Recipe else ()), *(["preset"] if model is TaskComponent else ())}
    if owners := [owner for owner, other in _HOLDERS.values() if name in other.model_fields]:
        return f"is no field of {where}, but of {' or of '.join(owners)}: move it there"
    if near := did_you_mean(name, own):
        return f"is no field of {where}.{near}"
    near = did_you_mean(name, {*settings, *(field for _, other in _HOLDERS.values() for field in other.model_fields)})
    return f"is no field of {where}{'.' if near else ''}{near}"


def _at(content: Any, place: Place) -> Any:
    """What stands at a place, None where nothing does."""
    for part in place:
        try:
            content = content[part]
        except (KeyError, IndexError, TypeError):
            return None
    return content
