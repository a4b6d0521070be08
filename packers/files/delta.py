"""Parquet's DELTA_BINARY_PACKED, the encoding of numbers that rise evenly."""

import numpy as np
from numpy.typing import NDArray

from .thrift import varint

_BLOCK, _MINIBLOCKS = 128, 4
"""Differences in a block, and its equal parts, as other writers choose them: some readers can skip no other."""

Int32s = NDArray[np.int32]


def delta_binary_packed(values: Int32s) -> NDArray[np.uint8]:
    """Encode values of shape (count,), at least one; returns bytes.

    A block has the least of its differences; a miniblock has by how much each exceeds it, in as many bits as the
    greatest takes: in none where all are the same. Source: Apache Parquet's encodings.
    """
    first = int(_zigzag(values[:1])[0])
    header = np.frombuffer(b"".join(map(varint, (_BLOCK, _MINIBLOCKS, len(values), first))), np.uint8)
    blocks, least = _differences(values)
    head = _zigzag(least)
    head_sizes = np.maximum(-(-_bit_lengths(head) // 7), 1)
    widths = _bit_lengths(_excess(blocks.max(axis=2), least[:, None]))
    body_sizes = widths * (_BLOCK // _MINIBLOCKS // 8)
    sizes = head_sizes + _MINIBLOCKS + body_sizes.sum(axis=1)
    ends = len(header) + np.cumsum(sizes)
    starts = ends - sizes

    packed = np.empty(len(header) + sizes.sum(), np.uint8)
    packed[: len(header)] = header
    for place in range(head_sizes.max(initial=0)):
        (at,) = np.nonzero(head_sizes > place)
        packed[starts[at] + place] = head[at] >> 7 * place & 0x7F | (head_sizes[at] > place + 1) << 7
    packed[(starts + head_sizes)[:, None] + np.arange(_MINIBLOCKS)] = widths
    bodies = (starts + head_sizes + _MINIBLOCKS)[:, None] + np.cumsum(body_sizes, axis=1) - body_sizes
    for width in np.unique(widths[widths > 0]).tolist():
        at = np.nonzero(widths == width)
        excess = _excess(blocks[at], least[at[0], None])
        bits = np.unpackbits(excess.view(np.uint8).reshape(-1, 4), axis=1, count=width, bitorder="little")
        body = np.packbits(bits.reshape(len(excess), -1), axis=1, bitorder="little")
        packed[bodies[at][:, None] + np.arange(body.shape[1])] = body
    return packed


def _differences(values: Int32s) -> tuple[Int32s, Int32s]:
    """Differences of neighbouring values, modulo 2**32, shape (blocks, 4, 32), and the least of each block.

    The last block is filled up with its least, so that miniblocks without a value have no bits, as the format wants.
    """
    count = len(values) - 1
    flat = np.empty(-(-count // _BLOCK) * _BLOCK, np.int32)
    np.subtract(values[1:], values[:-1], out=flat[:count])
    flat[count:] = flat[count - 1] if count else 0
    least = flat.reshape(-1, _BLOCK).min(axis=1)
    flat[count:] = least[-1] if count else 0
    return flat.reshape(-1, _MINIBLOCKS, _BLOCK // _MINIBLOCKS), least


def _excess(larger: Int32s, smaller: Int32s) -> NDArray[np.uint32]:
    return larger.view(np.uint32) - smaller.view(np.uint32)


def _zigzag(numbers: Int32s) -> NDArray[np.uint32]:
    """Signed numbers as unsigned ones, small where they are near 0: 0, -1, 1, -2, ... as 0, 1, 2, 3, ..."""
    return (numbers << 1 ^ numbers >> 31).view(np.uint32)


def _bit_lengths(numbers: NDArray[np.uint32]) -> NDArray[np.int64]:
    return np.frexp(numbers.astype(np.float64))[1].astype(np.int64)
