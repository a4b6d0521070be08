"""Which inputs the names of a corpus mean: files, folders, globs, fsspec URLs, and ids of `datasets`."""

import glob
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ...schemas.errors import UsageError
from .hub import hub_dataset, is_dataset_id, saved_dataset
from .input import KNOWN, Input, file_input, is_hidden, is_url
from .remote import local_path, reading, remote_inputs

__all__ = ["Input", "find_inputs"]


def find_inputs(names: Sequence[str], config: str | None = None, split: str = "train") -> list[Input]:
    """The inputs that these names mean, of a folder or glob by path; one that is named twice is taken once.

    Config and split are read for datasets of the `datasets` library only. UsageError where a name means nothing.
    """
    found: dict[str, Input] = {}
    for name in names:
        for source in _named(name, config, split):
            found.setdefault(_identity(source), source)
    return list(found.values())


def _named(name: str, config: str | None, split: str) -> list[Input]:
    with reading(name):
        path = local_path(name) if is_url(name) else name
        if path is None:
            found = remote_inputs(name)
        elif (local := _local(Path(path).expanduser(), split)) is not None:
            found = local
        elif is_dataset_id(name):
            found = [hub_dataset(name, config, split)]
        else:
            raise UsageError(f"inputs: there is no file or folder {name}: check its spelling")
    if not found:
        raise UsageError(f"inputs: {name} names no file that is read here: name files that end in {KNOWN}")
    return found


def _local(path: Path, split: str) -> list[Input] | None:
    """The inputs at a path or glob of this machine; None where there is nothing there, and it is no glob."""
    if path.is_dir():
        saved = saved_dataset(path, split)
        return [saved] if saved else _files(path.rglob("*"), path)
    if path.is_file():
        return _files([path], path)
    if glob.has_magic(str(path)):
        return _files(map(Path, glob.glob(str(path), recursive=True)), path)
    return None


def _files(paths: Iterable[Path], root: Path) -> list[Input]:
    names = sorted(path.as_posix() for path in paths if path.is_file())
    found = [_file(name) for name in names if not is_hidden(name, root.as_posix())]
    return [source for source in found if source is not None]


def _file(path: str) -> Input | None:
    status = os.stat(path)
    return file_input(path, status.st_size, str(status.st_mtime_ns))


def _identity(source: Input) -> str:
    return source.url if is_url(source.url) or source.format == "dataset" else os.path.realpath(source.url)
