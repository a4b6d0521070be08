"""The write protocol: what has its final name is whole, on disk, and hashed as it was written.

Whatever is written gets a name of its own first, is flushed to disk, and is renamed. Two attempts at one file therefore
never meet, and neither do a build and the workers of a killed one. Data files are hashed on the way and read back, too.
"""

import contextlib
import errno
import hashlib
import os
import re
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

import pyarrow.parquet as pq

from ...schemas.errors import LcdataError, ResumableError, UsageError
from ...schemas.place import Place, is_url, open_stream, reaching
from ...schemas.records import FileRecord
from .leftovers import hold, sweep


def _parquet_rows(path: Path) -> int:
    return pq.read_metadata(path).num_rows


class Attempt:
    """A file object under a temporary name: `commit` gives it its final one, leaving the block without removes it.

    What is written after the block is dropped: a writer that was interrupted may end its file when it is collected.
    """

    def __init__(self, folder: Path, final: Path, root: Path, is_lasting: bool = True) -> None:
        """Write in `folder` what gets its place below `root`.

        What is not lasting is neither flushed to disk nor hashed: whoever reads it again has means to check it.
        """
        self._path = temporary_path(final, folder)
        self._final, self._root, self._is_lasting = final, root, is_lasting
        self._hash = hashlib.sha256()
        self._size = 0
        self._is_over = False
        self._file = open(self._path, "wb")

    closed = False

    def write(self, data: bytes) -> int:
        """Append bytes; called by the Parquet writer."""
        if self._is_over:
            return len(data)
        if self._is_lasting:
            self._hash.update(data)
        self._size += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        """Do nothing, for whoever takes a file object: `commit` flushes to disk."""

    def close(self) -> None:
        """Do nothing, for whoever takes a file object: `commit` closes."""

    def commit(
        self, num_rows: int, rows_in: Callable[[Path], int] = _parquet_rows, is_name_lasting: bool = True
    ) -> FileRecord:
        """Flush, read the footer back, rename. Raises LcdataError where the file does not hold its rows.

        A name need not last where many follow and whoever publishes them flushes their folders.
        """
        self._file.flush()
        if self._is_lasting:
            os.fsync(self._file.fileno())
        self._file.close()
        found = rows_in(self._path)
        if found != num_rows:
            raise LcdataError(f"{self._final.name} holds {found} rows of {num_rows}: the disk may be failing")
        self._settle(is_name_lasting)
        return FileRecord(
            path=self._final.relative_to(self._root).as_posix(),
            sha256=self._hash.hexdigest() if self._is_lasting else "",
            bytes=self._size,
            rows=num_rows,
        )

    def _settle(self, is_name_lasting: bool) -> None:
        """Give the file, which is whole and closed, its final name."""
        if self._is_lasting and is_name_lasting:
            give_name(self._path, self._final)
        else:
            os.replace(self._path, self._final)

    def __enter__(self) -> "Attempt":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over = True  # before the file is closed, since an interrupt may come in between
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self._path.unlink()


def write_whole(path: Path, data: bytes, folder: Path | None = None) -> None:
    """Write a small file so that it is either the old one or the new one."""
    with whole_file(path, folder) as file:
        file.write(data)


@contextlib.contextmanager
def whole_file(path: Path, folder: Path | None = None) -> Generator[IO[bytes]]:
    """A file to write, in `folder` or beside `path`, which takes that name when the block ends without an error.

    Beside `path` what killed writers of it left is removed.
    """
    if folder is None:
        sweep(temporary_paths(path))
    temporary = temporary_path(path, folder)
    try:
        with open(temporary, "xb") as file:
            hold(file.fileno())
            yield file
            file.flush()
            os.fsync(file.fileno())
            give_name(temporary, path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def temporary_path(final: Path, folder: Path | None = None) -> Path:
    """A name that nothing else has, in `folder` or beside the final one, for what is not whole yet."""
    return (folder or final.parent) / f".{final.name}.{uuid.uuid4().hex}.tmp"


def temporary_paths(final: Path) -> Iterator[Path]:
    """All that has a name by `temporary_path` beside the final one."""
    name = re.compile(re.escape(f".{final.name}.") + r"[0-9a-f]{32}\.tmp(\.old)?")
    with contextlib.suppress(OSError):
        yield from [path for path in final.parent.iterdir() if name.fullmatch(path.name)]


def give_name(temporary: Path, final: Path) -> None:
    """Rename what is whole and on disk, in place of what had the name, so that it lasts."""
    os.replace(temporary, final)
    sync_folder(final.parent)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder last through a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def hash_file(path: Place) -> str:
    """sha256 of a file's bytes."""
    with reaching(path), open_stream(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_files(paths: Iterable[Path]) -> dict[str, str]:
    """sha256 of each file's bytes, by path."""
    return {str(path): hash_file(path) for path in paths}


def storage_error(error: OSError, folder: Place | None) -> LcdataError:
    """The error to raise for a disk that refused, with what a user can do; `folder` is what was being made, if any."""
    if is_url(str(error.filename or "")):
        return _store_error(error, folder or error.filename)
    place, reason, code = error.filename or folder, error.strerror or error, error.errno
    where = "" if place is None else f"{place}: "
    if code in (errno.ENOSPC, errno.EDQUOT):
        return ResumableError(f"no space left for {folder or place}: free some and run the same command again")
    if code in (errno.EACCES, errno.EPERM, errno.EROFS):
        return LcdataError(f"{place} cannot be written ({reason}): choose another --out or change its rights")
    if code == errno.ENAMETOOLONG:
        return UsageError(f"{where}a name is too long for the file system: choose a shorter --out or --name")
    if code in (errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY, errno.ELOOP):
        return LcdataError(f"{where}something is in the way ({reason}): remove it, or choose another --out")
    if code in (errno.EMFILE, errno.ENFILE, errno.EFBIG):
        return ResumableError(f"{where}{reason}, a limit of this system: raise it (`ulimit -a`) and run this again")
    if code == errno.ENOENT:
        return ResumableError(f"{where}{reason}: see that its folder can be made and stays, and run this again")
    if code == errno.EIO:
        return ResumableError(f"{where}{reason}: the disk may be failing; run the same command again, or elsewhere")
    return ResumableError(f"{where}{reason}: run the same command again")


def _store_error(error: OSError, place: Place | str) -> LcdataError:
    """The same for an object store, whose library tells its reasons in words."""
    said = error.strerror or error
    if error.errno == errno.EACCES:
        return LcdataError(f"{place} cannot be reached ({said}): give the credentials in the environment, workers' too")
    if isinstance(error, FileNotFoundError):
        return ResumableError(f"{place}: {said}: see that its bucket is there, and run the same command again")
    return ResumableError(f"{place} does not answer as it should ({said}): run the same command again")
