"""Files that samples are made from: read as those of corpora are, and in a build only as they were when it was planned.

A build says what it was planned with; each sample is then checked to be made of that, whichever process makes it and
whenever that process read the file.
"""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ...schemas.corpus import Fields
from ...schemas.errors import ChangedError, LcdataError, UsageError
from ..sources.input import Input, file_format
from ..sources.lines import joined
from ..sources.opened import StoredBytes, check_unchanged, decompressed, state_of
from ..sources.record import EMPTY, NOTHING, TOO_LONG
from ..sources.records import Bad, Reader, Record
from ..sources.remote import DamagedError, version_of

_planned: list[Mapping[str, str]] = []


@contextmanager
def as_planned(sha256: Mapping[str, str]) -> Generator[None]:
    """A context in which samples are made only of files that have these hashes, by path."""
    _planned.append(sha256)
    try:
        yield
    finally:
        _planned.remove(sha256)


def check_planned(read: Mapping[str, str]) -> None:
    """ChangedError where one of these files, by path, has another hash than the build was planned with."""
    for path, sha256 in read.items():
        if any(planned.get(path, sha256) != sha256 for planned in _planned):
            cure = "put back what it was and run the same command, or start over with --overwrite"
            raise ChangedError(f"{path} changed since the build was planned: {cure}")


class MaterialFile:
    """A local file of some material, such as a task's `corpus`, which errors name; UsageError where it is of no use."""

    sha256 = ""
    """Hash of its bytes, known when it is read."""

    def __init__(self, path: Path, kind: str, most_bytes: int) -> None:
        self._path, self._kind, self._most_bytes = path, kind, most_bytes

    def texts(self) -> Iterator[bytes]:
        """The texts of the file as UTF-8, which are in the field `text`, or the whole file; empty ones are left out."""
        with self._named():
            source = self._source()
            reader = Reader(source, Fields(), self._most_bytes)
            for found in reader:
                if isinstance(found, Record):
                    yield found.text
                elif not isinstance(found, Bad):
                    raise UsageError(f"{self._path} {found.reason}: copy it here again")
                elif found.reason == TOO_LONG:
                    raise self.too_large()
                elif found.reason not in (EMPTY, NOTHING):
                    raise UsageError(f"line {found.line} of {self._path} is of no use ({found.reason}): repair it")
            self.sha256 = reader.sha256

    def content(self) -> bytes:
        """All bytes of the file, decompressed."""
        with self._named():
            source = self._source()
            began, stored = state_of(source), StoredBytes(source)
            try:
                data = joined(decompressed(source, stored), self._most_bytes)
            except DamagedError as error:
                raise UsageError(f"{self._path} cannot be read ({error}): copy it here again") from None
            if len(data) > self._most_bytes:
                raise self.too_large()
            self.sha256 = stored.sha256()
            check_unchanged(source, began)
            return data

    def too_large(self) -> UsageError:
        """The error to raise where the file holds too much."""
        return UsageError(f"{self._path} holds more than {self._most_bytes >> 20} MiB of text: name a part of it")

    def _source(self) -> Input:
        written = file_format(str(self._path)) or ("json", None)
        return Input(str(self._path), *written, *version_of(str(self._path)))

    @contextmanager
    def _named(self) -> Generator[None]:
        try:
            yield
        except LcdataError as error:
            raise type(error)(f"{self._kind}: {str(error).removeprefix('inputs: ')}") from None
