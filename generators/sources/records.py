"""The records of an input, one after another and in bounded memory, and those that cannot be used with the reason."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

import orjson

from ...schemas.corpus import Fields
from .input import Input
from .opened import StoredBytes, decompressed
from .record import DAMAGED, MALFORMED, NOT_UTF8, TOO_LONG, Bad, Record, Wanted
from .remote import DamagedError
from .tables import dataset_records, parquet_records

__all__ = ["Bad", "Reader", "Record"]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ESCAPED = 3
"""Bytes of JSON that a byte of UTF-8 may take; only control characters take more."""
_OTHER_FIELDS = 64 * 2**10


class Reader:
    """The records of one input in order, and what cannot be used; it can be iterated once."""

    sha256: str = ""
    """Hash of the input's bytes as they are stored, known at the end; a dataset's is its fingerprint or revision."""

    def __init__(self, source: Input, fields: Fields, max_doc_bytes: int, skip: int = 0) -> None:
        """Read a source and pass over its first `skip` lines or rows; the others keep their numbers."""
        self._source = source
        self._wanted = Wanted(fields, max_doc_bytes)
        self._skip = skip

    def __iter__(self) -> Iterator[Record | Bad]:
        source, wanted, skip = self._source, self._wanted, self._skip
        if source.format == "dataset":
            yield from dataset_records(source, wanted, skip)
            self.sha256 = source.version
            return
        stored = StoredBytes(source.url)
        if source.format == "parquet":
            yield from parquet_records(source, wanted, skip)
        elif source.format == "txt":
            yield from [] if skip else [_text_record(source, wanted, stored)]
        else:
            yield from _json_records(source, wanted, stored, skip)
        self.sha256 = stored.sha256()


def _text_record(source: Input, wanted: Wanted, stored: StoredBytes) -> Record | Bad:
    """The one record that a file of text makes, which is called as the file."""
    try:
        text = _joined(decompressed(source, stored), wanted.max_doc_bytes + len(_BYTE_ORDER_MARK))
    except DamagedError:
        return Bad(1, DAMAGED)
    found = Wanted(Fields(), wanted.max_doc_bytes).record(1, {"text": text.removeprefix(_BYTE_ORDER_MARK)})
    return replace(found, id=source.url) if isinstance(found, Record) else found


def _joined(blocks: Iterable[bytes], most: int) -> bytes:
    """Blocks as one string: all of them, or so many that they are more than `most` bytes."""
    joined = bytearray()
    for block in blocks:
        joined += block
        if len(joined) > most:
            break
    return bytes(joined)


def _json_records(source: Input, wanted: Wanted, stored: StoredBytes, skip: int) -> Iterator[Record | Bad]:
    longest = _ESCAPED * wanted.max_doc_bytes + _OTHER_FIELDS
    number = 0
    try:
        for number, line in enumerate(_lines(decompressed(source, stored), longest), start=1):
            if number > skip and (found := _json_record(wanted, number, line)):
                yield found
    except DamagedError:
        if number >= skip:
            yield Bad(number + 1, DAMAGED)


def _lines(blocks: Iterable[bytes], longest: int) -> Iterator[bytearray | None]:
    """Each line of these blocks without its end, or None for one above `longest` bytes; the last may have no end."""
    held = bytearray()
    for block in blocks:
        first, *others = block.split(b"\n")
        if len(held) <= longest:
            held += first
        for other in others:
            yield held if len(held) <= longest else None
            held = bytearray(other)
    if held:
        yield held if len(held) <= longest else None


def _json_record(wanted: Wanted, number: int, line: bytearray | None) -> Record | Bad | None:
    """The record on a line, or why there is none to be used; None for a blank line, which is no record."""
    if line is None:
        return Bad(number, TOO_LONG)
    if number == 1 and line.startswith(_BYTE_ORDER_MARK):
        del line[: len(_BYTE_ORDER_MARK)]
    try:
        values: object = orjson.loads(line)
    except orjson.JSONDecodeError:
        return _odd_record(wanted, number, line)
    line.clear()  # or a long text would be in memory a third time while it is encoded
    return wanted.record(number, values if isinstance(values, dict) else {})


def _odd_record(wanted: Wanted, number: int, line: bytearray) -> Record | Bad | None:
    """The record on a line that orjson refuses: it may be blank, hold NaN or half a surrogate pair, or be no JSON."""
    try:
        text = line.decode()
        if not text or text.isspace():
            return None
        values: object = json.loads(text)
    except UnicodeDecodeError:
        return Bad(number, NOT_UTF8)
    except (ValueError, RecursionError):
        return Bad(number, MALFORMED)
    return wanted.record(number, values if isinstance(values, dict) else {})
