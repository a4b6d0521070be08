"""The records of an input, one after another and in bounded memory, and those that cannot be used with the reason."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from dataclasses import replace

from ...schemas.corpus import Fields
from .input import Input
from .lines import joined, json_records
from .opened import StoredBytes, Stretch, check_unchanged, decompressed, state_of
from .record import Bad, Damage, Record, Wanted
from .remote import DamagedError
from .separated import separated_records
from .tables import arrow_records, dataset_records, parquet_records

__all__ = ["Bad", "Damage", "Reader", "Record"]

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Reader:
    """The records of one input in order, and what cannot be used; it can be iterated once."""

    sha256: str = ""
    """Hash of the input's bytes as they are stored, known at the end; a dataset's is its revision."""

    def __init__(
        self,
        source: Input,
        fields: Fields,
        max_doc_bytes: int,
        skip: int = 0,
        before: Stretch | None = None,
        *,
        is_chat: bool = False,
    ) -> None:
        """Read a source and pass over its first `skip` lines or rows; the others keep their numbers.

        What was read of it before must still be as it was. Iterating raises ChangedError where it is not, or where the
        source is another one at the end than the one that was found.
        """
        self._source = source
        self._wanted = Wanted(fields, max_doc_bytes, is_chat)
        self._skip = skip
        self._stored = StoredBytes(source, before)

    @property
    def so_far(self) -> Stretch:
        """The beginning of the source that was read until now; of tables all of it, of a dataset nothing."""
        return self._stored.so_far

    def __iter__(self) -> Iterator[Record | Bad | Damage]:
        source, wanted, skip, stored = self._source, self._wanted, self._skip, self._stored
        if source.format == "dataset":
            yield from dataset_records(source, wanted, skip)
            self.sha256 = source.version
            return
        began = state_of(source)
        if source.format in ("parquet", "arrow"):
            stored.sha256()
            read = parquet_records if source.format == "parquet" else arrow_records
            yield from read(source, wanted, skip)
        elif source.format == "txt":
            yield from [] if skip else [_text_record(source, wanted, stored)]
        else:
            read_lines = separated_records if source.format in ("csv", "tsv") else json_records
            yield from read_lines(source, wanted, _in_utf_8(decompressed(source, stored)), skip)
        self.sha256 = stored.sha256()
        check_unchanged(source, began)


def _in_utf_8(content: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks of a file; DamagedError where it says at its beginning that it is in UTF-16, as spreadsheets save."""
    for number, block in enumerate(content):
        if number == 0 and block.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            raise DamagedError("it is UTF-16: save it as UTF-8")
        yield block


def _text_record(source: Input, wanted: Wanted, stored: StoredBytes) -> Record | Bad | Damage:
    """The one record that a file of text makes, which is called as the file."""
    try:
        text = joined(decompressed(source, stored), wanted.max_doc_bytes + len(BYTE_ORDER_MARK))
    except DamagedError as error:
        return Damage(1, f"cannot be read to its end ({error})")
    found = Wanted(Fields(), wanted.max_doc_bytes).record(1, {"text": text.removeprefix(BYTE_ORDER_MARK)})
    return replace(found, id=source.name) if isinstance(found, Record) else found
