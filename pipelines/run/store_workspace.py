"""The work folder in an object store, beside the place where a dataset is published by its manifest.

A store has no renames. Where nothing is published yet, files are uploaded to where they stay, and are no dataset before
the manifest is there. Where a finished dataset is to be replaced, the new files wait in the work folder; then the old
manifest is removed, the new files are copied inside the store, and the new manifest is put: for that time there is no
dataset, and never one of mixed files.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import TYPE_CHECKING

from pydantic import ValidationError

from ...schemas.errors import LcdataError, ResumableError, UsageError
from ...schemas.place import (
    Stored,
    file_size,
    filesystem,
    reaching,
    read_bytes,
    remove_below,
    remove_file,
    stored_below,
)
from ...schemas.records import FileRecord, WorkRecord
from .store_files import Upload, copy_within, put_new, put_small
from .store_lock import StoreLock
from .workspace import PLAN, R, Workspace, first_difference, is_whole, work_of

if TYPE_CHECKING:
    from upath import UPath

_LOCK = "lock"
_OWN = ("data/", "docs/", "tokens/", "README.md", "recipe.yaml", "index.parquet")
"""What a dataset or a corpus is made of besides its manifest: nothing else is ever removed from its place."""
_AT_ONCE = 16
_READ_ONLY = ("hf",)


class StoreWorkspace(Workspace["UPath"]):
    """The work folder of a dataset in an object store."""

    def __init__(self, out: UPath, overwrite: bool = False) -> None:
        """`overwrite` lets another plan's half build go, and a finished dataset when this one takes its place."""
        super().__init__(out, overwrite)
        if out.protocol in _READ_ONLY:
            raise UsageError(
                f"{out} can be read and not built in, since the Hub cannot put a file only where none is: "
                "build in a folder or an object store, and upload that"
            )
        if out.parent.path.strip("/") in ("", out.path.strip("/")):
            raise UsageError(f"{out} is a whole bucket: name a prefix in it, such as {str(out).rstrip('/')}/name")
        self.root = work_of(out)
        self._lock = StoreLock(self.root / _LOCK)
        self._is_to_stay = True
        self._noted: dict[str, str] = {}
        """Versions of what was written since the last record, by the names of the files."""
        self._versions: dict[str, str] = {}
        """Versions by the records."""

    @property
    def probe(self) -> UPath:
        """A place that every worker must reach."""
        return self.root

    @cached_property
    def _is_aside(self) -> bool:
        """Whether the files wait in the work folder, as whoever claimed it decided."""
        return json.loads(read_bytes(self.root / PLAN))["aside"]

    @cached_property
    def dataset(self) -> UPath:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Where the files of the dataset are until it is published."""
        return self.root / "dataset" if self._is_aside else self.out

    @contextlib.contextmanager
    def locked(self) -> Generator[None]:
        """Hold the work folder alone, giving signs of life; see `Workspace`."""
        with self.guarded():
            self._lock.acquire(str(self.out))
        try:
            yield
        finally:
            self._lock.release(self._is_to_stay)

    def check(self) -> None:
        """Raise ResumableError where another process has taken the work folder over."""
        self._lock.check()

    def claim(self, plan: Mapping[str, object]) -> None:
        """Take the locked folder over for a plan; see `Workspace`."""
        before = self._before()
        if before.get("plan", plan) != plan:
            if not self._overwrite:
                raise UsageError(
                    f"{self.out} is half built from another plan: {first_difference(before['plan'], plan)}. "
                    "Use another --out, or start over with --overwrite"
                )
            self._start_over()
            before = {}
        if not before:
            aside = any(file_size(self.out / name) is not None for name in _MANIFESTS)
            before = {"aside": aside, "plan": plan}
            put_small(self.root, PLAN, json.dumps(before, indent=1).encode())
        self._is_aside = bool(before["aside"])

    def _before(self) -> dict[str, object]:
        """What was claimed before, empty where nothing was."""
        try:
            return json.loads(read_bytes(self.root / PLAN))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            if self._overwrite:
                return {"plan": None}
            raise LcdataError(
                f"{self.root / PLAN} is damaged ({error}): start over with --overwrite, or use another --out"
            ) from None

    def _start_over(self) -> None:
        """Drop what another plan made, its plan last; what lies at the place belongs to it where no manifest does."""
        self._drop(PLAN)
        if all(file_size(self.out / name) is None for name in _MANIFESTS):
            remove_below(self.out, [name for name in stored_below(self.out) if name.startswith(_OWN)])
        remove_file(self.root / PLAN)

    def make_folders(self, *names: str) -> None:
        """Do nothing: a store has no folders."""

    def attempt(self, name: str) -> Upload:
        """A file of the dataset to write, on this machine until it is whole."""
        return Upload(self.dataset, name, self._note)

    def attempt_beside(self, name: str, is_lasting: bool = True) -> Upload:
        """A file of the work folder to write, on this machine until it is whole."""
        return Upload(self.root, name, self._note, is_lasting)

    def _note(self, name: str, version: str) -> None:
        self._noted[name] = version

    def put(self, name: str, data: bytes) -> None:
        """Write a small file of the dataset."""
        self._note(name, put_small(self.dataset, name, data).version)

    def record(self, name: str, record: WorkRecord) -> None:
        """Enter a record, with the versions in the store of the files that were written for it."""
        content = {"versions": self._noted, "record": record.model_dump(mode="json")}
        put_small(self.root, f"records/{name}.json", json.dumps(content, indent=1).encode())
        self._noted = {}

    def records(self, kind: type[R], plan: str) -> Iterator[R]:
        """The records of a kind that were entered under this plan, in order of their names."""
        for content in self._recorded_contents():
            with contextlib.suppress(ValidationError):
                record = kind.model_validate(content)
                if record.plan == plan:
                    yield record

    def _recorded_contents(self) -> list[object]:
        """All records, in order of their names; notes the versions of their files."""
        folder = self.root / "records"
        paths = [(folder / name).path for name in sorted(stored_below(folder))]
        if not paths:
            return []
        with reaching(folder):
            found: Mapping[str, bytes] = filesystem(folder).cat(paths)
        contents = [json.loads(found[path]) for path in paths]
        for content in contents:
            self._versions.update(content["versions"])
        return [content["record"] for content in contents]

    @cached_property
    def _there(self) -> Mapping[str, Stored]:
        """What is in the dataset when it is first looked at."""
        return stored_below(self.dataset)

    @cached_property
    def _beside(self) -> Mapping[str, Stored]:
        """What is in the work folder when it is first looked at."""
        return stored_below(self.root)

    def holds(self, *files: FileRecord) -> bool:
        """Whether files of the dataset are there as they were recorded, by size and version, else by their bytes."""
        return all(self._is_as_recorded(self.dataset, file, self._there) for file in files)

    def holds_beside(self, file: FileRecord) -> bool:
        """Whether a file of the work folder is there as it was recorded."""
        return self._is_as_recorded(self.root, file, self._beside)

    def _is_as_recorded(self, root: UPath, file: FileRecord, there: Mapping[str, Stored]) -> bool:
        found, version = there.get(file.path), self._versions.get(file.path) or self._noted.get(file.path)
        if found is None or found.size != file.bytes:
            return False
        # A file that another attempt wrote again, of the same bytes, may have another version.
        return (bool(version) and found.version == version) or is_whole(root, file)

    def sync(self) -> None:
        """Do nothing: what a store has answered for lasts."""

    def publish(self, manifest: str, sealed: bytes, files: Sequence[FileRecord]) -> None:
        """Put the manifest where all files of the dataset are, then drop the work folder; see `Workspace`."""
        self._lock.look()
        self._recorded_contents()
        there = stored_below(self.dataset)
        wrong = next((file.path for file in files if not self._is_as_recorded(self.dataset, file, there)), None)
        if wrong is not None:
            raise ResumableError(f"{self.dataset / wrong} was removed or changed meanwhile: run the same command again")
        listed = {file.path for file in files}
        if self._is_aside:
            remove_file(self.out / manifest)
            self._bring(listed)
        left = [name for name in stored_below(self.out) if name.startswith(_OWN) and name not in listed]
        remove_below(self.out, left)
        self._lock.look()
        if not put_new(self.out / manifest, sealed):
            raise ResumableError(f"{self.out} was published by another process meanwhile: run the same command again")
        self.is_published = True
        with contextlib.suppress(OSError):
            self.remove()
            self._abort_uploads()

    def _bring(self, names: set[str]) -> None:
        """Copy files of the work folder to their places, several at a time."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for _ in pool.map(partial(_copy, self.dataset, self.out), sorted(names)):
                pass

    def _abort_uploads(self) -> None:
        """Drop the parts of uploads to this place that killed workers began, where the store lets them be listed."""
        store = filesystem(self.out)
        if not hasattr(store, "list_multipart_uploads"):
            return
        bucket, _, key = self.out.path.partition("/")
        for upload in store.list_multipart_uploads(bucket):
            if upload["Key"].startswith((f"{key}/", f"{self.root.path.partition('/')[2]}/")):
                store.abort_mpu(bucket, upload["Key"], upload["UploadId"])

    def remove(self) -> None:
        """Drop the work folder; its lock goes when it is released."""
        self._is_to_stay = False
        self._drop()

    def _drop(self, *besides: str) -> None:
        """Remove what is in the work folder, but for its lock and what is named."""
        kept = (f"{_LOCK}/", *besides)
        remove_below(self.root, [name for name in stored_below(self.root) if not name.startswith(kept)])

    def remove_after_publication(self) -> None:
        """Drop what is left of a build that ended between its publication and this; not of one that runs."""
        with contextlib.suppress(OSError):
            if stored_below(self.root) and self._lock.is_free():
                self.remove()
                remove_below(self.root, stored_below(self.root))


_MANIFESTS = ("lcdata.json", "corpus.json")


def _copy(source: UPath, target: UPath, name: str) -> None:
    copy_within(source / name, target / name)
