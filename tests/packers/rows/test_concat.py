"""Concat-and-chunk cuts documents where rows are full, loses nothing and leaves no fragments."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lcdata.packers.rows.concat import Chunks, concat_rows
from lcdata.packers.rows.pieces import MIN_PIECE
from lcdata.schemas.tokens import Ends


def chunked(lengths: list[int], has_eos: list[bool], seq_length: int, ends: Ends) -> Chunks:
    """Rows of documents of these lengths."""
    return concat_rows(np.array(lengths, np.int64), np.array(has_eos, np.bool_), seq_length, ends)


def test_documents_are_cut_where_a_row_is_full() -> None:
    chunks = chunked([100, 150, 10], [True, True, True], 128, Ends(1, 1))
    assert chunks.document.tolist() == [0, 1, 1, 2]
    assert chunks.offset.tolist() == [0, 0, 118, 0]
    assert chunks.length.tolist() == [100, 118, 32, 10]
    assert chunks.is_last.tolist() == [True, False, True, True]
    assert chunks.row_starts.tolist() == [0, 1, 2, 4], "after 102 tokens there is room for a fragment only"


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.integers(1, 700), st.booleans()), min_size=1, max_size=30),
    st.integers(2 * MIN_PIECE + 5, 300),
    st.builds(Ends, st.integers(0, 3), st.integers(1, 3)),
)
def test_every_token_is_in_one_piece_and_rows_are_full(
    documents: list[tuple[int, bool]], seq_length: int, ends: Ends
) -> None:
    lengths, is_whole = map(list, zip(*documents, strict=True))
    chunks = chunked(lengths, is_whole, seq_length, ends)
    for document, length in enumerate(lengths):
        own = np.flatnonzero(chunks.document == document)
        assert chunks.offset[own[0]] == 0
        assert np.array_equal(chunks.offset[own][1:], np.cumsum(chunks.length[own])[:-1])
        assert chunks.length[own].sum() == length
        assert chunks.is_last[own].tolist() == [False] * (len(own) - 1) + [True]
    has_eos = chunks.is_last & np.array(is_whole)[chunks.document]
    tokens = chunks.length + has_eos * ends.after + ends.before
    rows = [int(tokens[start:end].sum()) for start, end in pairwise(chunks.row_starts.tolist())]
    assert chunks.row_starts[-1] == len(tokens)
    assert all(seq_length - 2 * MIN_PIECE - sum(ends) < row <= seq_length for row in rows[:-1])
    assert 0 < rows[-1] <= seq_length
    whole = np.array(lengths)[chunks.document] < MIN_PIECE
    assert ((chunks.length >= MIN_PIECE) | whole).all()
