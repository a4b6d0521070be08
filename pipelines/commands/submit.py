"""`lcdata submit`: a recipe built once by the service."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .group import command
from .options import order_options, service_option
from .words.console import say
from .words.output import Output
from .words.service import new_order, open_book, print_runs

if TYPE_CHECKING:
    from ...schemas.events.scheduled import RunShown
    from ..service.book import Book

_LOOK_SECONDS = 0.5


@command
@order_options
@click.option("--wait", is_flag=True, help="Wait until it is over, and end with its exit code.")
@service_option
def submit(output: Output, service: Path, wait: bool, **options: Any) -> int:
    """Have a running service build a recipe once.

    RECIPE is a YAML file. It waits in the service's queue for its turn, and for a server where none runs.
    """
    order = new_order(**options)
    with open_book(service) as book:
        from ..service.servers import lives
        from ..service.settings import service_folder

        run = book.submit(order)
        if not lives(service_folder(service).servers):
            say(f"lcdata: no server runs: the run waits until one does, lcdata serve --service {service}")
        shown = _over(book, run, output) if wait else book.run(run)
        output.show(shown, lambda: print_runs([shown]))
        return _exit_code(shown) if wait else 0


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
