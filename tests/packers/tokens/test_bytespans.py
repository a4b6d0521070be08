"""Bytes are counted in blocks of tokens as they would be one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lcdata.packers.tokens.bytespans import Coverage


@given(st.integers(1, 1200), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.5, 0.999]))
def test_blocks_tell_what_single_tokens_would(num_tokens: int, seed: int, share_of_empty: float) -> None:
    rng = np.random.default_rng(seed)
    covered = np.where(rng.random(num_tokens) < share_of_empty, 0, rng.integers(1, 256, num_tokens)).astype(np.uint8)
    covered[rng.integers(num_tokens)] = 7
    coverage, ends = Coverage.of(np.arange(len(covered), dtype=np.int32), covered), np.cumsum(covered, dtype=np.int64)
    assert coverage.total == ends[-1]
    offsets = [0, *rng.integers(0, ends[-1], 9).tolist(), int(ends[-1]) - 1]
    assert coverage.tokens_at(offsets) == np.searchsorted(ends, offsets, side="right").tolist()
    assert all(coverage.before(token) == int(covered[:token].sum()) for token in (0, num_tokens // 2, num_tokens))
