"""Drawing meets its targets, repeats no more than it must, and loses nothing."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcdata.packers.rows.pieces import Pieces, cut
from lcdata.pipelines.planning.draw import Cell, Drawn, deal, draw, draw_component
from lcdata.pipelines.planning.upsample import Budget, Supply, plan_targets
from lcdata.schemas.buckets import Buckets
from lcdata.schemas.tokens import Ends
from lcdata.schemas.upsample import Upsample


@st.composite
def cells(draw_from: st.DrawFn) -> Cell:
    """Some documents of one to three pieces in a few chunks; every other piece is of another cell."""
    count = draw_from(st.lists(st.integers(1, 3), min_size=1, max_size=30))
    chunk = np.sort(draw_from(st.lists(st.integers(0, 5), min_size=len(count), max_size=len(count))))
    ends = np.cumsum([2 * pieces for pieces in count])
    tokens = draw_from(st.lists(st.integers(1, 100), min_size=int(ends[-1]), max_size=int(ends[-1])))
    return Cell(
        name="test",
        chunk=chunk.astype(np.int64),
        first=ends - np.array(count),
        count=np.array(count),
        tokens=np.array(tokens, np.int32),
    )


def owners(cell: Cell) -> dict[int, int]:
    """The document of every piece of a cell."""
    pieces = zip(cell.first.tolist(), cell.count.tolist(), strict=True)
    return {piece: number for number, (first, count) in enumerate(pieces) for piece in range(first, first + count)}


def epochs(drawn: Drawn) -> list[list[int]]:
    """The pieces that each epoch drew."""
    assert (np.diff(drawn.repeat) >= 0).all()
    return [drawn.piece[drawn.repeat == number].tolist() for number in range(int(drawn.repeat.max(initial=-1)) + 1)]


@given(cells(), st.floats(0, 4), st.integers(0, 9))
def test_an_epoch_draws_every_piece_once_and_the_last_a_part_of_them(cell: Cell, part: float, seed: int) -> None:
    target = int(part * cell.available)
    drawn = draw(cell, target, seed)
    rounds = epochs(drawn)
    everything = sorted(owners(cell))
    assert all(sorted(pieces) == everything for pieces in rounds[:-1])
    assert all(len(set(pieces)) == len(pieces) and set(pieces) <= set(everything) for pieces in rounds[-1:])
    assert len(rounds) <= -(-target // cell.available)
    got = int(cell.tokens[drawn.piece].sum())
    assert abs(got - target) <= int(cell.tokens[everything].max()) / 2


@given(cells(), st.floats(0, 3), st.floats(0, 3), st.integers(0, 9))
def test_a_smaller_target_draws_the_beginning_of_a_larger_one(cell: Cell, one: float, two: float, seed: int) -> None:
    small, large = (draw(cell, int(part * cell.available), seed) for part in sorted((one, two)))
    assert large.piece.tolist()[: len(small.piece)] == small.piece.tolist()
    assert large.repeat.tolist()[: len(small.repeat)] == small.repeat.tolist()


@given(cells(), st.integers(0, 9))
def test_pieces_and_chunks_stay_together(cell: Cell, seed: int) -> None:
    owner = owners(cell)
    (pieces,) = epochs(draw(cell, cell.available, seed))
    drawn_from = [owner[piece] for piece in pieces]
    documents = [document for before, document in pairwise([-1, *drawn_from]) if document != before]
    assert sorted(documents) == list(range(len(cell.chunk)))
    assert all(b == a + 1 for a, b in pairwise(pieces) if owner[a] == owner[b])
    chunks = cell.chunk[documents]
    assert np.count_nonzero(np.diff(chunks)) + 1 == len(set(chunks.tolist()))


def ten_chunks(name: str = "test") -> Cell:
    """A thousand documents of a piece of one token."""
    numbers = np.arange(1000)
    ones = np.ones(1000, np.int64)
    return Cell(name=name, chunk=numbers // 100, first=numbers, count=ones, tokens=ones.astype(np.int32))


def test_epochs_seeds_and_names_are_independent_orders() -> None:
    orders = [
        *epochs(draw(ten_chunks(), 2000, 1)),
        *epochs(draw(ten_chunks(), 1000, 2)),
        *epochs(draw(ten_chunks("other"), 1000, 1)),
    ]
    assert len(orders) == 4
    chunks = {tuple(np.array(order)[::100] // 100) for order in orders}
    assert len(chunks) == 4
    places = np.array([np.argsort(order) for order in orders])
    within = np.corrcoef(places % 100)
    assert (np.abs(within[~np.eye(4, dtype=bool)]) < 0.1).all()
    assert epochs(draw(ten_chunks(), 1000, 1))[0] == orders[0]


@settings(max_examples=200)
@given(st.lists(st.tuples(cells(), st.floats(0, 3)), min_size=1, max_size=5), st.integers(0, 9))
def test_a_component_draws_no_more_epochs_than_its_targets_need(parts: list[tuple[Cell, float]], seed: int) -> None:
    some = [cell for cell, _ in parts]
    targets = [int(part * cell.available) for cell, part in parts]
    drawn = draw_component(some, targets, seed)
    for cell, target, each in zip(some, targets, drawn, strict=True):
        assert len(epochs(each)) <= -(-target // cell.available)
        assert abs(int(cell.tokens[each.piece].sum()) - target) <= 100


def test_short_documents_make_up_for_what_long_ones_miss() -> None:
    short = ten_chunks()
    five, hundreds = np.arange(5), np.full(5, 100, np.int32)
    long = Cell(name="long", chunk=five, first=five, count=np.ones(5, np.int64), tokens=hundreds)
    empty = Cell(name="no", chunk=short.chunk[:0], first=short.first[:0], count=short.count[:0], tokens=long.tokens)
    drawn = draw_component([short, empty, long], [500, 0, 249], 0)
    assert [len(each.piece) for each in drawn] == [549, 0, 2]
    drawn = draw_component([short, empty, long], [500, 0, 251], 0)
    assert [len(each.piece) for each in drawn] == [451, 0, 3]
    drawn = draw_component([short, empty, long], [1000, 0, 249], 0)
    assert [len(each.piece) for each in drawn] == [1000, 0, 2], "not a second epoch of the short ones"


def cells_of(part: Supply, pieces: Pieces, buckets: Buckets) -> list[Cell]:
    """The buckets of a corpus, fifty documents to a chunk."""
    bucket = buckets.of(part.lengths)
    return [
        Cell(
            name=f"{part.name}/{number}",
            chunk=np.flatnonzero(bucket == number) // 50,
            first=pieces.starts[:-1][bucket == number],
            count=np.diff(pieces.starts)[bucket == number],
            tokens=pieces.length,
        )
        for number in range(len(buckets))
    ]


@pytest.mark.parametrize("seed", range(5))
def test_mixtures_are_met_within_half_a_point_and_nothing_is_lost(seed: int) -> None:
    seq_length, tokens = 4096, 200 * 4096
    rng = np.random.default_rng(seed)
    parts = [
        Supply(
            name=name, lengths=np.maximum(np.exp(rng.normal(np.log(median), 1.0, num)), 1).astype(np.int32), share=share
        )
        for name, median, num, share in (("web", 300, 8000, 0.3), ("books", 9000, 15, 0.5), ("code", 900, 1500, 0.2))
    ]
    budget = Budget(tokens=tokens, max_repeats=4)
    targets = plan_targets(parts, Buckets((512, 2048)), Upsample(strategy="per-source"), budget, seq_length)
    most_epochs = 0
    for row, part in enumerate(parts):
        pieces = cut(part.lengths, seq_length, Ends(1, 1), "split")
        cells_there = cells_of(part, pieces, targets.buckets)
        drawn = draw_component(cells_there, targets.target[row].tolist(), seed)
        used = np.array([int(pieces.length[each.piece].sum()) for each in drawn])
        assert (np.abs(used - targets.target[row]) / tokens < 0.005).all()
        assert abs(int(used.sum()) - int(targets.target[row].sum())) <= seq_length / 2
        most_epochs = max(most_epochs, *(len(epochs(each)) for each in drawn))
        for cell, each, available in zip(cells_there, drawn, targets.available[row], strict=True):
            unused = set(owners(cell)) - set(each.piece.tolist())
            assert int(pieces.length[sorted({*unused, *each.piece.tolist()})].sum()) == available
    assert 1 < most_epochs <= 4


@given(st.lists(st.integers(1, 100), min_size=1, max_size=200), st.integers(1, 20))
def test_shards_get_equal_parts_in_drawn_order(tokens: list[int], num_shards: int) -> None:
    sizes = np.array(tokens, np.int32)
    shards = deal(sizes, num_shards)
    assert (np.diff(shards) >= 0).all()
    assert shards.min() >= 0
    per_shard = np.bincount(shards, sizes, minlength=num_shards)
    assert len(per_shard) == num_shards
    assert (np.abs(per_shard - sizes.sum() / num_shards) <= 100).all()


@pytest.mark.parametrize("turn", [0.0, 0.3, 0.99])
def test_a_turn_moves_the_first_shard(turn: float) -> None:
    shards = deal(np.ones(1000, np.int32), 10, turn)
    assert shards[0] == int(turn * 10)
    assert (np.bincount(shards, minlength=10) == 100).all()
    assert np.count_nonzero(np.diff(shards)) <= 10


def test_nothing_is_dealt_to_no_shard() -> None:
    assert deal(np.zeros(0, np.int32), 3).tolist() == []
