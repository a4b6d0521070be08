"""A record of a corpus: what is wanted of it, or why it cannot be used."""

from collections.abc import Mapping
from dataclasses import dataclass

from ...schemas.corpus import Fields

MALFORMED = "malformed JSON"
NOT_UTF8 = "not UTF-8"
LONE_SURROGATE = "lone surrogate"
EMPTY = "empty text"
TOO_LONG = "longer than max_doc_bytes"
DAMAGED = "cut short or damaged"
"""What follows the record in its file, or in its row group of a Parquet file, is lost."""


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


class _UnusableError(Exception):
    """A record cannot be used; the message is the reason."""


@dataclass(frozen=True)
class Wanted:
    """What is read of every record, and how long a text may be."""

    fields: Fields
    max_doc_bytes: int

    @property
    def names(self) -> list[str]:
        """Names of the fields that are read, each once, the text's first."""
        fields = self.fields
        return list(dict.fromkeys(filter(None, (fields.text, fields.id, fields.group, fields.order))))

    def record(self, line: int, values: Mapping[str, object]) -> Record | Bad:
        """The record that a line's values make, or why they make none; strings may stand as their UTF-8."""
        fields = self.fields
        try:
            text = self._text(values.get(fields.text))
            id_, group = _key(values, fields.id), _key(values, fields.group)
            return Record(line, text, _written(id_), _written(group), _key(values, fields.order))
        except _UnusableError as error:
            return Bad(line, str(error))
        except UnicodeEncodeError:
            return Bad(line, LONE_SURROGATE)
        except UnicodeDecodeError:
            return Bad(line, NOT_UTF8)

    def _text(self, value: object) -> bytes:
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


def _key(values: Mapping[str, object], name: str | None) -> str | int | None:
    if name is None:
        return None
    value = values.get(name)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, str):
        value.encode()  # raises where it holds a lone surrogate
        return value
    if isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63:
        return value
    raise _UnusableError(f"no string or integer field `{name}`")


def _written(key: str | int | None) -> str | None:
    return None if key is None else str(key)
