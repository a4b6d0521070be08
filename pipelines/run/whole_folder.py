"""A folder that is there as a whole or not at all, and replaces only its like."""

import contextlib
import os
import shutil
from collections.abc import Generator
from pathlib import Path

from ...schemas.errors import UsageError
from ...schemas.place import Place
from .files import storage_error, sync_folder, temporary_path, temporary_paths
from .leftovers import held, sweep
from .places import take_place


def check_folder(out: Path, source: Place, mark: str, overwrite: bool) -> None:
    """Raise UsageError where the folder `out` must not be made of `source`, or replaced for want of a file `mark`."""
    place, origin = out.resolve(), source.resolve() if isinstance(source, Path) else None
    if origin is not None and (place == origin or origin in place.parents):
        raise UsageError(f"{out} would be a foreign folder in the dataset {source}: choose an --out outside of it")
    if place in (Path.cwd(), *Path.cwd().parents, *(origin.parents if origin else ())) or out.is_mount():
        raise UsageError(f"{out} cannot be replaced: name a new folder inside it")
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise UsageError(f"{out} is not a folder: choose another --out")
    if not out.is_dir() or not any(out.iterdir()):
        return
    if not (out / mark).is_file():
        raise UsageError(f"{out} holds something else than an export: choose another --out")
    if not overwrite:
        raise UsageError(f"{out} exists already: choose another --out, or replace it with --overwrite")


@contextlib.contextmanager
def whole_folder(out: Path) -> Generator[Path]:
    """An empty folder to write into, which takes the name `out` when the block ends without an error.

    What killed writers of `out` left beside it is removed.
    """
    temporary = temporary_path(out)
    try:
        sweep(temporary_paths(out))
        temporary.mkdir(parents=True)
        with held(temporary):
            yield temporary
            _sync(temporary)
            take_place(temporary, out)
    except OSError as error:
        raise storage_error(error, out) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Bring the files of a folder and their names to disk."""
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            sync_folder(path)
        else:
            with open(path, "rb") as file:
                os.fsync(file.fileno())
