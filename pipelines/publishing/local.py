"""A dataset of this machine as it is to lie on the Hub."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ...packers.dataset import Dataset
from ...schemas.errors import LcdataError, UsageError
from ...schemas.manifest import Manifest
from ...schemas.records import FileRecord
from .pushed import RECIPE, build_name, pushed_manifest
from .remote import Remote


@dataclass(frozen=True)
class LocalFile:
    """A data file: its record has the path of the Hub, `path` is where it lies here."""

    record: FileRecord
    path: Path

    def is_on(self, remote: Remote) -> bool:
        """Whether the Hub holds it as its record says it."""
        there = remote.files.get(self.record.path)
        return there is not None and there.size == self.record.bytes and there.holds(self.record.sha256, self.path)


class Local:
    """What of a dataset goes to the Hub; UsageError where it is not on this machine."""

    def __init__(self, dataset: Dataset) -> None:
        if not isinstance(dataset.folder, Path):
            raise UsageError(f"{dataset.folder} is not on this machine: copy it here, and push the copy")
        self.folder = dataset.folder
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
            if not file.path.is_file() or file.path.stat().st_size != file.record.bytes:
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
        return (self.folder / RECIPE).read_bytes()

    @cached_property
    def report(self) -> dict[str, Path]:
        """The files of a report that lies beside the dataset, by their paths."""
        found = sorted(path for path in (self.folder / "report").rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path for path in found}
