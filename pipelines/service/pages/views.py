"""Templates of the pages, and what they ask of runs and schedules."""

from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..runs import Run

_FOLDER = files("lcdata.pipelines.service.pages").joinpath("templates")


def _ago(moment: datetime | None) -> str:
    """How long ago something was, or in how long it will be."""
    if moment is None:
        return ""
    seconds = (datetime.now(UTC) - moment).total_seconds()
    return f"{duration(seconds)} ago" if seconds >= 0 else f"in {duration(-seconds)}"


def duration(seconds: float | None) -> str:
    """A time in its two largest units."""
    if seconds is None:
        return ""
    whole = round(seconds)
    for size, unit, smaller_size, smaller in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // smaller_size
            return f"{whole // size} {unit} {rest} {smaller}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"


def _took(run: Run) -> str:
    if run.started is None:
        return ""
    return duration(((run.ended or datetime.now(UTC)) - run.started).total_seconds())


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(" ", "minutes")


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(str(_FOLDER)),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(ago=_ago, duration=duration, took=_took, moment=_moment)


def render(template: str, **known: Any) -> str:
    """A page, or a part of one; all text in it is escaped."""
    return _ENVIRONMENT.get_template(f"{template}.html").render(known)
