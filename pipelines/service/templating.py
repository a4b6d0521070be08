"""Filling in when and as what a recipe is run: `{{ fire_date }}`, `{{ fire_time }}`, `{{ run_id }}` and nothing else.

Only names and a few filters are understood. A recipe may come from a stranger, and what has loops can take forever.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ...schemas.errors import UsageError
from ...schemas.problems import did_you_mean

_MEANT = re.compile(r"\{\{-?\s*[A-Za-z_]\w*\s*(\||-?\}\})|\{%|\{#")
"""What is meant for us; other braces are a wording's own."""
_KNOWN_NODES = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Filter, nodes.Const)
_MAX_FORMAT = 64


def _date(value: object, form: str = "%Y-%m-%d") -> str:
    """A moment as text, by the signs of `strftime`."""
    if len(form) > _MAX_FORMAT:
        raise ValueError("the form of a date is too long")
    return datetime.fromisoformat(str(value)).strftime(form)


_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
_ENVIRONMENT.filters.clear()
_ENVIRONMENT.filters.update(date=_date, lower=str.lower)
_ENVIRONMENT.globals.clear()


def values(run: str, fire: datetime) -> dict[str, object]:
    """What can be filled in of a run: `fire` is in the schedule's time zone."""
    return {"run_id": run, "fire_time": fire.isoformat(timespec="seconds"), "fire_date": int(f"{fire:%Y%m%d}")}


def filled_in(text: str, known: Mapping[str, object], where: str) -> str:
    """The text with its places filled in; UsageError, which begins with `where`, for what is not known."""
    if not _MEANT.search(text):
        return text
    try:
        parsed = _ENVIRONMENT.parse(text)
        _check(parsed, known, where)
        return _ENVIRONMENT.from_string(parsed).render(known)
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        at = f"{where}:{line}" if line else where
        raise UsageError(f"{at}: {error}; braces of your own are {{{{ '{{{{' }}}}") from None
    except (ValueError, TypeError) as error:
        raise UsageError(f"{where}: {error}") from None


def _check(parsed: nodes.Template, known: Mapping[str, object], where: str) -> None:
    for node in _all(parsed):
        if isinstance(node, nodes.Name) and node.name not in known:
            names = ", ".join(known)
            raise UsageError(
                f"{where}:{node.lineno}: nothing is called {node.name!r}.{did_you_mean(node.name, known)} "
                f"Known: {names}; braces of your own are {{{{ '{{{{' }}}}"
            )
        if not isinstance(node, _KNOWN_NODES):
            kind = type(node).__name__.lower()
            raise UsageError(
                f"{where}:{node.lineno}: {kind} is not understood here: write a name, or name | date('%Y')"
            )


def _all(node: nodes.Node) -> list[nodes.Node]:
    return [node, *(inner for child in node.iter_child_nodes() for inner in _all(child))]
