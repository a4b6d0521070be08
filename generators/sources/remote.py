"""Files where fsspec reaches them: what lies there, opening them, and their many errors as one line."""

import glob
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

import fsspec

from ...schemas.errors import LcdataError, UsageError
from .input import Input, file_input, is_hidden, is_url


class DamagedError(Exception):
    """A file's content cannot be understood from some place on; the message says why."""


@contextmanager
def reading(name: str) -> Generator[None]:
    """A context that raises whatever goes wrong within as one line about the input of this name."""
    try:
        yield
    except (LcdataError, DamagedError):
        raise
    except FileNotFoundError:
        raise LcdataError(f"inputs: there is no {name}: check its spelling and place") from None
    except PermissionError as error:
        raise LcdataError(f"inputs: {name} may not be read ({first_line(error)}): check the rights to it") from None
    except Exception as error:  # every object store has errors of its own
        raise LcdataError(f"inputs: {name} cannot be read ({first_line(error)}): try again or name another") from error


def first_line(error: Exception) -> str:
    """What an error says, in one line."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return next(iter(said.splitlines()), type(error).__name__)


def open_stored(url: str) -> BinaryIO:
    """A local or remote file as its bytes are stored; the caller closes it."""
    with reading(url):
        if not is_url(url):
            return open(url, "rb")
        filesystem, path = _filesystem(url)
        return cast(BinaryIO, filesystem.open(path, "rb"))


def local_path(url: str) -> str | None:
    """The path that a `file://` URL names; None for another URL."""
    return fsspec.url_to_fs(url)[1] if url.startswith(("file://", "local://")) else None


def remote_inputs(url: str) -> list[Input]:
    """The files that a URL, a glob in it, or a folder there names, by path."""
    with reading(url):
        filesystem, root = _filesystem(url)
        filesystem.invalidate_cache()  # else a second look in the same process misses what is new
        infos = _infos(filesystem, root)
        found = [
            file_input(filesystem.unstrip_protocol(path), int(info.get("size") or 0), _version(filesystem, path, info))
            for path, info in sorted(infos.items())
            if info["type"] == "file" and not is_hidden(path, root)
        ]
    return [source for source in found if source is not None]


def _filesystem(url: str) -> tuple[Any, str]:
    try:
        return fsspec.url_to_fs(url)
    except ImportError as error:
        cure = "pip install 'lcdata[s3]'" if url.startswith("s3") else "install it with pip"
        raise UsageError(f"inputs: {url} cannot be read ({first_line(error)}): {cure}") from None
    except ValueError as error:
        raise UsageError(f"inputs: {url} cannot be read ({first_line(error)}): check how it begins") from None


def _infos(filesystem: Any, root: str) -> dict[str, dict[str, Any]]:
    try:
        info = filesystem.info(root)
    except FileNotFoundError:
        if not glob.has_magic(root):
            raise
        return filesystem.glob(root, detail=True)
    return {root: info} if info["type"] == "file" else filesystem.find(root, detail=True)


def _version(filesystem: Any, path: str, info: dict[str, Any]) -> str:
    return str(info.get("ETag") or info.get("mtime") or filesystem.ukey(path)).strip('"')
