"""Arrow arrays of what NumPy and Python hold; `pa.array` would import pandas, which takes as long as some builds."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...schemas.sample import Span
from ...schemas.tables import LIST, NUMBERS, SPANS, TEXTS

Int32s = NDArray[np.int32]


def numbers(values: NDArray[np.generic]) -> pa.Array:
    """The values as an Arrow array, of a type that Arrow shares with NumPy, without a copy."""
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(values)])


def bits(values: Sequence[bool]) -> pa.BooleanArray:
    """The values as an Arrow array of booleans."""
    return pa.BooleanArray.from_buffers(pa.bool_(), len(values), [None, _bitmap(values)])


def numbers_or_null(values: Sequence[int | None], dtype: type[np.integer]) -> pa.Array:
    """The numbers as an Arrow array, null where they are None."""
    flat = np.array([0 if value is None else value for value in values], dtype)
    known = _bitmap([value is not None for value in values])
    return pa.Array.from_buffers(pa.from_numpy_dtype(flat.dtype), len(values), [known, pa.py_buffer(flat)])


def strings_or_null(values: Sequence[str | None]) -> pa.StringArray:
    """The strings as an Arrow array, null where they are None; at most 2 GB in all."""
    known = _bitmap([value is not None for value in values])
    return pa.StringArray.from_buffers(len(values), *strings([value or "" for value in values]).buffers()[1:], known)


def _bitmap(values: Sequence[bool]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(np.array(values, np.bool_), bitorder="little"))


def strings(values: Sequence[str]) -> pa.StringArray:
    """The strings as an Arrow array; at most 2 GB in all."""
    encoded = [value.encode() for value in values]
    buffers = [pa.py_buffer(_ends(list(map(len, encoded)))), pa.py_buffer(b"".join(encoded))]
    return pa.StringArray.from_buffers(len(values), *buffers)


def large_binaries(values: Sequence[bytes]) -> pa.LargeBinaryArray:
    """The byte strings as an Arrow array, of any size in all."""
    ends = np.concatenate(([0], np.cumsum([len(value) for value in values], dtype=np.int64)))
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(values))]
    return pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(values), buffers)


def fixed_binaries(values: Sequence[bytes], width: int = 32) -> pa.FixedSizeBinaryArray:
    """The byte strings, all of one width, as an Arrow array."""
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(values), [None, pa.py_buffer(b"".join(values))])


def int32_lists(ends: Sequence[int] | NDArray[np.int64], values: Int32s) -> pa.ListArray:
    """The values as an Arrow array of lists that end at each of `ends` but the first, which is 0."""
    return pa.ListArray.from_arrays(numbers(np.array(ends, np.int32)), numbers(values), type=LIST)


def float_lists(lists: Sequence[Sequence[float]]) -> pa.ListArray:
    """The lists as an Arrow array of lists of float32."""
    flat = np.array([value for some in lists for value in some], np.float32)
    return pa.ListArray.from_arrays(_list_ends(lists), numbers(flat), type=NUMBERS)


def string_lists(lists: Sequence[Sequence[str]]) -> pa.ListArray:
    """The lists as an Arrow array of lists of strings."""
    return pa.ListArray.from_arrays(_list_ends(lists), strings([value for some in lists for value in some]), type=TEXTS)


def span_lists(lists: Sequence[Sequence[Span]]) -> pa.ListArray:
    """The lists as an Arrow array of lists of structs, each a span."""
    flat = np.array([span for some in lists for span in some], np.int32).reshape(-1, 2)
    sides = [numbers(np.ascontiguousarray(flat[:, side])) for side in (0, 1)]
    structs = pa.StructArray.from_arrays(sides, fields=list(SPANS.value_type))
    return pa.ListArray.from_arrays(_list_ends(lists), structs, type=SPANS)


def _list_ends(lists: Sequence[Sequence[object]]) -> pa.Array:
    return numbers(_ends(list(map(len, lists))))


def _ends(lengths: Sequence[int]) -> Int32s:
    """0 and the running sums of these lengths, int32 of shape (lengths + 1,)."""
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
