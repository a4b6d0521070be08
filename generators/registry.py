"""The tasks that exist: every module of this folder that defines one. The folder is the registry."""

import importlib
import json
import pkgutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from ..schemas.errors import UsageError
from ..schemas.problems import did_you_mean, reason
from ..schemas.split import Split
from ..schemas.written import taken_for_another
from .task import Task

_FOLDER = Path(__file__).parent


@cache
def tasks() -> dict[str, type[Task]]:
    """Task classes by name, in alphabetical order."""
    found: dict[str, type[Task]] = {}
    for module in pkgutil.iter_modules([str(_FOLDER)]):
        found |= _tasks_in(module.name)
    return dict(sorted(found.items()))


def _tasks_in(module: str) -> dict[str, type[Task]]:
    """Task classes by name that a module of this folder defines or imports."""
    members = vars(importlib.import_module(f".{module}", __package__)).values()
    kinds = [kind for kind in members if isinstance(kind, type) and issubclass(kind, Task) and kind is not Task]
    return {kind.name: kind for kind in kinds}


def task_class(name: str) -> type[Task]:
    """The class of a task; UsageError with the nearest name when there is none."""
    if name.isidentifier() and (_FOLDER / f"{name}.py").is_file():  # the others need not be loaded
        found = _tasks_in(name)
        if name in found:
            return found[name]
    known = tasks()
    if name not in known:
        raise UsageError(f"unknown task {name!r}.{did_you_mean(name, known)} Known: {', '.join(known)}")
    return known[name]


def build_task(name: str, settings: Mapping[str, object], split: Split = "train") -> Task:
    """The task of this name with these settings; UsageError where one of them is unknown or cannot be meant."""
    kind = task_class(name)
    if "split" in settings:
        raise UsageError(f"{name}: split is no setting: write it beside the task, or --split {settings['split']}")
    adapter = TypeAdapter(kind)
    for key, annotation in get_type_hints(kind).items():
        why_not = taken_for_another(settings[key], annotation) if key in settings else None
        if why_not is not None:
            raise UsageError(f"{name}: {key} {why_not}")
    try:
        return adapter.validate_python({**settings, "split": split})
    except ValidationError as error:
        raise UsageError(f"{name}: {_first_problem(error, adapter)}") from None


def preset_settings(name: str, preset: str) -> dict[str, object]:
    """The settings of a task's preset; UsageError with the nearest name when there is none."""
    presets = task_class(name).presets
    if preset not in presets:
        known = f" Known: {', '.join(presets)}" if presets else " It has none: leave it out."
        raise UsageError(f"{name} has no preset {preset!r}.{did_you_mean(preset, presets)}{known}")
    return dict(presets[preset])


def task_settings(task: Task) -> dict[str, object]:
    """All settings of a task, defaults included, as JSON holds them."""
    settings: dict[str, object] = TypeAdapter(type(task)).dump_python(task, mode="json")
    del settings["split"]
    return settings


def stream_name(task: Task) -> str:
    """What streams of a task's samples are named by: the settings that are not its defaults, and the split.

    Samples of other settings or another split therefore share no randomness.
    """
    defaults = task_settings(type(task)())
    chosen = {
        key: value for key, value in task_settings(task).items() if value != defaults[key] and key not in task.files
    }
    return f"{task.name}/{task.split}/{json.dumps(chosen, sort_keys=True)}"


def settings_schema(name: str) -> dict[str, Any]:
    """JSON Schema of a task's settings."""
    schema = TypeAdapter(task_class(name)).json_schema()
    del schema["properties"]["split"]
    return schema


def _first_problem(error: ValidationError, adapter: TypeAdapter[Task]) -> str:
    problem = error.errors()[0]
    key = ".".join(str(part) for part in problem["loc"] if not str(part).startswith("function-"))
    known: dict[str, Any] = adapter.json_schema()["properties"]
    del known["split"]
    if problem["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        return f"unknown setting {key!r}.{did_you_mean(key, known)} Known: {', '.join(known)}"
    why = reason(problem)
    if not key:  # settings that clash: the reason names them
        return why
    return f"{key}: {why}" + ("" if "got" in why or problem["input"] is None else f", got {problem['input']!r}")
