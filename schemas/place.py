"""Where folders and files lie: on this machine, or in an object store that fsspec reaches by a URL.

Whoever reads or writes one that may be in a store goes through here. A store's filesystem is asked for anew each time,
since one that another process made is of no use after a fork, and nothing of its listings is kept: others write there.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, cast

from .errors import LcdataError, UsageError
from .secrets import without_secrets

if TYPE_CHECKING:
    from upath import UPath

    Place: TypeAlias = Path | UPath
else:  # most commands never see a URL
    Place = Path
"""A path of this machine, or a URL of an object store, which is a `UPath`."""

_EXTRAS = {
    **dict.fromkeys(("s3", "s3a"), "s3"),
    **dict.fromkeys(("gs", "gcs"), "gcs"),
    **dict.fromkeys(("az", "abfs", "abfss"), "azure"),
}
"""The extra of lcdata that brings what reads a protocol; that of the Hub is always there."""
_HUB = "hf"
_STREAM_BYTES = 1 << 23
"""Bytes that are fetched at once of what is read from its start to its end."""


def is_url(name: str | Path | UPath) -> bool:
    """Whether a name is a URL, and no path of this machine."""
    return not isinstance(name, Path) and "://" in str(name)


def place_of(name: str | Path | UPath) -> Place:
    """The place that a name means; UsageError where no such place can be reached.

    A path is seen from the user's home where it begins with `~`. A URL may hold no password: credentials are looked for
    where its library looks for them, in every process that needs them.
    """
    if isinstance(name, Path):
        return name.expanduser()
    if not is_url(name):
        return Path(str(name)).expanduser()
    return _store_place(name) if isinstance(name, str) else _store_place(str(name), name.storage_options)


def whole_place(name: str | Path | UPath) -> Place:
    """The same, independent of the current folder."""
    place = place_of(name)
    return Path(os.path.abspath(place)) if isinstance(place, Path) else place


def _store_place(url: str, given: Mapping[str, Any] | None = None) -> Place:
    """The place of a URL; `given` are options that a caller from Python has chosen for its filesystem."""
    import fsspec
    from upath import UPath

    protocol, _, path = url.partition("://")
    protocol, path = protocol.lower(), path.rstrip("/")
    url = f"{protocol}://{path}"
    if protocol in ("file", "local"):
        return Path(fsspec.url_to_fs(url)[1])
    told = without_secrets(url)
    if protocol != _HUB and protocol not in _EXTRAS:
        raise UsageError(f"{told} cannot be reached: name a folder, or a URL of s3://, gs://, az:// or hf://")
    if told != url:
        raise UsageError(f"{told} holds a password or key: give it in the environment, as docs/running.md tells")
    try:
        fsspec.get_filesystem_class(protocol)
    except ImportError as error:
        cure = f"pip install 'lcdata[{_EXTRAS[protocol]}]'" if protocol in _EXTRAS else "install huggingface_hub"
        raise UsageError(f"{url} cannot be reached ({' '.join(str(error).split())}): {cure}") from None
    options: dict[str, Any] = {**(given or {}), **({} if protocol == _HUB else {"use_listings_cache": False})}
    if not path:
        raise UsageError(f"{url} names nothing: name a bucket and a prefix in it, such as {protocol}://bucket/name")
    return UPath(url, **options)


def filesystem(place: UPath) -> Any:
    """What fsspec reaches a store's place with, in this process."""
    import fsspec

    return fsspec.filesystem(place.protocol, **place.storage_options)


@contextmanager
def reaching(place: Place) -> Generator[None]:
    """A context that raises as OSError what a store's library raises within; those of other kinds pass."""
    if isinstance(place, Path):
        yield
        return
    try:
        yield
    except LcdataError:
        raise
    except FileNotFoundError as error:
        raise FileNotFoundError(errno.ENOENT, " ".join(str(error).split()), str(place)) from error
    except Exception as error:  # each library has errors of its own
        kind = type(error)
        if kind.__module__.partition(".")[0] in ("builtins", "pyarrow", "pydantic_core") and kind.__name__ not in _OS:
            raise
        code = errno.EACCES if isinstance(error, PermissionError) or "Credential" in kind.__name__ else errno.EIO
        said = (error.strerror if isinstance(error, OSError) else None) or str(error) or kind.__name__
        raise OSError(code, without_secrets(" ".join(said.split())), str(place)) from error


