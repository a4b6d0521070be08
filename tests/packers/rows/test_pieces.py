"""Long documents are cut without loss, or what is lost is counted."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcdata.packers.rows.pieces import MIN_PIECE, LongPolicy, Pieces, cut
from lcdata.schemas.errors import UsageError
from lcdata.schemas.tokens import Ends

ONE_EACH = Ends(1, 1)
ENDS = st.builds(Ends, st.integers(0, 3), st.integers(1, 4))
LENGTHS = st.lists(st.one_of(st.integers(1, 1000), st.integers(90, 110), st.integers(190, 210)), max_size=30)


def of_documents(pieces: Pieces) -> list[list[tuple[int, int, bool]]]:
    """Offset, length and end of the pieces of each document."""
    found = list(zip(pieces.offset.tolist(), pieces.length.tolist(), pieces.is_last.tolist(), strict=True))
    starts = pieces.starts.tolist()
    parts = [found[start:end] for start, end in pairwise(starts)]
    owners = [document for document, part in enumerate(parts) for _ in part]
    assert pieces.document.tolist() == owners
    return parts


@given(LENGTHS, st.integers(75, 130), ENDS)
def test_split_loses_nothing_and_keeps_the_order(lengths: list[int], seq_length: int, ends: Ends) -> None:
    pieces = cut(np.array(lengths, np.int32), seq_length, ends, "split")
    assert not pieces.dropped.any()
    for length, parts in zip(lengths, of_documents(pieces), strict=True):
        sums = np.cumsum([size for _, size, _ in parts]).tolist()
        assert [offset for offset, _, _ in parts] == [0, *sums[:-1]]
        assert sums[-1] == length
        assert [last for _, _, last in parts] == [False] * (len(parts) - 1) + [True]


@given(LENGTHS, st.integers(75, 130), ENDS)
def test_no_piece_is_too_short_or_too_long(lengths: list[int], seq_length: int, ends: Ends) -> None:
    pieces = cut(np.array(lengths, np.int32), seq_length, ends, "split")
    assert (pieces.row_tokens(ends) == ends.before + pieces.length + ends.after * pieces.is_last).all()
    assert (pieces.row_tokens(ends) <= seq_length).all()
    room = seq_length - ends.before
    for length, parts in zip(lengths, of_documents(pieces), strict=True):
        assert all(size >= min(MIN_PIECE, length) for _, size, _ in parts)
        assert len(parts) == -(-(length + ends.after) // room), "no more pieces than the tokens and EOS need"
        assert all(size == room for _, size, _ in parts[:-2])


def test_room_for_bos_and_eos_is_kept_before_cutting() -> None:
    pieces = cut(np.array([98, 99, 130, 131, 132, 198], np.int32), 100, ONE_EACH, "split")
    assert of_documents(pieces) == [
        [(0, 98, True)],
        [(0, 67, False), (67, 32, True)],
        [(0, 98, False), (98, 32, True)],
        [(0, 99, False), (99, 32, True)],
        [(0, 99, False), (99, 33, True)],
        [(0, 99, False), (99, 67, False), (166, 32, True)],
    ]


def test_a_truncated_document_has_no_end() -> None:
    pieces = cut(np.array([5, 98, 99, 100, 500], np.int32), 100, ONE_EACH, "truncate")
    assert pieces.length.tolist() == [5, 98, 99, 99, 99]
    assert pieces.is_last.tolist() == [True, True, False, False, False]
    assert pieces.dropped.tolist() == [0, 0, 0, 1, 401]
    assert pieces.row_tokens(ONE_EACH).tolist() == [7, 100, 100, 100, 100]


def test_a_dropped_document_has_no_piece() -> None:
    pieces = cut(np.array([5, 99, 98, 500], np.int32), 100, ONE_EACH, "drop")
    assert pieces.document.tolist() == [0, 2]
    assert pieces.length.tolist() == [5, 98]
    assert pieces.is_last.all()
    assert pieces.starts.tolist() == [0, 1, 1, 2, 2]
    assert pieces.dropped.tolist() == [0, 99, 0, 500]


@pytest.mark.parametrize("policy", ["split", "truncate", "drop"])
@given(lengths=LENGTHS)
def test_every_token_is_in_a_piece_or_counted(policy: LongPolicy, lengths: list[int]) -> None:
    sizes = np.array(lengths, np.int32)
    pieces = cut(sizes, 100, ONE_EACH, policy)
    in_pieces = np.bincount(pieces.document, pieces.length, minlength=len(sizes))
    assert (in_pieces + pieces.dropped == sizes).all()
    assert pieces.starts[-1] == len(pieces.document)
    assert (pieces.row_tokens(ONE_EACH) <= 100).all()


def test_the_longest_documents_are_split_exactly() -> None:
    longest = 2**31 - 1
    pieces = cut(np.array([longest], np.int32), 131_072, ONE_EACH, "split")
    assert int(pieces.length.sum(dtype=np.int64)) == longest
    assert int(pieces.offset[-1]) + int(pieces.length[-1]) == longest


def test_rows_too_short_for_pieces_are_refused() -> None:
    assert len(cut(np.array([500], np.int32), 65, ONE_EACH, "split").document) == 8
    with pytest.raises(UsageError, match="make them 65 or longer"):
        cut(np.array([500], np.int32), 64, ONE_EACH, "split")
    with pytest.raises(UsageError, match="make them 69 or longer"):
        cut(np.array([500], np.int32), 68, Ends(2, 4), "split")


def test_a_last_piece_has_room_for_several_ends_also_where_the_content_fills_the_row_before() -> None:
    pieces = cut(np.array([97, 98, 99, 196], np.int32), 100, Ends(1, 2), "split")
    assert of_documents(pieces) == [
        [(0, 97, True)],
        [(0, 66, False), (66, 32, True)],
        [(0, 67, False), (67, 32, True)],
        [(0, 99, False), (99, 97, True)],
    ]
