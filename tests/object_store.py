"""A real S3 server on this machine whose requests a test can see, refuse and act upon."""

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import fsspec
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

_SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"


class _Silent(WSGIRequestHandler):
    """Logs nothing."""

    def log_request(self, *_: object) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class Request:
    """What a client asked of the server."""

    method: str
    key: str
    """Bucket and key."""
    query: str
    is_copy: bool


@dataclass
class ObjectStore:
    """Moto's server behind a front that notes each request."""

    seen: list[Request] = field(default_factory=list[Request])
    refuses: Callable[[Request], bool] = lambda request: False
    """Whether a request is answered with 503."""
    after: Callable[[Request], object] = lambda request: None
    """What is done when a request was answered."""
    refused: int = 0
    url: str = ""

    def __post_init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=_Silent)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        is_copy = "HTTP_X_AMZ_COPY_SOURCE" in environ
        key, query = environ["PATH_INFO"].strip("/"), environ["QUERY_STRING"]
        request = Request(environ["REQUEST_METHOD"], key, query, is_copy)
        self.seen.append(request)
        if self.refuses(request):
            self.refused += 1
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response("503 Slow Down", [("Content-Type", "application/xml")])
            return [_SLOW_DOWN]
        answer = self._app(environ, start_response)
        self.after(request)
        return answer

    def stop(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        """What a client finds the server and its credentials by, and that it uploads in parts of 64 KiB."""
        settings = {"ENDPOINT_URL": self.url, "ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "canary-secret"}
        settings |= {"DEFAULT_REGION": "us-east-1", "EC2_METADATA_DISABLED": "true"}
        options = json.dumps({"default_block_size": 1 << 16})
        return {**{f"AWS_{name}": value for name, value in settings.items()}, "FSSPEC_S3": options}

    def puts(self, part: str) -> list[str]:
        """Keys with a part in them that were put, in order."""
        return [request.key for request in self.seen if request.method == "PUT" and part in request.key]


def contents_of(place: str) -> dict[str, bytes]:
    """Every object below a place with its bytes."""
    store, path = fsspec.url_to_fs(place)
    store.invalidate_cache()
    return {found.removeprefix(f"{path}/"): store.cat_file(found) for found in store.find(path)}


def folders_beside(place: str) -> list[str]:
    """Names of what lies beside a place, the place too."""
    store, path = fsspec.url_to_fs(place)
    store.invalidate_cache()
    return sorted(found.rpartition("/")[2] for found in store.ls(path.rpartition("/")[0], detail=False))
