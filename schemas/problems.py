"""What is wrong with what people write, in their words instead of the validator's."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from .yaml_text import Place


class ClashError(ValueError):
    """Fields that cannot go together, raised by what holds them; `place` leads from there to the one to look at."""

    def __init__(self, message: str, *place: str | int) -> None:
        super().__init__(message)
        self.place = place


_WANTED = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "finite_number": "a finite number",
    "bool": "true or false",
    "tuple": "a list in square brackets",
    "list": "a list in square brackets",
    "dict": "fields in braces, {name: value}",
    "mapping": "fields in braces, {name: value}",
    "model": "fields in braces, {name: value}",
    "dataclass": "fields in braces, {name: value}",
}
"""What is wanted where another type was given, by how pydantic's names of such errors begin."""
_BOUNDS = {"greater_than_equal": "ge", "greater_than": "gt", "less_than_equal": "le", "less_than": "lt"}
_BOUND_WORDS = {"ge": "{:g} or more", "gt": "more than {:g}", "le": "{:g} or less", "lt": "less than {:g}"}
_MAX_CHARS = 60


def reason(problem: "ErrorDetails") -> str:
    """Why a value cannot be meant, to be put behind its name: `must be a whole number, got 'yes'`.

    problem: one of `pydantic.ValidationError.errors()`.
    """
    kind, value = problem["type"], problem["input"]
    context: Mapping[str, object] = problem.get("ctx", {})
    if kind in ("missing", "missing_argument", "missing_keyword_only_argument"):
        return "is missing"
    if kind in ("value_error", "assertion_error"):
        text = problem["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        return text[:1].lower() + text[1:] if text.startswith("Must ") else text
    if kind == "literal_error":
        options = [option.strip("' ") for option in str(context["expected"]).replace(" or ", ",").split(",")]
        return f"must be {_any_of(options)}, got {_short(value)}"
    if kind == "too_short":
        least = context.get("min_length")
        return "must not be empty" if least == 1 else f"must hold {least} or more"
    if kind in _BOUNDS:
        name = _BOUNDS[kind]
        return f"must be {_BOUND_WORDS[name].format(context[name])}, got {_short(value)}"
    if kind == "string_type" and isinstance(value, int | float):
        return f"must be text: write '{value}' in quotes"
    for begin, wanted in _WANTED.items():
        if kind.startswith(f"{begin}_") or kind == begin:
            return f"must be {wanted}, got {_short(value)}"
    text = problem["msg"].removeprefix("Input should ")
    return f"must {text}, got {_short(value)}" if text != problem["msg"] else f"{text[:1].lower()}{text[1:]}"


def clashing(problem: "ErrorDetails") -> "Place":
    """The way from what was checked to the field of a `ClashError`; empty where the problem is another one."""
    context: Mapping[str, object] = problem.get("ctx", {})
    error = context.get("error")
    return error.place if isinstance(error, ClashError) else ()


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """What to add to an error about an unknown word: ` Did you mean 'kv'?`, or nothing where no known word is near."""
    near = get_close_matches(word, known, n=1, cutoff=0.5)
    return f" Did you mean {near[0]!r}?" if near else ""


def _any_of(options: list[str]) -> str:
    *others, last = options
    return f"{', '.join(others)} or {last}" if others else last


def _short(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    text = repr(value)
    return text if len(text) <= _MAX_CHARS else f"{text[: _MAX_CHARS - 1]}…"
