"""Where a dataset grows before it is published as a whole: what every place for that must be able to do."""

from __future__ import annotations

import contextlib
import json
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Generic, TypeVar

from ...schemas.errors import LcdataError, UsageError
from ...schemas.manifest import MANIFEST, Manifest, ShardRecord, read_manifest
from ...schemas.place import Place, file_size, stored_below
from ...schemas.records import FileRecord, WorkRecord
from .files import Attempt, hash_file, storage_error

if TYPE_CHECKING:
    from upath import UPath

R = TypeVar("R", bound=WorkRecord)
P_co = TypeVar("P_co", bound=Place, covariant=True)

TEXTS = "texts"
"""Folder of texts that an ingest has read and not yet encoded, in the work folder."""
PLAN = "plan.json"


class Workspace(ABC, Generic[P_co]):
    """`.NAME.lcdata` beside the place NAME: lock, plan, texts and a record for each finished piece of work."""

    out: P_co
    """Where the dataset is published."""
    root: P_co
    """The work folder."""
    dataset: P_co
    """Where the files of the dataset are until it is published."""

    def __init__(self, out: P_co, overwrite: bool) -> None:
        self.out, self._overwrite = out, overwrite
        self.is_published = False
        """Whether `publish` has given the dataset its place."""

    @contextlib.contextmanager
    def guarded(self) -> Generator[None]:
        """Say in a line what a disk or store refused, and let an interrupt go that comes when all is published."""
        try:
            yield
        except OSError as error:
            raise storage_error(error, self.out) from None
        except Exception:
            raise
        except BaseException:
            if not self.is_published:
                raise

    @property
    @abstractmethod
    def probe(self) -> P_co:
        """A folder that every worker must reach."""

    @abstractmethod
    def locked(self) -> AbstractContextManager[None]:
        """Hold the work folder alone; UsageError where another process has it.

        Another may have published meanwhile what is to be made: look before `claim`.
        """

    @abstractmethod
    def check(self) -> None:
        """Raise ResumableError where another process has taken the work folder over."""

    @abstractmethod
    def claim(self, plan: Mapping[str, object]) -> None:
        """Take the locked folder over for a plan, whole; UsageError where another plan is half built in it."""

    @abstractmethod
    def make_folders(self, *names: str) -> None:
        """Make folders of these names in the dataset, where files need folders."""

    @abstractmethod
    def attempt(self, name: str) -> Attempt:
        """A file of the dataset to write: an attempt at one, of which there may be several at once."""

    @abstractmethod
    def attempt_beside(self, name: str, is_lasting: bool = True) -> Attempt:
        """A file of the work folder to write; one that is not lasting is not hashed."""

    @abstractmethod
    def put(self, name: str, data: bytes) -> None:
        """Write a small file of the dataset."""

    @abstractmethod
    def record(self, name: str, record: WorkRecord) -> None:
        """Enter the record of a finished piece of work under a name; its files are those that were attempted here."""

    @abstractmethod
    def records(self, kind: type[R], plan: str) -> Iterator[R]:
        """The records of a kind that were entered under this plan, in order of their names."""

    @abstractmethod
    def holds(self, *files: FileRecord) -> bool:
        """Whether files of the dataset are there as they were written and recorded."""

    @abstractmethod
    def holds_beside(self, file: FileRecord) -> bool:
        """Whether a file of the work folder is there as it was written and recorded."""

    @abstractmethod
    def sync(self) -> None:
        """Make the names of all files of the dataset last."""

    def finished_shards(self, plan: str) -> dict[tuple[str, int], ShardRecord]:
        """The shards that can be trusted, by stage and number: recorded under this plan, both files as recorded."""
        return {
            (record.stage, record.shard): record
            for record in self.records(ShardRecord, plan)
            if self.holds(record.data, record.docs)
        }

    @abstractmethod
    def publish(self, manifest: str, sealed: bytes, files: Sequence[FileRecord]) -> None:
        """Give the dataset its place, then drop the work folder, with a dataset that was there before.

        It consists of a manifest of that name and these files. Raises ResumableError where one was removed or cut
        meanwhile.
        """

    @abstractmethod
    def remove(self) -> None:
        """Drop the work folder."""

    @abstractmethod
    def remove_after_publication(self) -> None:
        """Drop what is left of a build that ended between its publication and this; not of one that runs."""


