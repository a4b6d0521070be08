"""Which inputs the names of a corpus mean: files, folders, globs, fsspec URLs, and ids of `datasets`."""

import glob
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ...schemas.errors import UsageError
from ...schemas.place import is_url
from ...schemas.secrets import without_secrets
from .hub import hub_dataset, is_dataset_id, saved_dataset
from .input import HIDDEN, KNOWN, Found, Input, PassedOver, file_format, why_passed_over
from .remote import local_path, reading, remote_inputs, version_of

__all__ = ["Found", "Input", "find_inputs"]


def find_inputs(names: Sequence[str], config: str | None = None, split: str = "train") -> Found:
    """The inputs that these names mean, of a folder or glob by path; one that is named twice is taken once.

    What lies in a folder or is meant by a glob and is not read is told too. Config and split are read for datasets of
    the `datasets` library only. UsageError where a name means nothing.
    """
    found: dict[str, Input] = {}
    passed_over: dict[PassedOver, None] = {}
    for name in names:
        for one in _named(name, config, split):
            if isinstance(one, PassedOver):
                passed_over[one] = None
            else:
                found.setdefault(_identity(one), one)
    count: Counter[str] = Counter()
    inputs: list[Input] = []
    for source in found.values():
        count[source.name] += 1
        inputs.append(replace(source, number=count[source.name]))
    return Found(inputs, list(passed_over))


def _named(name: str, config: str | None, split: str) -> Sequence[Input | PassedOver]:
    found: Sequence[Input | PassedOver]
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
    if not any(isinstance(one, Input) for one in found):
        why = f"names no file that is read here: name files that end in {KNOWN}"
        raise UsageError(f"inputs: {without_secrets(name)} {why}")
    return found


def _local(path: Path, split: str) -> Sequence[Input | PassedOver] | None:
    """What is at a path or glob of this machine; None where there is nothing there, and it is no glob."""
    if path.is_dir():
        return saved_dataset(path, split) or sorted(_in_folder(path), key=_path)
    if path.is_file():
        return [_file(path.as_posix(), path.as_posix())]
    if glob.has_magic(str(path)):
        names = sorted(glob.glob(str(path), recursive=True))
        folders_are_met = "**" in path.parts
        return [_entry(name, path.as_posix()) for name in names if not (folders_are_met and os.path.isdir(name))]
    if os.path.lexists(path):
        raise UsageError(f"inputs: {path} is {_kind(path)}: name a file or a folder")
    return None


def _in_folder(root: Path) -> Iterator[Input | PassedOver]:
    unreadable: list[OSError] = []
    for folder, folders, files in os.walk(root, onerror=unreadable.append):
        for name in list(folders):
            path = os.path.join(folder, name)
            if name.startswith("."):
                folders.remove(name)
                yield PassedOver(path, HIDDEN)
            elif os.path.islink(path):
                yield PassedOver(path, "a linked folder")
        for name in files:
            yield _entry(Path(folder, name).as_posix(), root.as_posix())
    yield from (PassedOver(str(error.filename), "a folder that may not be read") for error in unreadable)


def _entry(path: str, root: str) -> Input | PassedOver:
    if not os.path.isfile(path):
        return PassedOver(path, _kind(Path(path)))
    return _file(path, root)


def _kind(path: Path) -> str:
    """What stands at a path that is no file, in words."""
    if path.is_dir():
        return "a folder, which a glob does not enter"
    return "a broken link" if path.is_symlink() else "no regular file"


def _file(path: str, root: str) -> Input | PassedOver:
    shown = os.fsencode(path).decode(errors="backslashreplace")
    if shown != path:
        return PassedOver(shown, "a name that is not UTF-8")
    written, why = file_format(path), why_passed_over(path, root)
    if why is not None or written is None:
        return PassedOver(path, why or "")
    return Input(path, *written, *version_of(path))


def _path(found: Input | PassedOver) -> str:
    return found.url if isinstance(found, Input) else found.name


def _identity(source: Input) -> str:
    return source.url if is_url(source.url) or source.format == "dataset" else os.path.realpath(source.url)
