"""Arrow arrays of what NumPy and Python hold; `pa.array` would import pandas, which takes as long as some builds."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..schemas.sample import Span
from ..schemas.tables import LIST, NUMBERS, SPANS, TEXTS

Ints = NDArray[np.int32]


def numbers(values: NDArray[np.generic]) -> pa.Array:
    """The values of a type that Arrow shares with NumPy, without a copy."""
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(values)])


def falses(count: int) -> pa.Array:
    """So many times false."""
    return pa.Array.from_buffers(pa.bool_(), count, [None, pa.py_buffer(bytes(-(-count // 8)))])


def strings(values: Sequence[str]) -> pa.StringArray:
    """The strings; at most 2 GB in all."""
    encoded = [value.encode() for value in values]
    buffers = [pa.py_buffer(_ends(list(map(len, encoded)))), pa.py_buffer(b"".join(encoded))]
    return pa.StringArray.from_buffers(len(values), *buffers)


def int32_lists(ends: Sequence[int], values: Ints) -> pa.ListArray:
    """Lists that end at each of `ends` but the first, which is 0."""
    return pa.ListArray.from_arrays(numbers(np.array(ends, np.int32)), numbers(values), type=LIST)


def float_lists(lists: Sequence[Sequence[float]]) -> pa.ListArray:
    """Lists of float32."""
    flat = np.array([value for some in lists for value in some], np.float32)
    return pa.ListArray.from_arrays(_list_ends(lists), numbers(flat), type=NUMBERS)


def string_lists(lists: Sequence[Sequence[str]]) -> pa.ListArray:
    """Lists of strings."""
    return pa.ListArray.from_arrays(_list_ends(lists), strings([value for some in lists for value in some]), type=TEXTS)


def span_lists(lists: Sequence[Sequence[Span]]) -> pa.ListArray:
    """Lists of spans as lists of structs."""
    flat = np.array([span for some in lists for span in some], np.int32).reshape(-1, 2)
    sides = [numbers(np.ascontiguousarray(flat[:, side])) for side in (0, 1)]
    structs = pa.StructArray.from_arrays(sides, fields=list(SPANS.value_type))
    return pa.ListArray.from_arrays(_list_ends(lists), structs, type=SPANS)


def _list_ends(lists: Sequence[Sequence[object]]) -> pa.Array:
    return numbers(_ends(list(map(len, lists))))


def _ends(lengths: Sequence[int]) -> Ints:
    """0 and where each of these lengths ends, one after another."""
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
