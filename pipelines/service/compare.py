"""What changed between two runs of a schedule."""

from collections.abc import Mapping, Sequence
from difflib import unified_diff
from typing import Any

from pydantic import BaseModel

from .runs import Run, StepRecord


class Change(BaseModel):
    """A figure of two runs."""

    name: str
    before: str
    now: str


class Changes(BaseModel):
    """What differs from the run before."""

    before: str
    """Id of the run before."""
    figures: list[Change]
    """Figures that differ."""
    recipe: list[str]
    """Lines of both recipes that differ, in unified form."""


def changes(before: Run, now: Run, steps_before: Sequence[StepRecord], steps_now: Sequence[StepRecord]) -> Changes:
    """What differs between a run and the one before it."""
    figures = [
        Change(name=name, before=str(old), now=str(new))
        for name, old, new in (
            ("state", before.state, now.state),
            ("fingerprint", (before.fingerprint or "")[:12], (now.fingerprint or "")[:12]),
            ("tokens", _number(before.tokens), _number(now.tokens)),
            (
                "rows",
                _number(_found(steps_before, "build").get("rows")),
                _number(_found(steps_now, "build").get("rows")),
            ),
        )
        if old != new
    ]
    old_recipe, new_recipe = (str(_found(steps, "resolve").get("recipe", "")) for steps in (steps_before, steps_now))
    lines = unified_diff(old_recipe.splitlines(), new_recipe.splitlines(), before.id, now.id, lineterm="", n=2)
    return Changes(before=before.id, figures=figures, recipe=list(lines))


def _found(steps: Sequence[StepRecord], name: str) -> Mapping[str, Any]:
    return next((step.found for step in steps if step.name == name), {})


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else ""
