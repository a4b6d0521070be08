"""A server from its start to its end: the engine, and the pages on an address."""

import os
import socket
import sys
from collections.abc import Callable

import uvicorn

from ...schemas.errors import LcdataError
from ...schemas.events.scheduled import Serving
from ...schemas.secrets import without_secrets
from .api import application
from .engine import engine
from .security import is_loopback, token_of
from .settings import Settings

_LARGEST_HEADERS = 16 << 10
_KEEP_ALIVE_SECONDS = 5


def serve(settings: Settings, host: str, port: int, tell: Callable[[Serving], None]) -> None:
    """Serve until a signal comes; builds go on after that. LcdataError where the address cannot be had."""
    listening = _listen(host, port)
    with engine(settings) as book:
        token = None if is_loopback(host) else token_of(settings.folder.token)
        app = application(settings, book, token, host)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            h11_max_incomplete_event_size=_LARGEST_HEADERS,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=2,
            limit_concurrency=256,
        )
        place, found = listening.getsockname()[:2]
        shown = f"[{place}]" if ":" in place else place
        tell(
            Serving(
                url=f"http://{shown}:{found}",
                folder=str(settings.folder.root),
                database=without_secrets(settings.database),
                concurrency=settings.concurrency,
                token=None if token is None else str(settings.folder.token),
            )
        )
        uvicorn.Server(config).run(sockets=[listening])
    sys.stdout.flush()
    os._exit(0)  # the threads of runs wait for builds that go on without them


def _listen(host: str, port: int) -> socket.socket:
    """A socket on an address; LcdataError where it cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        raise LcdataError(f"{host}:{port} cannot be served ({error.strerror}): use another --port or --host") from None
    return listening
