"""Memory of this process that is no longer needed, given to the system before it is asked for more."""

import ctypes

import numpy as np

_PAGE_OUT = 21
"""The advice of Linux that is safe for any memory: what is mapped from a file leaves, and is read again if need be."""
_PAGE = 4096


def give_back_memory() -> None:
    """Give back what the C library keeps of freed memory; of another library than glibc nothing is asked."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def page_out(data: memoryview) -> None:
    """Let go of the pages that lie whole in these bytes of a mapped file, where the system can."""
    first = np.frombuffer(data, np.uint8).ctypes.data
    start, end = -(-first // _PAGE) * _PAGE, (first + len(data)) // _PAGE * _PAGE
    if end > start:
        ctypes.CDLL(None).madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _PAGE_OUT)
