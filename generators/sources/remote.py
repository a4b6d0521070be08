"""Files where fsspec reaches them: what lies there, opening them, and their many errors as one line."""

import glob
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

import fsspec

from ...schemas.errors import LcdataError, UsageError
from ...schemas.place import is_url
from ...schemas.secrets import hidden, without_secrets
from .input import Input, PassedOver, file_format, why_passed_over


class DamagedError(Exception):
    """A file's content cannot be understood from some place on; the message says why."""


@contextmanager
def reading(url: str) -> Generator[None]:
    """A context that raises whatever goes wrong within as one line about the input of this URL or path."""
    name = without_secrets(url)
    try:
        yield
    except (LcdataError, DamagedError):
        raise
    except FileNotFoundError:
        raise LcdataError(f"inputs: there is no {name}: check its spelling and place") from None
    except PermissionError as error:
        why = hidden(first_line(error), url)
        raise LcdataError(f"inputs: {name} may not be read ({why}): check the rights to it") from None
    except Exception as error:  # every object store has errors of its own, which may hold the URL
        why = hidden(first_line(error), url)
        cause = error if name == url else None
        raise LcdataError(f"inputs: {name} cannot be read ({why}): try again or name another") from cause


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


def remote_inputs(url: str) -> list[Input | PassedOver]:
    """What lies at a URL, is meant by a glob in it, or lies in a folder there, by path."""
    with reading(url):
        filesystem, root = _filesystem(url)
        filesystem.invalidate_cache()  # else a second look in the same process misses what is new
        found: list[Input | PassedOver] = []
        for path, info in sorted(_infos(filesystem, root).items()):
            address, name = _address(filesystem, url, root, path), _without_query(url, path)
            written, why = file_format(name), why_passed_over(name, _without_query(url, root))
            if info["type"] == "directory":
                continue
            if info["type"] != "file":
                why = "no regular file"
            if why is not None or written is None:
                found.append(PassedOver(without_secrets(address), why or ""))
            else:
                found.append(Input(address, *written, int(info.get("size") or 0), _version(info)))
        return found


def version_of(url: str) -> tuple[int, str]:
    """Size and version of a file as it is now, 0 and an empty text where nobody knows them."""
    with reading(url):
        if not is_url(url):
            status = os.stat(url)
            return status.st_size, str(status.st_mtime_ns)
        filesystem, path = _filesystem(url)
        filesystem.invalidate_cache()
        info = filesystem.info(path)
        return int(info.get("size") or 0), _version(info)


def _is_http(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))


def _without_query(url: str, path: str) -> str:
    return path.partition("?")[0].partition("#")[0] if _is_http(url) else path


def _address(filesystem: Any, url: str, root: str, path: str) -> str:
    """The URL by which a file that lies at a URL is opened, with the host or archive that its path does not name."""
    if path == root:
        return url
    first, separator, archive = url.partition("::")
    parts = urlsplit(first)
    if separator:
        return f"{parts.scheme}://{path.lstrip('/')}::{archive}"
    if parts.netloc and parts.netloc not in root:
        return f"{parts.scheme}://{parts.netloc}{path}"
    return str(filesystem.unstrip_protocol(path))


def _filesystem(url: str) -> tuple[Any, str]:
    name = without_secrets(url)
    try:
        return fsspec.url_to_fs(url)
    except ImportError as error:
        cure = "pip install 'lcdata[s3]'" if url.startswith("s3") else "install it with pip"
        raise UsageError(f"inputs: {name} cannot be read ({hidden(first_line(error), url)}): {cure}") from None
    except ValueError as error:
        why = hidden(first_line(error), url)
        raise UsageError(f"inputs: {name} cannot be read ({why}): check how it begins") from None


def _infos(filesystem: Any, root: str) -> dict[str, dict[str, Any]]:
    try:
        info = filesystem.info(root)
    except FileNotFoundError:
        if _is_http(root) or not glob.has_magic(root):
            raise
        return filesystem.glob(root, detail=True)
    return {root: info} if info["type"] == "file" else filesystem.find(root, detail=True)


def _version(info: Mapping[str, Any]) -> str:
    """What of an object's properties says that it changed; never the key of fsspec, which may hold the query."""
    told = next((info[name] for name in _CHANGING if info.get(name)), "")
    return str(told.timestamp() if isinstance(told, datetime) else told).strip('"')


_CHANGING = (
    *("ETag", "etag", "md5Hash", "content_md5", "Content-MD5", "Digest", "blob_id"),
    *("mtime", "LastModified", "last_modified", "Last-Modified", "updated", "modified", "CRC", "created"),
)
