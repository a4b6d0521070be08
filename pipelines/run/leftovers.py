"""What killed processes leave behind, told from what is still at work by a lock that dies with its process."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Generator, Iterable
from pathlib import Path


@contextlib.contextmanager
def held(folder: Path) -> Generator[None]:
    """Keep a folder from `sweep` in the block."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        hold(handle)
        yield
    finally:
        os.close(handle)


def hold(handle: int) -> None:
    """Keep an open file or folder from `sweep` until it is closed; OSError where it was swept just before."""
    with contextlib.suppress(OSError):  # of a file system without locks, where nothing is swept
        fcntl.flock(handle, fcntl.LOCK_EX)
    if os.fstat(handle).st_nlink == 0:
        raise FileNotFoundError("removed by another process")


def sweep(paths: Iterable[Path]) -> None:
    """Remove those files and folders that no process holds."""
    for path in paths:
        with contextlib.suppress(OSError):
            _sweep(path)


def _sweep(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    finally:
        os.close(handle)
