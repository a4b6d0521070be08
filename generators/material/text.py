"""Text in bulk: tables of fixed-width byte strings, gathered as 64-bit words and squeezed into one string.

A field narrower than its words is filled with NUL bytes, and `squeeze` drops every NUL at once. Building a sample is
then a few NumPy gathers over whole arrays and one pass over bytes, some ten times faster than formatting strings.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
"""Bytes of text by eights, those that are left over NUL."""


def words(text: str) -> Words:
    """A string as words of eight bytes, the last filled with NULs, shape (num_words,)."""
    data = text.encode()
    return np.frombuffer(data.ljust(-(-len(data) // 8) * 8, b"\0"), np.uint64)


@lru_cache(maxsize=32)
def number_table(num_digits: int, before: str = "", after: str = "") -> Words:
    """The strings `{before}{n}{after}` for n = 0..10**num_digits-1, then an empty one, shape (10**num_digits+1, words).

    Index -1 is the empty string, for slots that stay unused.
    """
    count = 10**num_digits
    numbers = np.arange(count)
    head, tail = before.encode(), after.encode()
    width = -(-(len(head) + num_digits + len(tail)) // 8) * 8
    table = np.zeros((count + 1, width), np.uint8)
    table[:count, : len(head)] = np.frombuffer(head, np.uint8)
    for place in range(num_digits):
        digits = numbers // 10 ** (num_digits - 1 - place)
        shown = (digits > 0) | (place == num_digits - 1)
        table[:count, len(head) + place] = np.where(shown, digits % 10 + ord("0"), 0)
    table[:count, len(head) + num_digits : len(head) + num_digits + len(tail)] = np.frombuffer(tail, np.uint8)
    return table.view(np.uint64)


def gather(table: Words, places: NDArray[np.integer]) -> Words:
    """The one-word strings of a table at these places, -1 for nothing; `take` is twice as fast as indexing."""
    return table.ravel().take(places, mode="wrap")


def running_chars(block: Words) -> NDArray[np.int64]:
    """Characters in each row of an ASCII block and all rows before it, shape (rows,)."""
    # A byte of 1..127 plus 127 sets its own top bit and carries into no other.
    present = (block + np.uint64(0x7F7F7F7F7F7F7F7F)) & np.uint64(0x8080808080808080)
    # `einsum` sums short rows several times faster than `sum`, and than a running sum of all words.
    return np.cumsum(np.einsum("ij->i", np.bitwise_count(present), dtype=np.int64))


def squeeze(block: Words) -> str:
    """The text of an ASCII block: its bytes in order without the NULs."""
    return block.tobytes().translate(None, b"\0").decode()
