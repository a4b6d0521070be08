"""Thrift's compact protocol, as much of it as Parquet's headers and footers are written with.

Source: Apache Thrift, "Thrift compact protocol encoding".
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

_I32, _I64, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12
_SHORT_LIST = 15
"""Items of a list below which its size stands beside its kind."""


class Value(NamedTuple):
    """A value as it is written, and the number of its kind."""

    kind: int
    content: bytes


def i32(number: int) -> Value:
    """An integer of 32 bits."""
    return Value(_I32, _zigzag(number, 32))


def i64(number: int) -> Value:
    """An integer of 64 bits."""
    return Value(_I64, _zigzag(number, 64))


def string(text: str) -> Value:
    """A text, in UTF-8."""
    encoded = text.encode()
    return Value(_BINARY, varint(len(encoded)) + encoded)


def items(values: Sequence[Value]) -> Value:
    """A list of values of one kind; where there are none, of structs."""
    kind, size = values[0].kind if values else _STRUCT, len(values)
    head = bytes([size << 4 | kind]) if size < _SHORT_LIST else bytes([_SHORT_LIST << 4 | kind]) + varint(size)
    return Value(_LIST, head + b"".join(value.content for value in values))


def struct(fields: Mapping[int, Value]) -> Value:
    """Fields by their numbers, in rising order with steps of at most 15."""
    written, last = bytearray(), 0
    for number, value in fields.items():
        written.append((number - last) << 4 | value.kind)
        written += value.content
        last = number
    return Value(_STRUCT, bytes(written) + b"\0")


def varint(number: int) -> bytes:
    """A number from 0 up in groups of seven bits, the lowest first; all but the last have the eighth bit set."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(written) + bytes([number])


def _zigzag(number: int, num_bits: int) -> bytes:
    """A signed number as a varint, 0, -1, 1, -2, ... as 0, 1, 2, 3, ...; OverflowError where it has more bits."""
    if not -(1 << num_bits - 1) <= number < 1 << num_bits - 1:
        raise OverflowError(f"{number} does not fit into {num_bits} bits")
    return varint(number << 1 if number >= 0 else ~(number << 1))
