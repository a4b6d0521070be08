"""Giving a whole folder its name in one step, also where another has it."""

import contextlib
import ctypes
import errno
import os
from pathlib import Path

from .files import sync_folder

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_NO_EXCHANGE = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM)
"""What systems and file systems say that cannot exchange names; EPERM comes from sandboxes."""


def take_place(whole: Path, final: Path) -> None:
    """Give a folder the name `final`, so that it lasts; what had the name before has the name `whole` afterwards.

    There is a folder `final` at every moment, but where the file system cannot exchange two names.
    """
    if not final.is_dir():
        os.replace(whole, final)
    elif not _exchange(whole, final):
        _swap(whole, final)
    for parent in {final.parent, whole.parent}:
        sync_folder(parent)


def _exchange(one: Path, other: Path) -> bool:
    """Give each of two folders the name of the other, in one step; False where that cannot be done."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    if rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in _NO_EXCHANGE:
        return False
    raise OSError(code, os.strerror(code), str(other))


def _swap(whole: Path, final: Path) -> None:
    """The same in three steps, of which the first is taken back where the second fails."""
    aside = whole.with_name(f"{whole.name}.old")
    os.replace(final, aside)
    try:
        os.replace(whole, final)
    except BaseException:
        with contextlib.suppress(OSError):
            os.replace(aside, final)
        raise
    os.replace(aside, whole)
