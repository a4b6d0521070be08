"""Which servers live: each holds a lock on a file of its own, which is free once the server is dead."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alive(folder: Path, server: str) -> Generator[None]:
    """Hold this server's lock in the block."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / server
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


@contextmanager
def taken_over(folder: Path, server: str) -> Generator[bool]:
    """Whether a server is dead; in the block nobody else takes over what it ran."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / server
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        yield False
        return
    try:
        yield True
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def lives(folder: Path) -> bool:
    """Whether any server lives."""
    return any(_is_held(path) for path in folder.glob("*"))


def _is_held(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
