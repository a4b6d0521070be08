"""`lcdata serve`: a server that fires schedules, does runs and shows them."""

from __future__ import annotations

from pathlib import Path

import click

from .group import command
from .options import PATH, service_option
from .words.console import console
from .words.output import Output
from .words.service import check_installed


@command
@service_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; any other needs the token.")
@click.option("--port", type=click.IntRange(0, 65535), default=8420, show_default=True, help="Port; 0 for a free one.")
@click.option(
    "--concurrency", metavar="N", type=click.IntRange(1), default=1, show_default=True, help="Runs at a time."
)
@click.option(
    "--recipes", metavar="DIR", type=PATH, multiple=True, help="What recipes sent over HTTP may read; repeatable."
)
@click.option(
    "--allow-url", "urls", metavar="PREFIX", multiple=True, help="URLs that they may read begin so; repeatable."
)
@click.option(
    "--allow-host", "hosts", metavar="NAME", multiple=True, help="A name by which browsers call it; repeatable."
)
def serve(
    output: Output,
    service: Path,
    host: str,
    port: int,
    concurrency: int,
    recipes: tuple[Path, ...],
    urls: tuple[str, ...],
    hosts: tuple[str, ...],
) -> None:
    """Fire schedules, build, and show it all in a browser.

    Schedules and runs are in a database in the service's folder, or where LCDATA_DB says, which several servers can
    share. Builds go on when the server ends, and the next server finds them again.
    """
    check_installed()
    from ...schemas.events.scheduled import Serving
    from ..service.database import database_url
    from ..service.serve import serve as run
    from ..service.settings import Reach, Settings, service_folder

    folder = service_folder(service)
    reach = Reach(tuple(path.expanduser().absolute() for path in recipes), urls)
    settings = Settings(folder, database_url(folder), concurrency, reach, hosts)

    def tell(serving: Serving) -> None:
        output.show(serving, lambda: _print(serving))

    run(settings, host, port, tell)


def _print(serving: object) -> None:
    from ...schemas.events.scheduled import Serving

    assert isinstance(serving, Serving)
    console().print(f"{serving.url} serves {serving.folder}, {serving.concurrency} at a time", markup=False)
    if serving.token is not None:
        console().print(f"requests need the token in {serving.token}", markup=False)
