"""`lcdata submit`: a recipe built once by the service."""

from __future__ import annotations

import os
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .group import command
from .options import keep_option, order_options, service_option
from .words.console import say
from .words.output import Output
from .words.service import check_installed, checked_owner, checked_zone, new_order, open_book, print_runs

if TYPE_CHECKING:
    from ...schemas.events.scheduled import RunShown
    from ..service.book import Book

_LOOK_SECONDS = 0.5


@command
@order_options
@click.option("--wait", is_flag=True, help="Wait until it is over, and end with its exit code.")
@click.option("--here", is_flag=True, help="Do it in this process, without a server, and wait.")
@click.option("--as", "owner", metavar="NAME", help="Count it to this schedule: skip what did not change, keep --keep.")
@click.option("--tz", metavar="ZONE", default="UTC", show_default=True, help="Time zone of {{ fire_date }}.")
@keep_option
@service_option
def submit(
    output: Output, service: Path, wait: bool, here: bool, owner: str | None, tz: str, keep: int, **options: Any
) -> int:
    """Have a running service build a recipe once.

    RECIPE is a YAML file. It waits in the service's queue for its turn, and for a server where none runs.
    """
    order = new_order(keep=keep, **options)
    named = {"owner": checked_owner(owner), "tz": tz} if owner else {"tz": tz}
    checked_zone(tz)
    if here:
        with _here(service) as book:
            shown = _over(book, book.submit(order, **named), output)
            output.show(shown, lambda: print_runs([shown]))
        sys.stdout.flush()
        os._exit(_exit_code(shown))  # the threads of an engine are not waited for
    with open_book(service) as book:
        from ..service.servers import lives
        from ..service.settings import service_folder

        run = book.submit(order, **named)
        if not lives(service_folder(service).servers):
            say(f"lcdata: no server runs: the run waits until one does, lcdata serve --service {service}")
        shown = _over(book, run, output) if wait else book.run(run)
        output.show(shown, lambda: print_runs([shown]))
        return _exit_code(shown) if wait else 0


def _here(service: Path) -> AbstractContextManager[Book]:
    """An engine of this process alone."""
    check_installed()
    from ..service.database import database_url
    from ..service.engine import engine
    from ..service.settings import Settings, service_folder

    folder = service_folder(service)
    return engine(Settings(folder, database_url(folder)))


def _over(book: Book, run: str, output: Output) -> RunShown:
    """The run when it is over; tells when it gets on."""
    before = ""
    while True:
        shown = book.run(run)
        if shown.is_over:
            return shown
        steps = [step.name for step in book.steps(run)]
        done = f", done: {', '.join(steps)}" if steps else ""
        now = f"{run}: {shown.state}{done}"
        if now != before and not output.is_quiet and not output.is_for_programs:
            say(now)
        before = now
        time.sleep(_LOOK_SECONDS)


def _exit_code(run: RunShown) -> int:
    from ..service.runs import EXIT_CODES

    assert run.state not in ("waiting", "running")
    return run.exit_code or EXIT_CODES[run.state]
