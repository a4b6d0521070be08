"""YAML as people write it, read strictly: what readers take differently is an error that names its line."""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from .errors import UsageError

Place = tuple[str | int, ...]
"""Where something stands: the keys and indices on the way to it."""

_MAX_BYTES = 1 << 20
_CORE = {
    "null": (r"~|null|Null|NULL|", "~nN\0"),
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?(?:0|[1-9][0-9_]*)", "-+0123456789"),
    "float": (r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan", "-+.0123456789"),
    "octal": (r"[-+]?0[0-9_]+", "-+0"),
    "merge": (r"<<", "<"),
}
"""What plain words may mean, and how they begin: YAML 1.2's core schema, where `yes` and dates are text."""


@dataclass(frozen=True)
class YamlText:
    """What a YAML text holds, and on which lines."""

    content: Any
    lines: dict[Place, int] = field(default_factory=dict[Place, int])

    def line(self, place: Place) -> int | None:
        """The line of a place, counted from 1, or of what holds it; None where no line is known."""
        for end in range(len(place), -1, -1):
            if place[:end] in self.lines:
                return self.lines[place[:end]]
        return None


def parse_yaml(text: bytes | str, where: str) -> YamlText:
    """What a YAML text holds; UsageError, which begins with `where` and the line, for what may mean two things."""
    if len(text) > _MAX_BYTES:
        raise UsageError(f"{where} is larger than a megabyte: name a file that was written by hand")
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return YamlText(None)
        lines: dict[Place, int] = {}
        _read_places(node, (), lines, set())
        return YamlText(loader.construct_document(node), lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise UsageError(f"{where}{line}: {_in_words(error)}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{where} is not YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise UsageError(f"{where} is nested too deeply to be read: name a file that was written by hand") from None


def parse_value(text: str) -> Any:
    """The value that a person writes on the command line, in YAML; the text itself where it is none."""
    try:
        return parse_yaml(text, "value").content
    except UsageError:
        return text


class _Loader(yaml.SafeLoader):
    """Reads YAML 1.2's words, each of which means one thing."""


def _refuse_octal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> None:
    cure = f"write {node.value.lstrip('+-0') or '0'}, or '{node.value}' as text"
    raise yaml.constructor.ConstructorError(
        problem=f"{node.value} is octal to some readers and decimal to others: {cure}", problem_mark=node.start_mark
    )


_Loader.yaml_implicit_resolvers = {}
for _kind, (_pattern, _begins) in _CORE.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(f"(?:{_pattern})$"), list(_begins))
_Loader.yaml_implicit_resolvers[""] = _Loader.yaml_implicit_resolvers.pop("\0")
_Loader.add_constructor("tag:yaml.org,2002:octal", _refuse_octal)


def _read_places(node: yaml.Node, place: Place, lines: dict[Place, int], read: set[int]) -> None:
    """Note the line of every place, once where aliases repeat it; ConstructorError where a mapping has a key twice."""
    lines.setdefault(place, node.start_mark.line + 1)
    if id(node) in read:
        return
    read.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _read_places(item, (*place, index), lines, read)
    elif isinstance(node, yaml.MappingNode):
        own: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in own:
                raise yaml.constructor.ConstructorError(
                    problem=f"{key.value} is given again, first on line {own[key.value]}: leave one of them out",
                    problem_mark=key.start_mark,
                )
            own[key.value] = lines[*place, key.value] = key.start_mark.line + 1
            _read_places(value, (*place, key.value), lines, read)


def _in_words(error: yaml.MarkedYAMLError) -> str:
    problem = " ".join((error.problem or error.context or "").split())
    if "'\\t'" in problem:
        return "a tab: YAML wants blanks here"
    return problem if isinstance(error, yaml.constructor.ConstructorError) else f"is not YAML: {problem}"
