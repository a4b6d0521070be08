"""Randomness that can be found again: stream i of (name, seed) is the same in any order, process and worker."""

import hashlib

import numpy as np


def stream(name: str, seed: int, index: int, purpose: str = "sample") -> np.random.Generator:
    """A generator of its own for each (name, seed, index, purpose).

    The Philox key is a hash of name, seed and purpose, the index its counter, so streams of different seeds
    share nothing and neighbouring indices cannot overlap (each has 2**128 draws).
    """
    digest = hashlib.sha256(f"lcdata\0{name}\0{seed}\0{purpose}".encode()).digest()
    key = np.frombuffer(digest[:16], np.uint64)
    return np.random.Generator(np.random.Philox(counter=[0, 0, index, 0], key=key))
