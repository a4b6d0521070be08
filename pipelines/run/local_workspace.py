"""The hidden folder of this machine in which a dataset grows, beside the place where it is published as a whole."""

import contextlib
import json
import os
import shutil
import socket
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path

import filelock
from pydantic import ValidationError

from ...schemas.errors import LcdataError, ResumableError, UsageError
from ...schemas.records import FileRecord, WorkRecord
from .files import Attempt, give_name, storage_error, sync_folder, write_whole
from .places import take_place
from .workspace import TEXTS, R, Workspace, first_difference, foreign_paths, is_whole, missing_files


class LocalWorkspace(Workspace[Path]):
    """`.NAME.lcdata` beside the output folder NAME: lock, plan, the dataset so far and a record for each shard."""

    def __init__(self, out: Path, overwrite: bool = False) -> None:
        """`overwrite` lets another plan's half build go, and a finished dataset when this one takes its place."""
        super().__init__(out, overwrite)
        self.root = out.parent / f".{out.name}.lcdata"
        self.dataset = self.root / "dataset"
        self.temporary = self.root / "tmp"
        self._texts = self.root / TEXTS
        self._records = self.root / "records"
        self._plan = self.root / "plan.json"
        self._lock = filelock.FileLock(self.root / "lock")

    @property
    def probe(self) -> Path:
        """A folder that every worker must see."""
        return self.temporary

    @contextlib.contextmanager
    def locked(self) -> Generator[None]:
        """Hold the folder alone; see `Workspace`."""
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

    def check(self) -> None:
        """Do nothing: the lock of a folder goes with its process alone."""

    def claim(self, plan: Mapping[str, object]) -> None:
        """Take the locked folder over for a plan, without leftovers of attempts; see `Workspace`."""
        before = self._plan_before()
        if before is not None and before != plan:
            if not self._overwrite:
                raise UsageError(
                    f"{self.out} is half built from another plan: {first_difference(before, plan)}. "
                    "Use another --out, or start over with --overwrite"
                )
            self._start_over()
        for folder in (self.dataset, self.temporary, self._texts, self._records):
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
        for path in (self.dataset, self._texts, self._records, self._plan):
            _remove(path)

    def _owner(self) -> str:
        with contextlib.suppress(OSError):
            return (self.root / "owner").read_text()
        return "another process"

    def make_folders(self, *names: str) -> None:
        """Make folders of these names in the dataset."""
        for name in names:
            (self.dataset / name).mkdir(parents=True, exist_ok=True)

    def attempt(self, name: str) -> Attempt:
        """A file of the dataset to write."""
        return Attempt(self.temporary, self.dataset / name, self.dataset)

    def attempt_beside(self, name: str, is_lasting: bool = True) -> Attempt:
        """A file of the work folder to write."""
        return Attempt(self.temporary, self.root / name, self.root, is_lasting)

    def put(self, name: str, data: bytes) -> None:
        """Write a small file of the dataset."""
        write_whole(self.dataset / name, data, self.temporary)

    def record(self, name: str, record: WorkRecord) -> None:
        """Enter the record of a finished piece of work."""
        data = record.model_dump_json(indent=1).encode()
        write_whole(self._records / f"{name}.json", data, self.temporary)

    def records(self, kind: type[R], plan: str) -> Iterator[R]:
        """The records of a kind that were entered under this plan, in order of their names."""
        for path in sorted(self._records.glob("*.json")):
            with contextlib.suppress(ValidationError):
                record = kind.model_validate_json(path.read_bytes())
                if record.plan == plan:
                    yield record

    def holds(self, *files: FileRecord) -> bool:
        """Whether files of the dataset are there as they were written, by their bytes."""
        return all(is_whole(self.dataset, file) for file in files)

    def holds_beside(self, file: FileRecord) -> bool:
        """Whether a file of the work folder is there as it was written, by its bytes."""
        return is_whole(self.root, file)

    def sync(self) -> None:
        """Bring the names of all files of the dataset to disk."""
        for folder in (path for path in self.dataset.rglob("*") if path.is_dir()):
            sync_folder(folder)

    def publish(self, manifest: str, sealed: bytes, files: Sequence[FileRecord]) -> None:
        """Give the dataset its place in one step, then drop the work folder, with a dataset that was there before."""
        self.put(manifest, sealed)
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


def _remove(path: Path) -> None:
    """Remove a file or folder, where there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
