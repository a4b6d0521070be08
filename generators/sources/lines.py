"""The records of JSON: lines of it, or a file that is one array or one object."""

import json
from collections.abc import Iterable, Iterator
from itertools import chain

import orjson

from ...schemas.errors import UsageError
from .input import Input
from .record import MALFORMED, NOT_UTF8, TOO_LONG, Bad, Damage, Record, Wanted, value_at
from .remote import DamagedError

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ESCAPED = 3
"""Bytes of JSON that a byte of UTF-8 may take; only control characters take more."""
_OTHER_FIELDS = 64 * 2**10
_MOST_WHOLE = 256 * 2**20
"""Bytes of a file that is no lines: all of it is in memory at once, several times."""
_EXACT = 2.0**53


def json_records(source: Input, wanted: Wanted, content: Iterable[bytes], skip: int) -> Iterator[Record | Bad | Damage]:
    """Records of the lines of a file after the first `skip`; of `.json` also the elements of an array, or an object."""
    number = 0
    try:
        if source.format == "json":
            blocks = iter(content)
            first = next(blocks, b"")
            content = chain([first], blocks)
            if _is_whole(first):
                yield from _whole_records(source, wanted, content, skip)
                return
        for number, (line, has_end) in enumerate(lines(content, longest_line(wanted)), start=1):
            if number > skip and (found := _record(wanted, number, line)):
                cut = isinstance(found, Bad) and found.reason in (MALFORMED, NOT_UTF8) and not has_end
                yield Damage(number, f"ends inside line {number:,}") if cut else found
    except DamagedError as error:
        if number >= skip:
            yield Damage(number + 1, f"cannot be read after line {number:,} ({error})")


def longest_line(wanted: Wanted) -> int:
    """Bytes of a line that may hold a text which is not too long."""
    return _ESCAPED * wanted.max_doc_bytes + _OTHER_FIELDS


def lines(blocks: Iterable[bytes], longest: int) -> Iterator[tuple[bytearray | None, bool]]:
    """Each line of these blocks without its end, or None for one above `longest` bytes, and whether it has an end."""
    held = bytearray()
    for block in blocks:
        first, *others = block.split(b"\n")
        if len(held) <= longest:
            held += first
        for other in others:
            yield held if len(held) <= longest else None, True
            held = bytearray(other)
    if held:
        yield held if len(held) <= longest else None, False


def joined(blocks: Iterable[bytes], most: int) -> bytes:
    """Blocks as one string: all of them, or so many that they are more than `most` bytes."""
    held = bytearray()
    for block in blocks:
        held += block
        if len(held) > most:
            break
    return bytes(held)


def _is_whole(start: bytes) -> bool:
    """Whether a file that starts so is one array, or an object over several lines."""
    start = start.removeprefix(_BYTE_ORDER_MARK).lstrip()
    return start.startswith(b"[") or start.partition(b"\n")[0].strip() == b"{"


def _whole_records(
    source: Input, wanted: Wanted, content: Iterable[bytes], skip: int
) -> Iterator[Record | Bad | Damage]:
    data = joined(content, _MOST_WHOLE)
    if len(data) > _MOST_WHOLE:
        cure = "write it as lines, as `jq -c .[]` does"
        raise UsageError(f"inputs: {source.name} is one JSON value of more than {_MOST_WHOLE >> 20} MiB: {cure}")
    values = _whole_value(wanted, data.removeprefix(_BYTE_ORDER_MARK))
    for number, value in enumerate(values if isinstance(values, list) else [values], start=1):
        if number > skip:
            yield wanted.record(number, value if isinstance(value, dict) else {})


def _whole_value(wanted: Wanted, data: bytes) -> object:
    try:
        value: object = orjson.loads(data)
        has_large = any(_has_large_number(wanted, one) for one in (value if isinstance(value, list) else [value]))
        return json.loads(data) if has_large else value
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"it is no whole JSON: {error}") from None


def _record(wanted: Wanted, number: int, line: bytearray | None) -> Record | Bad | None:
    """The record on a line, or why there is none to be used; None for a blank line, which is no record."""
    if line is None:
        return Bad(number, TOO_LONG)
    if number == 1 and line.startswith(_BYTE_ORDER_MARK):
        del line[: len(_BYTE_ORDER_MARK)]
    try:
        values: object = orjson.loads(line)
    except orjson.JSONDecodeError:
        return _odd_record(wanted, number, line)
    if _has_large_number(wanted, values):
        return _odd_record(wanted, number, line)
    line.clear()  # or a long text would be in memory a third time while it is encoded
    return wanted.record(number, values if isinstance(values, dict) else {})


def _has_large_number(wanted: Wanted, values: object) -> bool:
    """Whether a number that names a record may be a whole one that orjson rounded, as it does above 64 bits."""
    numbers = [value_at(values, name) for name in wanted.keys]
    return any(isinstance(number, float) and abs(number) >= _EXACT for number in numbers)


def _odd_record(wanted: Wanted, number: int, line: bytearray) -> Record | Bad | None:
    """The record on a line that is not orjson's: blank, with NaN, a large number, half a surrogate pair, or no JSON."""
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
