"""Who may ask the server for what: its hosts, its token, and how much and how slowly one may send."""

import asyncio
import hmac
import ipaddress
import os
import secrets
import stat
from collections.abc import Iterable
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...schemas.errors import LcdataError

COOKIE = "lcdata_token"
MAX_BODY_BYTES = 1 << 20
BODY_SECONDS = 10.0
OPEN_PATHS = ("/healthz", "/login", "/static/")
"""What is answered without the token."""
_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        b"frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),  # without a referrer, browsers send no origin either
    (b"cache-control", b"no-store"),
)


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def token_of(path: Path) -> str:
    """The token in a file that its owner alone may read, made where there is none; LcdataError where others may."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise LcdataError(f"{path} may be read by others (mode {mode:o}): chmod 600 {path}") from None
        token = path.read_text(encoding="ascii").strip()
        if len(token) < 16:
            raise LcdataError(f"{path} holds no token of 16 characters or more: remove it, and one is made") from None
        return token
    with os.fdopen(handle, "w") as file:
        token = secrets.token_urlsafe(32)
        file.write(f"{token}\n")
    return token


class Guard:
    """Answers what must not reach the application: foreign hosts and origins, wrong tokens, bodies without end."""

    def __init__(self, app: ASGIApp, token: str | None, hosts: Iterable[str]) -> None:
        self._app, self._token = app, token
        self._hosts = {host.lower() for host in hosts} | {"127.0.0.1", "localhost", "::1"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        try:
            body = await asyncio.wait_for(_whole_body(scope, receive), BODY_SECONDS)
        except TimeoutError:
            await _refuse(408, "the request came too slowly")(scope, receive, send)
            return
        if body is None:
            await _refuse(413, f"a request has at most {MAX_BODY_BYTES:,} bytes")(scope, receive, send)
            return
        await self._app(scope, _again(body, receive), _with_headers(send))

    def _refusal(self, scope: Scope) -> PlainTextResponse | RedirectResponse | None:
        headers = Headers(scope=scope)
        if _name_of(headers.get("host", "")) not in self._hosts:
            return _refuse(421, "this server has another name: see lcdata serve --allow-host")
        origin = headers.get("origin")
        if scope["method"] not in ("GET", "HEAD") and origin is not None and not self._is_own(origin):
            return _refuse(403, "this request comes from a page of another server")
        if headers.get("sec-fetch-site") == "cross-site" and scope["method"] not in ("GET", "HEAD"):
            return _refuse(403, "this request comes from a page of another server")
        if self._token is None or scope["path"].startswith(OPEN_PATHS) or self.knows(headers, self._token):
            return None
        if "text/html" in headers.get("accept", ""):
            return RedirectResponse("/login", 303)
        return _refuse(401, "this server wants its token: Authorization: Bearer TOKEN", {"WWW-Authenticate": "Bearer"})

    def _is_own(self, origin: str) -> bool:
        return _name_of(urlsplit(origin).netloc) in self._hosts

    @staticmethod
    def knows(headers: Headers, token: str) -> bool:
        """Whether a request shows the token, in its header or in a browser's cookie."""
        kind, _, shown = headers.get("authorization", "").partition(" ")
        cookies: SimpleCookie = SimpleCookie()
        with suppress(CookieError):
            cookies.load(headers.get("cookie", ""))
        cookie = cookies[COOKIE].value if COOKIE in cookies else ""
        return same(shown if kind.lower() == "bearer" else "", token) or same(cookie, token)


def same(shown: str, token: str) -> bool:
    """Whether two tokens are the same, in a time that does not tell how far they are."""
    return hmac.compare_digest(shown.encode("utf-8", "surrogateescape"), token.encode())


def _name_of(host: str) -> str:
    """The name in `NAME:PORT` and `[::1]:PORT`."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _refuse(status: int, message: str, headers: dict[str, str] | None = None) -> PlainTextResponse:
    return PlainTextResponse(f"{message}\n", status, headers={"Connection": "close", **(headers or {})})


async def _whole_body(scope: Scope, receive: Receive) -> bytes | None:
    """The body of a request, None where it is too large."""
    headers = Headers(scope=scope)
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
        return None
    if length == "0" and "transfer-encoding" not in headers:
        return b""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body"):
            return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """What hands a body over that was read already, and then what comes after it."""
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again


def _with_headers(send: Send) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            set_already = {name for name, _ in message["headers"]}
            message["headers"] = [
                *message["headers"],
                *((name, value) for name, value in _HEADERS if name not in set_already),
            ]
        await send(message)

    return with_headers
