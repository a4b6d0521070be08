"""The lock of an object store: a numbered object that only one process can create, renewed while its owner lives.

Whoever created the highest number is the owner. A number is never used twice, so that nobody who was thought dead can
take a lock back: an owner that finds a higher number than its own stops. All that a store must do is create an object
only where there is none, which S3, Google Cloud Storage and Azure do; on one that ignores the condition, two processes
that begin in the same second are told apart when the first of them looks at its object again.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from ...schemas.errors import ResumableError, UsageError
from ...schemas.place import filesystem, reaching, read_bytes, remove_below, remove_file, stored_below, write_bytes
from .store_files import put_new

if TYPE_CHECKING:
    from upath import UPath

_RENEW_SECONDS = 20.0
_STALE_AFTER = 300.0


def stale_after_seconds() -> float:
    """Seconds without a sign of life after which a lock's owner counts as dead; LCDATA_STALE_AFTER changes them."""
    return float(os.environ.get("LCDATA_STALE_AFTER", _STALE_AFTER))


class StoreLock:
    """A lock in a folder of a store, held by one process at a time, told of by whoever made it for what."""

    def __init__(self, folder: UPath) -> None:
        self._folder = folder
        self._mine: UPath | None = None
        self._content = b""
        self._over = threading.Event()
        self._renewing: threading.Thread | None = None
        self._lost = ""

    def acquire(self, what: str) -> None:
        """Take the lock; UsageError, which says that `what` is being made by whom, where another has it."""
        owner = self._owner()
        if owner is not None and not owner.is_gone():
            raise UsageError(f"{what} is being built by {owner}: wait for it, or use another --out")
        number = 0 if owner is None else owner.number + 1
        mine = self._folder / f"{number:08d}"
        content = json.dumps({"id": uuid.uuid4().hex, **_this_process()}).encode()
        if not put_new(mine, content):
            raise UsageError(f"{what} is being built by another process that began just now: wait for it")
        self._mine, self._content, self._lost = mine, content, ""
        self._over.clear()
        self._renewing = threading.Thread(target=self._renew, daemon=True)
        self._renewing.start()

    def check(self) -> None:
        """Raise ResumableError where another process has taken the lock."""
        if self._lost:
            raise ResumableError(f"{self._lost}: see that no two machines make the same, and run this again")

    def look(self) -> None:
        """Find out whether the lock is still this process's, and raise as `check` where it is not."""
        assert self._mine is not None
        newest = max(stored_below(self._folder), default="")
        if newest != self._mine.name or json.loads(read_bytes(self._mine)) != json.loads(self._content):
            self._lost = f"{self._folder.parent} was taken over by another process"
        self.check()

    def release(self, is_to_stay: bool) -> None:
        """Let go of the lock; what is left of its folder stays where somebody is to go on."""
        if self._mine is None:
            return
        self._over.set()
        if self._renewing is not None:
            self._renewing.join()
        with suppress(OSError):
            if not is_to_stay and not self._lost:
                remove_below(self._folder, stored_below(self._folder))
            elif not self._lost:
                write_bytes(self._mine, json.dumps({"released": True}).encode())
        self._mine = None

    def is_free(self) -> bool:
        """Whether no process that lives has the lock."""
        owner = self._owner()
        return owner is None or owner.is_gone()

    def _renew(self) -> None:
        """Give signs of life until the lock is released or lost."""
        while not self._over.wait(min(_RENEW_SECONDS, stale_after_seconds() / 3)):
            assert self._mine is not None
            with suppress(OSError):  # a store that does not answer now may the next time
                try:
                    self.look()
                except ResumableError:
                    return
                write_bytes(self._mine, self._content)

    def _owner(self) -> _Owner | None:
        """The last owner, None where there was none."""
        numbers = sorted(stored_below(self._folder))
        while numbers:
            with suppress(FileNotFoundError):  # released meanwhile
                return _Owner(self._folder, numbers[-1])
            numbers.pop()
        return None


class _Owner:
    """The process that holds a lock or held it last."""

    def __init__(self, folder: UPath, name: str) -> None:
        self._folder, self._object = folder, folder / name
        self.number = int(name) if name.isdigit() else 0
        self._content: dict[str, Any] = json.loads(read_bytes(self._object) or b"{}")

    def is_gone(self) -> bool:
        """Whether it released the lock, died on this machine, or gave no sign of life for long."""
        if "released" in self._content or _is_dead_here(self._content):
            return True
        return self.silent_seconds > stale_after_seconds()

    @property
    def silent_seconds(self) -> float:
        """Seconds since its last sign of life by the store's clock, since those of machines may differ."""
        probe = self._folder.parent / f"clock-{uuid.uuid4().hex}"
        write_bytes(probe, b"")
        try:
            with reaching(probe):
                store = filesystem(probe)
                return (store.modified(probe.path) - store.modified(self._object.path)).total_seconds()
        finally:
            remove_file(probe)

    def __str__(self) -> str:
        content = self._content
        alive = f"alive {max(self.silent_seconds, 0):.0f} s ago"
        return f"process {content.get('pid')} on {content.get('host')}, {alive}"


def _this_process() -> dict[str, object]:
    """What tells this process from any other, on any machine."""
    return {**_machine(), "pid": os.getpid(), "started": psutil.Process().create_time()}


def _machine() -> dict[str, str]:
    """What tells this machine, and the process numbers of a container on it, from others."""
    boot, numbers = "", ""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        numbers = os.readlink("/proc/self/ns/pid")
    return {"host": socket.gethostname(), "boot": boot, "numbers": numbers}


def _is_dead_here(content: dict[str, Any]) -> bool:
    """Whether a process ran on this machine and does not any more; False where it may run elsewhere."""
    here = _machine()
    if not here["boot"] or any(content.get(name) != value for name, value in here.items()):
        return False
    try:
        return abs(psutil.Process(int(content["pid"])).create_time() - content["started"]) > 1
    except (psutil.Error, KeyError, TypeError, ValueError):
        return True
