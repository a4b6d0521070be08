"""The hidden folder in which a dataset grows, beside the place where it is published as a whole."""

import contextlib
import json
import os
import shutil
import socket
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TypeVar

import filelock
from pydantic import ValidationError

from ...schemas.errors import LcdataError, ResumableError, UsageError
from ...schemas.manifest import MANIFEST, Manifest, ShardRecord, read_manifest
from ...schemas.records import FileRecord, WorkRecord
from .files import give_name, hash_file, storage_error, sync_folder, write_whole
from .places import take_place

R = TypeVar("R", bound=WorkRecord)


class Workspace:
    """`.NAME.lcdata` beside the output folder NAME: lock, plan, the dataset so far and a record for each shard."""

    def __init__(self, out: Path, overwrite: bool = False) -> None:
        """`overwrite` lets another plan's half build go, and a finished dataset when this one takes its place."""
        self.out, self._overwrite = out, overwrite
        self.root = out.parent / f".{out.name}.lcdata"
        self.dataset = self.root / "dataset"
        self.temporary = self.root / "tmp"
        self.texts = self.root / "texts"
        """Folder of texts that an ingest has read and not yet encoded."""
        self._records = self.root / "records"
        self._plan = self.root / "plan.json"
        self._lock = filelock.FileLock(self.root / "lock")
        self.is_published = False
        """Whether `publish` has given the dataset its place."""

    @contextlib.contextmanager
    def guarded(self) -> Generator[None]:
        """Say in a line what a disk refused, and let an interrupt go that comes when all is published."""
        try:
            yield
        except OSError as error:
            raise storage_error(error, self.out) from None
        except Exception:
            raise
        except BaseException:
            if not self.is_published:
                raise

    @contextlib.contextmanager
    def locked(self) -> Generator[None]:
        """Hold the folder alone; UsageError where another process has it.

        Another may have published meanwhile what is to be made: look before `claim`.
        """
        try:
            self._acquire()
        except OSError as error:
            raise storage_error(error, self.out.parent) from None
        try:
            yield
        finally:
            self._lock.release()

    def _acquire(self) -> None:
        """Make the folder and take its lock, as often as another process removes both in between."""
        while not self._lock.is_locked:
            try:
                self.root.mkdir(parents=True, exist_ok=True)
                self._lock.acquire(blocking=False)
            except FileNotFoundError:
                if not self.root.parent.is_dir():
                    raise
            except filelock.Timeout:
                if self.root.is_dir():
                    raise UsageError(
                        f"{self.out} is being built by {self._owner()}: wait for it, or use another --out"
                    ) from None

    def claim(self, plan: Mapping[str, object]) -> None:
        """Take the locked folder over for a plan, whole: no other's work, and no leftovers of attempts.

        UsageError where another plan is half built in it.
        """
        before = self._plan_before()
        if before is not None and before != plan:
            if not self._overwrite:
                raise UsageError(
                    f"{self.out} is half built from another plan: {first_difference(before, plan)}. "
                    "Use another --out, or start over with --overwrite"
                )
            self._start_over()
        for folder in (self.dataset, self.temporary, self.texts, self._records):
            folder.mkdir(exist_ok=True)
        if before != plan:
            write_whole(self._plan, json.dumps(plan, indent=1).encode())
        write_whole(self.root / "owner", f"process {os.getpid()} on {socket.gethostname()}".encode())
        for leftover in self.temporary.iterdir():
            leftover.unlink()

    def _plan_before(self) -> dict[str, object] | None:
        """The plan that was half built here, None where none was."""
        try:
            return json.loads(self._plan.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:
            if self._overwrite:
                return {"plan": None}
            raise LcdataError(
                f"{self._plan} is damaged ({error}): start over with --overwrite, or use another --out"
            ) from None

    def _start_over(self) -> None:
        """Drop what another plan made, its plan last."""
        for path in (self.dataset, self.texts, self._records, self._plan):
            _remove(path)

    def _owner(self) -> str:
        with contextlib.suppress(OSError):
            return (self.root / "owner").read_text()
        return "another process"

    def make_folders(self, *names: str) -> None:
        """Make folders of these names in the dataset."""
        for name in names:
            (self.dataset / name).mkdir(parents=True, exist_ok=True)

    def record(self, name: str, record: WorkRecord) -> None:
        """Enter the record of a finished piece of work under a name."""
        data = record.model_dump_json(indent=1).encode()
        write_whole(self._records / f"{name}.json", data, self.temporary)

    def records(self, kind: type[R], plan: str) -> Iterator[R]:
        """The records of a kind that were entered under this plan, in order of their names."""
        for path in sorted(self._records.glob("*.json")):
            with contextlib.suppress(ValidationError):
                record = kind.model_validate_json(path.read_bytes())
                if record.plan == plan:
                    yield record

    def finished_shards(self, plan: str) -> dict[tuple[str, int], ShardRecord]:
        """The shards that can be trusted, by stage and number: recorded under this plan, both files as recorded."""
        return {
            (record.stage, record.shard): record
            for record in self.records(ShardRecord, plan)
            if all(is_whole(self.dataset, file) for file in (record.data, record.docs))
        }

    def publish(self, manifest: str, files: Sequence[FileRecord]) -> None:
        """Give the dataset its place in one step, then drop the work folder, with a dataset that was there before.

        It consists of its manifest and these files. Raises ResumableError where one was removed or cut meanwhile.
        """
        wrong = next(missing_files(self.dataset, files), None)
        if wrong is not None:
            raise ResumableError(f"{self.dataset / wrong} was removed or cut meanwhile: run the same command again")
        for foreign in foreign_paths(self.dataset, [manifest, *(file.path for file in files)]):
            _remove(self.dataset / foreign)
        if self._overwrite and (self.out / manifest).is_file():
            take_place(self.dataset, self.out)
        else:
            sync_folder(self.dataset)
            give_name(self.dataset, self.out)
        self.is_published = True
        self.remove()

    def remove(self) -> None:
        """Drop the work folder."""
        shutil.rmtree(self.root, ignore_errors=True)

    def remove_after_publication(self) -> None:
        """Drop what is left of a build that ended between its publication and this; not of one that runs."""
        if self.root.is_dir():
            with contextlib.suppress(filelock.Timeout, OSError), self._lock.acquire(blocking=False):
                self.remove()


def missing_files(root: Path, files: Iterable[FileRecord]) -> Iterator[str]:
    """Paths of the files that are not there with the size that they were written with."""
    for file in files:
        path = root / file.path
        if not path.is_file() or path.stat().st_size != file.bytes:
            yield file.path


def what_is_wrong(root: Path, files: Iterable[FileRecord], by_hash: bool) -> str | None:
    """Which of a finished dataset's files is not there as it was written, in words; by their sizes, or by all bytes."""
    damaged = (file.path for file in files if not is_whole(root, file))
    wrong = next(damaged if by_hash else missing_files(root, files), None)
    return None if wrong is None else f"its file {wrong} is missing or damaged"


def foreign_paths(root: Path, listed: Iterable[str]) -> Iterator[str]:
    """Everything below a folder that is neither a listed file nor a folder of one; no link to a folder is followed."""
    names = set(listed)
    folders = {parent.as_posix() for name in names for parent in PurePosixPath(name).parents}
    waiting = [root]
    while waiting:
        for path in sorted(waiting.pop().iterdir()):
            name = path.relative_to(root).as_posix()
            if name in folders and path.is_dir() and not path.is_symlink():
                waiting.append(path)
            elif name not in names:
                yield name


def is_whole(root: Path, file: FileRecord) -> bool:
    """Whether a file is there as it was written, by its size and hash."""
    path = root / file.path
    return path.is_file() and path.stat().st_size == file.bytes and hash_file(path) == file.sha256


def _remove(path: Path) -> None:
    """Remove a file or folder, where there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def finished_dataset(out: Path, overwrite: bool = False) -> Manifest | None:
    """The manifest of a finished dataset, None where nothing is; UsageError where something else is in the way.

    One that is to be overwritten and cannot be read, such as another version's, counts as nothing.
    """
    if (out / MANIFEST).is_file():
        try:
            return read_manifest(out)
        except LcdataError:
            if not overwrite:
                raise
            return None
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise UsageError(f"{out} is not a folder: choose another --out")
    if out.is_dir() and (out.is_mount() or out in (Path.cwd(), *Path.cwd().parents)):
        raise UsageError(f"{out} cannot be replaced by a finished dataset: name a new folder inside it")
    if out.is_dir() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty and holds no {MANIFEST}: choose another --out")
    return None


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