def work_of(out: UPath) -> UPath:
    """The work folder of a place in a store."""
    return out.parent / f".{out.name}.lcdata"


def missing_files(root: Place, files: Iterable[FileRecord]) -> Iterator[str]:
    """Paths of the files that are not there with the size that they were written with."""
    if not isinstance(root, Path):
        there = stored_below(root)
        yield from (file.path for file in files if file.path not in there or there[file.path].size != file.bytes)
        return
    for file in files:
        if file_size(root / file.path) != file.bytes:
            yield file.path


def what_is_wrong(root: Place, files: Iterable[FileRecord], by_hash: bool) -> str | None:
    """Which of a finished dataset's files is not there as it was written, in words; by their sizes, or by all bytes."""
    damaged = (file.path for file in files if not is_whole(root, file))
    wrong = next(damaged if by_hash else missing_files(root, files), None)
    return None if wrong is None else f"its file {wrong} is missing or damaged"


def foreign_paths(root: Place, listed: Iterable[str]) -> Iterator[str]:
    """Everything below a folder that is neither a listed file nor a folder of one; no link to a folder is followed."""
    names = set(listed)
    folders = {parent.as_posix() for name in names for parent in PurePosixPath(name).parents}
    if not isinstance(root, Path):
        foreign = (PurePosixPath(name) for name in stored_below(root).keys() - names)
        ways = ([path, *path.parents] for path in foreign)  # each from the file up to `.`, which is among the folders
        yield from sorted(
            {next((p for p in reversed(way) if p.as_posix() not in folders), way[0]).as_posix() for way in ways}
        )
        return
    waiting = [root]
    while waiting:
        for path in sorted(waiting.pop().iterdir()):
            name = path.relative_to(root).as_posix()
            if name in folders and path.is_dir() and not path.is_symlink():
                waiting.append(path)
            elif name not in names:
                yield name


def is_whole(root: Place, file: FileRecord) -> bool:
    """Whether a file is there as it was written, by its size and hash."""
    path = root / file.path
    return file_size(path) == file.bytes and hash_file(path) == file.sha256


def finished_dataset(out: Place, overwrite: bool = False) -> Manifest | None:
    """The manifest of a finished dataset, None where nothing is; UsageError where something else is in the way.

    One that is to be overwritten and cannot be read, such as another version's, counts as nothing.
    """
    if file_size(out / MANIFEST) is not None:
        try:
            return read_manifest(out)
        except LcdataError:
            if not overwrite:
                raise
            return None
    if not isinstance(out, Path):
        _check_free(out)
        return None
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise UsageError(f"{out} is not a folder: choose another --out")
    if out.is_dir() and (out.is_mount() or out in (Path.cwd(), *Path.cwd().parents)):
        raise UsageError(f"{out} cannot be replaced by a finished dataset: name a new folder inside it")
    if out.is_dir() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty and holds no {MANIFEST}: choose another --out")
    return None


def _check_free(out: UPath) -> None:
    """Raise UsageError where a place of a store holds what no build of lcdata has begun."""
    if file_size(work_of(out) / PLAN) is None and stored_below(out):
        raise UsageError(f"{out} is not empty and holds no {MANIFEST}: choose another --out")


def first_difference(before: object, after: object, key: str = "") -> str:
    """The first key in which two JSON values differ, and its two values: `recipe.seed was 1, is now 2`."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            if before.get(name) != after.get(name):
                return first_difference(before.get(name), after.get(name), f"{key}.{name}" if key else name)
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        number = next(number for number, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1])
        return first_difference(before[number], after[number], f"{key}.{number}")
    return f"{key} was {json.dumps(before)}, is now {json.dumps(after)}"
