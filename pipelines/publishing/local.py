"""A dataset, here or in an object store, as it is to lie on the Hub."""

import hashlib
import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ...packers.dataset import Dataset
from ...schemas.errors import LcdataError
from ...schemas.manifest import Manifest
from ...schemas.place import Place, file_size, files_below, open_stream, read_bytes
from ...schemas.records import FileRecord
from .pushed import RECIPE, build_name, pushed_manifest
from .remote import Remote


@dataclass(frozen=True)
class LocalFile:
    """A data file: its record has the path of the Hub, `path` is where it lies here."""

    record: FileRecord
    path: Place

    def is_on(self, remote: Remote) -> bool:
        """Whether the Hub holds it as its record says it."""
        there = remote.files.get(self.record.path)
        return there is not None and there.size == self.record.bytes and there.holds(self.record.sha256, self.path)


class Local:
    """What of a dataset goes to the Hub."""

    def __init__(self, dataset: Dataset) -> None:
        self.folder: Place = dataset.folder
        self.manifest: Manifest = pushed_manifest(dataset.manifest)
        """With the paths of the Hub, and without what lies beside the shards."""
        self._dataset = dataset

    @property
    def build(self) -> str:
        """What the build's folders are called."""
        return build_name(self.manifest)

    @cached_property
    def files(self) -> list[LocalFile]:
        """Every data file; LcdataError where one is not whole."""
        found = list(self._files())
        for file in found:
            if file_size(file.path) != file.record.bytes:
                raise LcdataError(f"{file.path} is missing or not whole: run `lcdata verify {self.folder}`")
        return found

    def _files(self) -> Iterator[LocalFile]:
        for pushed, here in zip(self.manifest.shards, self._dataset.manifest.shards, strict=True):
            for record, kept in ((pushed.data, here.data), (pushed.docs, here.docs)):
                yield LocalFile(record, self.folder / kept.path)

    def missing(self, remote: Remote) -> list[LocalFile]:
        """The data files that the Hub does not hold as they are."""
        return [file for file in self.files if not file.is_on(remote)]

    @cached_property
    def recipe(self) -> bytes:
        """The recipe's file."""
        return read_bytes(self.folder / RECIPE)

    @cached_property
    def report(self) -> dict[str, bytes]:
        """The files of a report that lies beside the dataset, by their paths."""
        folder = self.folder / "report"
        return {f"report/{name}": read_bytes(folder / name) for name in files_below(folder)}

    @contextmanager
    def at_hand(self, files: Sequence[LocalFile]) -> Generator[Mapping[str, Path]]:
        """These files on this machine, by the paths of the Hub; those of a store are here until the block ends.

        LcdataError where one of a store has other bytes than its record.
        """
        with tempfile.TemporaryDirectory(prefix="lcdata-push-", ignore_cleanup_errors=True) as scratch:
            yield {
                file.record.path: file.path
                if isinstance(file.path, Path)
                else self._fetched(file, Path(scratch, str(number)))
                for number, file in enumerate(files)
            }

    def _fetched(self, file: LocalFile, target: Path) -> Path:
        sha256 = hashlib.sha256()
        with open_stream(file.path) as source, open(target, "wb") as copy:
            while chunk := source.read(1 << 22):
                sha256.update(chunk)
                copy.write(chunk)
        if sha256.hexdigest() != file.record.sha256:
            raise LcdataError(f"{file.path} was changed: run `lcdata verify {self.folder}`")
        return target
