"""Writing into an object store: an object is there as a whole or not at all, and is looked at when it is there.

What is large is written on the worker's own disk first, as `files.Attempt` does, hashed and read back there; then it is
uploaded, its size compared and its footer read back from the store. On the way each part carries a checksum that the
store compares (botocore and the clients of the others see to that).
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from ...schemas.errors import ResumableError
from ...schemas.place import Stored, filesystem, open_ranges, reaching, read_bytes, stored
from .files import Attempt
from .leftovers import hold, sweep

if TYPE_CHECKING:
    from upath import UPath

_PART_BYTES = 1 << 24
"""Bytes of a part of a large upload, at most as many as a block of the filesystem has."""
_PARTS_AT_ONCE = 4
_PREFIX = "lcdata-uploads-"


class Upload(Attempt):
    """A file object on this machine's disk; `commit` puts what was written into a store."""

    def __init__(self, root: UPath, name: str, noted: Callable[[str, str], None], is_lasting: bool = True) -> None:
        """Write what gets the name `name` below `root`; its version in the store is noted under that name."""
        super().__init__(_folder_of(os.getpid()), Path(name), Path(), is_lasting)
        self._place, self._name, self._noted = root / name, name, noted

    def _settle(self, is_name_lasting: bool) -> None:
        """Upload the file, and see that it is there."""
        put_file(self._path, self._place)
        there = stored(self._place)
        if there is None or there.size != self._size:
            raise _lost(self._place)
        if self._name.endswith(".parquet"):
            with reaching(self._place):
                pq.read_metadata(open_ranges(self._place))
        self._noted(self._name, there.version)


@lru_cache(maxsize=1)
def _folder_of(process: int) -> Path:
    """A folder of this process for what it is about to upload; those of killed processes are removed."""
    sweep(Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"))
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    hold(os.open(folder, os.O_RDONLY))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def put_file(path: Path, place: UPath) -> None:
    """Upload a file, in parts where it is large; parts of an upload that fails are removed as far as that can be."""
    with reaching(place):
        store = filesystem(place)
        store.put_file(str(path), place.path, **_options(store, place))


def _options(store: Any, place: UPath) -> dict[str, Any]:
    part = min(_PART_BYTES, int(getattr(store, "default_block_size", None) or _PART_BYTES))
    if place.protocol in ("s3", "s3a"):
        return {"chunksize": part, "max_concurrency": _PARTS_AT_ONCE}
    return {"chunksize": part} if place.protocol in ("gs", "gcs") else {}


def put_small(root: UPath, name: str, data: bytes) -> Stored:
    """Write a small object as a whole; returns it as it is there."""
    place = root / name
    with reaching(place):
        filesystem(place).pipe_file(place.path, data)
    there = stored(place)
    if there is None or there.size != len(data):
        raise _lost(place)
    return there


def put_new(place: UPath, data: bytes) -> bool:
    """Create an object where there is none; False where there is one of another content.

    One of the same content is this one, whose creation was answered to nobody.
    """
    is_azure = place.protocol in ("az", "abfs", "abfss")
    condition: dict[str, Any] = {"overwrite": False} if is_azure else {"mode": "create"}
    try:
        with reaching(place):
            filesystem(place).pipe_file(place.path, data, **condition)
        return read_bytes(place) == data
    except OSError:
        if stored(place) is None:
            raise
        return read_bytes(place) == data


def copy_within(source: UPath, target: UPath) -> None:
    """Copy an object inside its store, which no byte leaves."""
    with reaching(target):
        filesystem(target).cp_file(source.path, target.path)


def _lost(place: UPath) -> ResumableError:
    return ResumableError(f"{place} is not there as it was uploaded: run the same command again")
