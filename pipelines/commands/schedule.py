"""`lcdata schedule`: what is built again and again, and what was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...schemas.errors import UsageError
from .group import Family, command
from .options import PATH, keep_option, order_options, service_option
from .words.console import console, say
from .words.output import Output
from .words.service import new_schedule, open_book, print_runs, print_schedule, print_schedules, write_new

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_SHOWN_FIRES = 5
ENGINES = ("systemd", "cron", "github", "hf-jobs", "k8s")
"""What schedules can be exported to."""


@click.group(cls=Family)
def schedule() -> None:
    """Build a recipe again and again: at which times, and what was.

    A server (`lcdata serve`) does the work; these commands read and write its schedules whether it runs or not.
    """


@command
@click.argument("name")
@order_options
@click.option("--cron", metavar="CRON", required=True, help="When, such as '0 3 * * *'; six fields begin with seconds.")
@click.option("--tz", metavar="ZONE", default="UTC", show_default=True, help="Time zone, such as Europe/Berlin.")
@click.option(
    "--missed",
    type=click.Choice(["latest", "all", "none"]),
    default="latest",
    show_default=True,
    help="Which fires to make up that come while no server runs.",
)
@click.option(
    "--overlap",
    type=click.Choice(["skip", "queue"]),
    default="skip",
    show_default=True,
    help="What becomes of a fire while a run of it is not over.",
)
@click.option(
    "--jitter", metavar="TIME", default="0", show_default=True, help="Put each run off by up to this, such as 15m."
)
@keep_option
@click.option("--replace", is_flag=True, help="Take the place of a schedule of this name.")
@service_option
def add(output: Output, name: str, service: Path, replace: bool, **options: Any) -> None:
    """Build a recipe at certain times.

    RECIPE is a YAML file that is read at each fire. {{ fire_date }}, {{ fire_time }} and {{ run_id }} are filled in, in
    it and in what `--set` says.
    """
    new = new_schedule(name=name, **options)
    with open_book(service) as book:
        book.add(new, replace)
        shown = book.schedule(name).shown(datetime.now(UTC), _SHOWN_FIRES)
        output.show(shown, lambda: print_schedule(shown))


@command
@service_option
def ls(output: Output, service: Path) -> None:
    """List all schedules with their next fires."""
    with open_book(service) as book:
        shown = [entry.shown(datetime.now(UTC)) for entry in book.schedules()]
        output.show(shown, lambda: print_schedules(shown))


@command
@click.argument("name")
@service_option
def show(output: Output, name: str, service: Path) -> None:
    """Show a schedule and its next fires.

    NAME is one that `lcdata schedule ls` lists.
    """
    with open_book(service) as book:
        shown = book.schedule(name).shown(datetime.now(UTC), _SHOWN_FIRES)
        output.show(shown, lambda: print_schedule(shown))


@command
@click.argument("name")
@service_option
def pause(output: Output, name: str, service: Path) -> None:
    """Let a schedule fire no more, until it is resumed.

    NAME is one that `lcdata schedule ls` lists. Runs that are on their way go on.
    """
    with open_book(service) as book:
        book.pause(name)
        shown = book.schedule(name).shown(datetime.now(UTC))
        output.report(shown, lambda: console().print(f"{name} is paused", markup=False))


@command
@click.argument("name")
@service_option
def resume(output: Output, name: str, service: Path) -> None:
    """Let a paused schedule fire again.

    What NAME would have built meanwhile is not made up; `lcdata schedule backfill` does that.
    """
    with open_book(service) as book:
        book.resume(name)
        shown = book.schedule(name).shown(datetime.now(UTC), _SHOWN_FIRES)
        output.report(shown, lambda: print_schedule(shown))


@command
@click.argument("name")
@service_option
def run_now(output: Output, name: str, service: Path) -> None:
    """Build a schedule's recipe now, besides its fires.

    NAME is one that `lcdata schedule ls` lists. A run of it that is not over is waited for.
    """
    with open_book(service) as book:
        shown = book.run(book.run_now(name))
        output.show(shown, lambda: print_runs([shown]))


@command
@click.argument("name")
@click.argument("start", metavar="FROM")
@click.argument("end", metavar="TO")
@service_option
def backfill(output: Output, name: str, start: str, end: str, service: Path) -> None:
    """Build what a schedule would have built in a time.

    NAME is one that `lcdata schedule ls` lists. FROM and TO are days or moments in its time zone, both with what they
    name, such as 2026-11-01 or 2026-11-01T03:00. What was built well already, or is not over, is left alone.
    """
    with open_book(service) as book:
        zone = book.schedule(name).schedule.zone
        first, last = _moment("FROM", start, zone), _moment("TO", end, zone, is_end=True)
        if last < first:
            raise UsageError(f"TO {end} is before FROM {start}: exchange them")
        shown = [book.run(run) for run in book.backfill(name, first, last)]
        output.show(shown, lambda: print_runs(shown))
        if not shown:
            say(f"lcdata: {name} has no fire from {start} to {end} that is not built already or on its way")


@command
@click.argument("name")
@service_option
def rm(output: Output, name: str, service: Path) -> None:
    """Take a schedule out; its runs and datasets stay.

    NAME is one that `lcdata schedule ls` lists.
    """
    with open_book(service) as book:
        shown = book.schedule(name).shown(datetime.now(UTC))
        book.remove(name)
        output.report(shown, lambda: console().print(f"{name} is removed; its runs and datasets stay", markup=False))


@command
@click.argument("name", required=False)
@click.option(
    "--limit", metavar="N", type=click.IntRange(1), default=20, show_default=True, help="Newest runs to show."
)
@service_option
def history(output: Output, name: str | None, limit: int, service: Path) -> None:
    """List the last runs and what came of them.

    NAME is a schedule, or `submit` for what was submitted; without it, runs of all are listed.
    """
    with open_book(service) as book:
        shown = book.runs(name, limit)
        if not shown and name is not None and name != "submit":
            book.schedule(name)
        output.show(shown, lambda: print_runs(shown))


@command
@click.argument("run", metavar="RUN")
@service_option
def cancel(output: Output, run: str, service: Path) -> None:
    """Cancel a run that is not over.

    RUN is one that `lcdata schedule history` lists. What is finished of its build stays.
    """
    with open_book(service) as book:
        book.cancel(run)
        shown = book.run(run)
        output.report(shown, lambda: console().print(f"{run} is cancelled", markup=False))


@command
@click.argument("name")
@click.option("--to", "engine", type=click.Choice(ENGINES), required=True, help="The engine that is to fire it.")
@click.option("--out", type=PATH, default=Path(), help="Folder for the files. [default: this one]")
@click.option("--dry-run", is_flag=True, help="Print what would be written or registered, and do neither.")
@service_option
def export(output: Output, name: str, engine: str, out: Path, dry_run: bool, service: Path) -> None:
    """Write a schedule for an engine that people already run.

    NAME is one that `lcdata schedule ls` lists. hf-jobs is registered with the Hub, which wants a token; the others are
    files, and what to do with them is said.
    """
    with open_book(service) as book:
        from ...schemas.events.scheduled import ScheduleExported
        from ..service.exports.engines import ENGINES as WRITERS
        from ..service.exports.hf_jobs import register
        from ..service.settings import service_folder

        found = book.schedule(name).schedule
        files = WRITERS[engine](found, service_folder(service).root)
        if dry_run:
            output.text("\n".join(f"# {file.name}\n{file.text}" for file in files))
            return
        if engine == "hf-jobs":
            say(f"registered as {register(found)}")
            return
        for file in files:
            write_new(out / file.name, file.text)
            output.report(
                ScheduleExported(name=name, engine=engine, path=str(out / file.name), then=file.then),
                lambda file=file: console().print(f"{out / file.name}: {file.then}", markup=False),
            )


def _moment(name: str, text: str, zone: ZoneInfo, is_end: bool = False) -> datetime:
    """A day or a moment as a person writes it; the end of a day is its last second."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{name} must be a day or a moment such as 2026-11-01T03:00, got {text!r}") from None
    is_day = "T" not in text and ":" not in text
    if is_end and is_day:
        moment = moment + timedelta(days=1) - timedelta(seconds=1)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


for _command in (add, ls, show, pause, resume, run_now, backfill, rm, history, cancel, export):
    schedule.add_command(_command)
