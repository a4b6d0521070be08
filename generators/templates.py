"""Which wordings a task uses: its own, some of them, or a user's."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from string import Formatter
from typing import Any

from ..schemas.errors import UsageError
from ..schemas.problems import did_you_mean
from ..schemas.yaml_text import parse_yaml
from .task import Task, Template

BENCHMARKS = "seed"
"""The id of a wording that is the benchmark's own or close to it."""


def choose_templates(
    task: Task, own: Sequence[Mapping[str, object]] = (), only: Sequence[str] = ()
) -> Sequence[Template]:
    """The wordings of a task, or a user's `own` in their stead; of these the ones named in `only`, if any are.

    The wording of a benchmark, `seed`, is used where it is named alone, so that training on others does not teach it.
    Raises UsageError where a wording lacks a field or a slot, has an unknown one, or is not there.
    """
    templates = _own_templates(task, own) if own else task.templates
    known = {template.id: template for template in templates}
    for name in only:
        if name not in known:
            raise UsageError(
                f"{task.name} has no template {name!r}.{did_you_mean(name, known)} Known: {', '.join(known)}"
            )
    if only:
        return [known[name] for name in dict.fromkeys(only)]
    return templates if own else [template for template in templates if template.id != BENCHMARKS]


def read_templates(path: Path) -> list[dict[str, object]]:
    """A user's wordings from a YAML file: a list of mappings, see `lcdata tasks NAME --templates`."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(f"--templates {path} cannot be read ({error.strerror}): name a YAML file") from None
    content = parse_yaml(text, f"--templates {path}").content
    if not isinstance(content, list) or not content or not all(isinstance(entry, dict) for entry in content):
        raise UsageError(f"--templates {path} must hold a list of wordings, each with an id and the task's fields")
    return content


def slots_of(pattern: str) -> set[str]:
    """Names of the slots in a pattern: what stands in its braces."""
    return {slot for _, slot, _, _ in Formatter().parse(pattern) if slot is not None}


def _own_templates(task: Task, own: Sequence[Mapping[str, object]]) -> list[Template]:
    templates: list[Template] = []
    for place, entry in enumerate(own):
        name = str(entry.get("id", f"number {place + 1}"))
        template = _own_template(task, entry, f"{task.name}: template {name!r}")
        if any(template.id == other.id for other in templates):
            raise UsageError(f"{task.name}: there are two templates {template.id!r}: give each an id of its own")
        templates.append(template)
    return templates


def _own_template(task: Task, entry: Mapping[str, object], who: str) -> Template:
    kind: Any = type(task.templates[0])
    known = {field.name: field for field in fields(kind)}
    for key, value in entry.items():
        if key not in known:
            raise UsageError(f"{who} has an unknown field {key!r}.{did_you_mean(key, known)} Known: {', '.join(known)}")
        kinds = {type(getattr(template, key)) for template in task.templates}
        if tuple in kinds and isinstance(value, list):
            continue
        if type(value) not in kinds:
            raise UsageError(f"{who}: {key} must be text, got {value!r}")
    missing = [name for name, field in known.items() if name not in entry and field.default is MISSING]
    if missing:
        raise UsageError(f"{who} lacks {missing[0]!r}: start from one of `lcdata tasks {task.name} --templates`")
    for key, value in entry.items():
        if key != "id":
            for pattern in _patterns(value):
                _check_slots(task, key, pattern, who)
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()})


def _patterns(value: object) -> list[str]:
    """The patterns of a field, which holds one or several."""
    return [str(pattern) for pattern in value] if isinstance(value, list | tuple) else [str(value)]


def _check_slots(task: Task, key: str, pattern: str, who: str) -> None:
    """UsageError where a pattern has a slot that no wording of the task has there, or lacks one that all of them have.

    A slot that the class of the wordings calls optional may be left out: it only fits a word to its neighbours.
    """
    try:
        found = slots_of(pattern)
    except ValueError as error:
        raise UsageError(f"{who}: {key} is not a pattern ({error}): write {{{{ and }}}} for braces") from None
    own = [slots_of(other) for template in task.templates for other in _patterns(getattr(template, key))]
    may, must = set[str]().union(*own), set.intersection(*own).difference(getattr(task.templates[0], "optional", ()))
    for slot in sorted(found - may):
        known = ", ".join(f"{{{name}}}" for name in sorted(may)) or "none"
        raise UsageError(f"{who}: {key} has an unknown slot {{{slot}}}. Known there: {known}")
    for slot in sorted(must - found):
        raise UsageError(f"{who}: {key} must contain {{{slot}}}")
