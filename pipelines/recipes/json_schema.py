"""JSON Schema of recipes as people write them, for editors that complete and check YAML."""

from typing import Any

from ...generators.registry import settings_schema, task_class, tasks
from ...schemas.recipe import Recipe
from ...schemas.stage import FIELDS

_INHERITED = ("seed", "number")
"""Fields that a stage has from its recipe and must not say itself."""


def recipe_schema() -> dict[str, Any]:
    """The schema of a recipe, with the settings and presets of every task."""
    schema = Recipe.model_json_schema()
    definitions: dict[str, Any] = schema["$defs"]
    stage, component = definitions["Stage"]["properties"], definitions["TaskComponent"]["properties"]
    for name in _INHERITED:
        del stage[name]
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["properties"] |= {name: value for name, value in stage.items() if name in FIELDS}
    schema["patternProperties"] = {"^x-": {"description": "Anything: what YAML anchors are put on."}}
    schema["required"] = ["name"]
    schema["anyOf"] = [{"required": ["stages"]}, {"required": ["seq_length", "mix"]}]
    component["task"]["enum"] = list(tasks())
    component["preset"] = {"type": "string", "description": "Settings that a benchmark uses; `settings` change them."}
    component["templates"] = {"anyOf": [component["templates"], {"type": "string", "description": "A YAML file."}]}
    definitions["TaskComponent"]["allOf"] = [_of_task(name, definitions) for name in tasks()]
    for model in ("TaskComponent", "CorpusComponent", "Stage", "IngestRecipe"):
        definitions[model]["required"] = [name for name in definitions[model]["required"] if name not in _INHERITED]
    return schema


def _of_task(name: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of what a component of a task may say: its settings and presets."""
    settings = settings_schema(name)
    definitions.update(settings.pop("$defs", {}))
    presets = list(task_class(name).presets)
    properties: dict[str, Any] = {"settings": {**settings, "required": []}}
    if presets:
        properties["preset"] = {"enum": presets}
    return {"if": {"properties": {"task": {"const": name}}}, "then": {"properties": properties}}