_OS = ("OSError", "PermissionError", "TimeoutError", "FileExistsError", "ConnectionError", "ConnectionResetError")


def read_bytes(place: Place) -> bytes:
    """The bytes of a file; OSError where it cannot be read."""
    if isinstance(place, Path):
        return place.read_bytes()
    with reaching(place):
        return filesystem(place).cat_file(place.path)


def write_bytes(place: Place, data: bytes) -> None:
    """Write a small file, in place of what is there."""
    if isinstance(place, Path):
        place.write_bytes(data)
        return
    with reaching(place):
        filesystem(place).pipe_file(place.path, data)


def remove_file(place: Place) -> None:
    """Remove a file, where it is there."""
    if isinstance(place, Path):
        place.unlink(missing_ok=True)
        return
    with reaching(place), suppress(FileNotFoundError):
        filesystem(place).rm_file(place.path)


def file_size(place: Place) -> int | None:
    """Bytes of a file, None where no file is there."""
    if isinstance(place, Path):
        return place.stat().st_size if place.is_file() else None
    found = stored(place)
    return None if found is None else found.size


class Stored:
    """A file of a store as its listing tells of it."""

    def __init__(self, info: Mapping[str, Any]) -> None:
        self.size = int(info.get("size") or 0)
        told = next((info[name] for name in _VERSIONS if info.get(name)), "")
        self.version = str(told.isoformat() if isinstance(told, datetime) else told).strip('"')
        """What becomes another one when the file does, as its ETag; empty where the store tells none."""


_VERSIONS = ("ETag", "etag", "md5Hash", "generation", "blob_id")


def stored(place: UPath) -> Stored | None:
    """A file of a store, None where none is there."""
    with reaching(place):
        try:
            info = filesystem(place).info(place.path)
        except FileNotFoundError:
            return None
        return Stored(info) if info["type"] == "file" else None


def stored_below(place: UPath) -> dict[str, Stored]:
    """All files below a place of a store, by their paths from there."""
    with reaching(place):
        try:
            found = filesystem(place).find(place.path, detail=True)
        except FileNotFoundError:
            return {}
        start = place.path.rstrip("/") + "/"
        return {
            path.removeprefix(start): Stored(info)
            for path, info in found.items()
            if path.startswith(start) and not path.endswith("/")  # a console's mark of an empty folder is no file
        }


def files_below(place: Place) -> list[str]:
    """The files in a folder and its folders, by their paths from there, sorted; none where there is no folder."""
    if isinstance(place, Path):
        return sorted(path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file())
    return sorted(stored_below(place))


def folders_in(place: Place) -> list[Place]:
    """The folders in a folder, by name; none where there is no folder."""
    if isinstance(place, Path):
        return sorted(path for path in place.iterdir() if path.is_dir()) if place.is_dir() else []
    with reaching(place):
        try:
            found = filesystem(place).ls(place.path, detail=True)
        except (FileNotFoundError, NotADirectoryError):
            return []
        names = [info["name"].rstrip("/").rpartition("/")[2] for info in found if info["type"] == "directory"]
        return [place / name for name in sorted(names)]


def open_stream(place: Place) -> BufferedReader:
    """A file to be read from its start to its end; the caller closes it."""
    if isinstance(place, Path):
        return open(place, "rb")
    with reaching(place):
        opened = filesystem(place).open(place.path, "rb", block_size=_STREAM_BYTES, cache_type="readahead")
        return cast(BufferedReader, opened)


def open_ranges(place: Place) -> Path | BinaryIO:
    """What pyarrow reads a file from by ranges: its path, or a file object that fetches what it is asked for alone.

    The object holds nothing that wants to be closed. Reading from it is to be done within `reaching`.
    """
    if isinstance(place, Path):
        return place
    return cast(BinaryIO, filesystem(place).open(place.path, "rb", cache_type="none"))


def parquet_options(place: Place) -> dict[str, Any]:
    """How pyarrow opens a Parquet file of a place: of a store it fetches the columns of a row group in few ranges."""
    return {"page_checksum_verification": True, "pre_buffer": not isinstance(place, Path)}


def remove_below(place: UPath, names: Iterable[str]) -> None:
    """Remove files of a store by their paths below a place; those that are gone already are no error."""
    paths = [(place / name).path for name in names]
    with reaching(place):
        for start in range(0, len(paths), 1000):
            with suppress(FileNotFoundError):
                filesystem(place).rm(paths[start : start + 1000])
