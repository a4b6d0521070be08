"""Parquet's DELTA_BINARY_PACKED, the encoding of numbers that rise evenly."""

import numpy as np
from numpy.typing import NDArray

from .thrift import varint

_BLOCK = 128
"""Differences in a block, the fewest that the format allows."""

Int32s = NDArray[np.int32]


def delta_binary_packed(values: Int32s) -> NDArray[np.uint8]:
    """Encode values of shape (count,), at least one; returns bytes.

    A block has the least of its differences and by how much each exceeds it, in as many bits as the greatest takes: in
    none where all are the same. Source: Apache Parquet's encodings; blocks are of one miniblock.
    """
    first = int(_zigzag(values[:1])[0])
    header = np.frombuffer(b"".join(map(varint, (_BLOCK, 1, len(values), first))), np.uint8)
    blocks = _differences(values)
    least = blocks.min(axis=1)
    head = _zigzag(least)
    head_sizes = np.maximum(-(-_bit_lengths(head) // 7), 1)
    widths = _bit_lengths(_excess(blocks.max(axis=1), least))
    sizes = head_sizes + 1 + widths * (_BLOCK // 8)
    ends = len(header) + np.cumsum(sizes)
    starts = ends - sizes

    packed = np.empty(len(header) + sizes.sum(), np.uint8)
    packed[: len(header)] = header
    for place in range(head_sizes.max(initial=0)):
        (at,) = np.nonzero(head_sizes > place)
        packed[starts[at] + place] = head[at] >> 7 * place & 0x7F | (head_sizes[at] > place + 1) << 7
    packed[starts + head_sizes] = widths
    for width in np.unique(widths[widths > 0]).tolist():
        (at,) = np.nonzero(widths == width)
        excess = _excess(blocks[at], least[at, None])
        bits = np.unpackbits(excess.view(np.uint8).reshape(-1, 4), axis=1, count=width, bitorder="little")
        body = np.packbits(bits.reshape(len(at), -1), axis=1, bitorder="little")
        packed[(ends[at] - body.shape[1])[:, None] + np.arange(body.shape[1])] = body
    return packed


def _differences(values: Int32s) -> Int32s:
    """Differences of neighbouring values, modulo 2**32, shape (blocks, 128); the last is repeated to the end."""
    count = len(values) - 1
    flat = np.empty(-(-count // _BLOCK) * _BLOCK, np.int32)
    np.subtract(values[1:], values[:-1], out=flat[:count])
    flat[count:] = flat[count - 1] if count else 0
    return flat.reshape(-1, _BLOCK)


def _excess(larger: Int32s, smaller: Int32s) -> NDArray[np.uint32]:
    return larger.view(np.uint32) - smaller.view(np.uint32)


def _zigzag(numbers: Int32s) -> NDArray[np.uint32]:
    """Signed numbers as unsigned ones, small where they are near 0: 0, -1, 1, -2, ... as 0, 1, 2, 3, ..."""
    return (numbers << 1 ^ numbers >> 31).view(np.uint32)


def _bit_lengths(numbers: NDArray[np.uint32]) -> NDArray[np.int64]:
    return np.frexp(numbers.astype(np.float64))[1].astype(np.int64)
