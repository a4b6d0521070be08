"""A record of a corpus: what is wanted of it, or why it cannot be used."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from uuid import UUID

import orjson

from ...schemas.corpus import Fields

MALFORMED = "malformed JSON"
NOT_UTF8 = "not UTF-8"
LONE_SURROGATE = "lone surrogate"
EMPTY = "empty text"
TOO_LONG = "longer than max_doc_bytes"
OTHER_COLUMNS = "other columns than the first line"
NOTHING = "in a column without any value"
"""Why the rows of a table are not used in which no row has a text, such as an empty shard that was padded."""


@dataclass(frozen=True, slots=True)
class Record:
    """A text of an input, and what says where it belongs."""

    line: int
    """Number of the line in its file, or of the row in its table, from 1."""
    text: bytes
    """The text as valid UTF-8, which is not blank."""
    id: str | None
    group: str | None
    order: str | int | None


@dataclass(frozen=True, slots=True)
class Bad:
    """A record of an input that cannot be used."""

    line: int
    """Number of the line in its file, or of the row in its table, from 1."""
    reason: str
    """Why it cannot be used, in words of which there are few, as they are counted."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A place from which on an input cannot be read: to its end, or of a Parquet file to the end of a row group."""

    line: int
    """Number of the first line or row that is lost, from 1."""
    reason: str
    """What is lost and why, as a user is told."""


class _UnusableError(Exception):
    """A record cannot be used; the message is the reason."""


@dataclass(frozen=True)
class Wanted:
    """What is read of every record, and how long a text may be."""

    fields: Fields
    max_doc_bytes: int
    is_chat: bool = False
    """Whether a text is a list of messages, which is read as its JSON."""

    @property
    def names(self) -> list[str]:
        """Names of the fields that are read, each once, the text's first."""
        fields = self.fields
        return list(dict.fromkeys(filter(None, (fields.text, *self.keys))))

    @property
    def keys(self) -> list[str]:
        """Names of the fields that say where a text belongs."""
        return list(filter(None, (self.fields.id, self.fields.group, self.fields.order)))

    def record(self, line: int, values: Mapping[str, object]) -> Record | Bad:
        """The record that a line's values make, or why they make none; strings may stand as their UTF-8."""
        fields = self.fields
        try:
            text = self._text(value_at(values, fields.text))
            id_ = None if _is_null(values, fields.id) else _name(values, fields.id)
            return Record(line, text, id_, _name(values, fields.group), _order(values, fields.order))
        except _UnusableError as error:
            return Bad(line, str(error))
        except UnicodeEncodeError:
            return Bad(line, LONE_SURROGATE)
        except UnicodeDecodeError:
            return Bad(line, NOT_UTF8)

    def _text(self, value: object) -> bytes:
        if value is None:
            raise _UnusableError(EMPTY)
        if self.is_chat and isinstance(value, list):
            try:
                value = orjson.dumps(value)
            except TypeError:
                raise _UnusableError(LONE_SURROGATE) from None
        if isinstance(value, list):
            raise _UnusableError(f"a list in field `{self.fields.text}`: --format chat lays out messages")
        if not isinstance(value, (str, bytes)):
            raise _UnusableError(f"no string field `{self.fields.text}`")
        if len(value) > self.max_doc_bytes:
            raise _UnusableError(TOO_LONG)
        text, data = (value, value.encode()) if isinstance(value, str) else (value.decode(), value)
        if len(data) > self.max_doc_bytes:
            raise _UnusableError(TOO_LONG)
        if not text or text.isspace():
            raise _UnusableError(EMPTY)
        return data


MISSING = object()
"""What stands for the value of a field that a record does not have."""


def value_at(values: object, name: str) -> object:
    """The value of a field, or MISSING; `a.b` is the field b of the field a where none is called so."""
    if not isinstance(values, Mapping):
        return MISSING
    if name in values:
        return values[name]
    outer, separator, inner = name.partition(".")
    return value_at(values.get(outer), inner) if separator else MISSING


def _is_null(values: Mapping[str, object], name: str | None) -> bool:
    """Whether a record has a field and nothing in it; NaN is what pandas makes of that."""
    value = MISSING if name is None else value_at(values, name)
    return value is None or (isinstance(value, (float, Decimal)) and math.isnan(value))


def _name(values: Mapping[str, object], name: str | None) -> str | None:
    """What a field says, as text."""
    key = None if name is None else _key(value_at(values, name), name)
    return None if key is None else str(key)


def _order(values: Mapping[str, object], name: str | None) -> str | int | None:
    key = None if name is None else _key(value_at(values, name), name)
    if isinstance(key, float | Decimal) or (isinstance(key, int) and not -(2**63) <= key < 2**63):
        raise _UnusableError(f"no text or whole number of 64 bits in field `{name}`")
    return key


def _key(value: object, name: str) -> str | int | float | Decimal:
    """A value that names or orders something; whole numbers as such, also those that were written as others."""
    if isinstance(value, str):
        value.encode()  # raises where it holds a lone surrogate
        return value
    if isinstance(value, bytes):
        return _of_bytes(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float | Decimal) and math.isfinite(value):
        return int(value) if value == int(value) else value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    raise _UnusableError(f"no usable field `{name}`")


def _of_bytes(value: bytes) -> str:
    """Bytes as the text that they are, else in hexadecimal digits."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()
