"""The service for whoever gives a command: opened with its folder, and what is said of schedules and runs."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....schemas.errors import UsageError
from ....schemas.problems import reason
from .console import console, pairs

if TYPE_CHECKING:
    from ....schemas.events.scheduled import RunShown, ScheduleShown
    from ...service.book import Book
    from ...service.schedule import Order, Schedule

_NEEDED = ("dbos", "fastapi", "uvicorn", "prometheus_client")
_COLORS = {"built": "green", "unchanged": "green", "failed": "red", "refused": "red", "running": "cyan"}


def check_installed() -> None:
    """Raise UsageError where what the service needs is not installed."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(f"the service needs {', '.join(missing)}: pip install 'lcdata[serve]'")


@contextmanager
def open_book(folder: Path) -> Generator[Book]:
    """The book of a service's folder, made where there is none."""
    check_installed()
    from ...service.book import Book
    from ...service.database import connected, database_url
    from ...service.settings import service_folder

    place = service_folder(folder)
    with connected(place, database_url(place)) as client:
        yield Book(client)


def new_order(recipe: Path, changes: Sequence[str], gates: Sequence[str], **options: Any) -> Order:
    """An order of a recipe that can be built, as far as can be told now; UsageError that names what cannot be meant."""
    from ...service.schedule import Order

    order = _checked(Order, _content(recipe, changes, gates, options))
    _try(order)
    return order


def new_schedule(recipe: Path, changes: Sequence[str], gates: Sequence[str], **options: Any) -> Schedule:
    """A schedule of a recipe that can be built; UsageError that names what cannot be meant."""
    from ...service.context import real_time
    from ...service.schedule import Schedule

    schedule = _checked(Schedule, {**_content(recipe, changes, gates, options), "since": real_time()})
    _try(schedule)
    return schedule


def _content(recipe: Path, changes: Sequence[str], gates: Sequence[str], options: dict[str, Any]) -> dict[str, Any]:
    from ....schemas.yaml_text import parse_value

    pairs_of_gates = [gate.partition("=") for gate in gates]
    for gate, (name, separator, _) in zip(gates, pairs_of_gates, strict=True):
        if not name or not separator:
            raise UsageError(f"--gate {gate!r} must be NAME=VALUE, for example --gate min_fill=99%")
    given = {name: value for name, value in options.items() if value is not None}
    return {
        "recipe": str(recipe.expanduser().absolute()),
        "changes": list(changes),
        "gates": {name: parse_value(value) for name, _, value in pairs_of_gates},
        **given,
    }


def _checked(kind: type[Any], content: dict[str, Any]) -> Any:
    import pydantic

    try:
        return kind.model_validate(content)
    except pydantic.ValidationError as error:
        problem = error.errors()[0]
        name = str(problem["loc"][0])
        option = "NAME" if name == "name" else f"--{name.replace('_', '-')}"
        raise UsageError(f"{option} {reason(problem)}") from None


def _try(order: Order) -> None:
    """Read the recipe as it would be read now, so that a mistake is told at once."""
    from ...service.context import real_time
    from ...service.resolve import gates_of, read_order
    from ...service.templating import values

    gates_of(read_order(order, values("run", real_time())), order)


def checked_owner(name: str) -> str:
    """A schedule's name; UsageError where it cannot be one."""
    from ...service.schedule import checked_name

    try:
        return checked_name(name)
    except ValueError as error:
        raise UsageError(f"--as {error}") from None


def checked_zone(tz: str) -> None:
    """Raise UsageError where there is no such time zone."""
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(tz)
    except (KeyError, ValueError, OSError):
        raise UsageError(f"--tz must be a time zone such as Europe/Berlin, got {tz!r}") from None


def write_new(path: Path, text: str) -> None:
    """Write a small file; UsageError where something has its name."""
    from ...run.files import write_whole

    if path.exists():
        raise UsageError(f"{path} exists already: remove it, or name another folder with --out")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}: make it, or name another one with --out")
    write_whole(path, text.encode())


def print_schedules(shown: Sequence[ScheduleShown]) -> None:
    """Print a line for each schedule."""
    if not shown:
        console().print("no schedules yet: lcdata schedule add NAME RECIPE --cron '0 3 * * *'", markup=False)
        return
    _print_table(
        ("name", "when", "zone", "next", "last", "recipe"),
        [
            (
                each.name,
                each.cron,
                each.tz,
                _moment(each.next[0]) if each.next else "paused",
                _moment(each.last),
                each.recipe,
            )
            for each in shown
        ],
    )


def print_schedule(each: ScheduleShown) -> None:
    """Print all that is known of a schedule."""
    told = each.model_dump(exclude={"event", "next", "last", "active"})
    lines = {
        name: " ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in told.items()
        if value not in (None, [], {}, 0)
    }
    following = ", ".join(map(_moment, each.next))
    pairs({**lines, "last": _moment(each.last), "next": following if each.active else "paused"})


def print_runs(shown: Sequence[RunShown]) -> None:
    """Print a line for each run."""
    if not shown:
        console().print("no runs yet", markup=False)
        return
    _print_table(
        ("run", "state", "took", "what came of it"),
        [(run.id, f"[{_COLORS.get(run.state, 'default')}]{run.state}[/]", took(run), run.message) for run in shown],
        marked=1,
    )


def took(run: RunShown) -> str:
    """How long a run took, or takes since."""
    if run.started is None:
        return ""
    end = run.ended or datetime.now(run.started.tzinfo)
    seconds = (end - run.started).total_seconds()
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(" ", "seconds")


def _print_table(heads: Sequence[str], rows: Sequence[Sequence[str]], marked: int | None = None) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(cell if number == marked else escape(cell) for number, cell in enumerate(row)))
    console().print(table)
