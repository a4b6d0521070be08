"""The loopback Hub as a server of 127.0.0.1, in a thread of this process."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn

from .app import Hub, hub_app
from .faults import Fault, Traffic
from .repository import Repository

TOKEN, READ_TOKEN = "hf_writes", "hf_reads"
_START_SECONDS = 30.0

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class LoopbackHub:
    """A Hub of this machine's own. A context manager, which starts and stops its server.

    `url` is where it answers; `environment` what a client's process has to be started with; `repositories` what was
    pushed; `traffic` the requests so far. `faults` are what goes wrong. Files are kept below `folder`, and xet storage
    is used where `is_xet`.
    """

    def __init__(self, folder: Path, is_xet: bool = False, token: str = TOKEN, port: int = 0) -> None:
        self._folder, self._port = folder, port
        self._hub = Hub(folder, is_xet, {token: {"read", "write"}, READ_TOKEN: {"read"}})
        self._token = token
        settings = uvicorn.Config(
            _WithFaults(hub_app(self._hub), self._hub.traffic),
            host="127.0.0.1",
            port=port,
            http="h11",
            log_config=None,
            proxy_headers=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(settings)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        wait = threading.Event()
        for _ in range(int(_START_SECONDS / 0.02)):
            if self._server.started or not self._thread.is_alive():
                break
            wait.wait(0.02)
        assert self._server.started, f"nothing can listen at port {self._port} of 127.0.0.1"
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self._hub.url, self._hub.blobs = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    @property
    def url(self) -> str:
        """Where it answers, as `HF_ENDPOINT` says it."""
        return self._hub.url

    @property
    def environment(self) -> dict[str, str]:
        """What a client has to be started with to speak to this Hub alone."""
        return {
            "HF_ENDPOINT": self.url,
            "HF_TOKEN": self._token,
            "HF_HOME": str(self._folder / "home"),
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            **({} if self._hub.is_xet else {"HF_HUB_DISABLE_XET": "1"}),
        }

    @property
    def repositories(self) -> dict[str, Repository]:
        """Datasets by `org/name`."""
        return self._hub.repositories

    @property
    def traffic(self) -> Traffic:
        """The requests so far."""
        return self._hub.traffic

    @property
    def faults(self) -> list[Fault]:
        """What goes wrong."""
        return self._hub.traffic.faults

    def forget_files(self) -> None:
        """Lose all large files of LFS, so that a client has to upload them again."""
        self._hub.storage.forget()

    def content(self, name: str, path: str, revision: str = "main") -> bytes:
        """The bytes of a file of a repository."""
        commit = self.repositories[name].at(revision)
        assert commit is not None
        entry = commit.tree[path]
        return self._hub.storage.path(entry.sha256 or "").read_bytes() if entry.data is None else entry.data


class _WithFaults:
    """An application with things that go wrong."""

    def __init__(self, app: Any, traffic: Traffic) -> None:
        self._app, self._traffic = app, traffic

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        received = await _whole(receive)
        query = scope["query_string"].decode()
        request = f"{scope['method']} {scope['path']}" + (f"?{query}" if query else "")
        fault = self._traffic.come(request)
        if fault is None:
            await self._app(scope, received, send)
        elif fault.happening == "status":
            await _answer(fault, send)
        else:
            if fault.happening == "answer lost":
                await self._app(scope, received, _nowhere)
            await _drop(send)


async def _whole(receive: Receive) -> Receive:
    """What gives a request that has come whole, so that it can be done although its sender is gone."""
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    waiting = iter(messages)

    async def received() -> Message:
        message = next(waiting, None)
        return await receive() if message is None else message

    return received


async def _answer(fault: Fault, send: Send) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in fault.headers.items()]
    body = b'{"error": "something went wrong on purpose"}'
    headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": fault.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _nowhere(_: Message) -> None:
    """Send nothing."""


async def _drop(send: Any) -> None:
    """End the connection without an answer, at uvicorn's own transport."""
    send.__self__.transport.abort()
    while not send.__self__.disconnected:
        await asyncio.sleep(0)
