"""Ranks share an epoch's rows, and a state goes on exactly where it was taken, in any process and on other ranks."""

import json
import logging
import signal
import subprocess
import sys
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lcdata
from lcdata.schemas.errors import UsageError

pytestmark = pytest.mark.needs("torch")

ROWS = 41
KEYS = {"input_ids", "labels", "position_ids", "seq_lengths", "cu_seqlens", "max_seqlen"}


def opened(dataset: Path, rank: int = 0, world_size: int = 1, **settings: Any) -> "lcdata.PackedDataset":
    """A rank's view of the dataset."""
    return lcdata.PackedDataset(dataset, rank=rank, world_size=world_size, **settings)


def texts(rows: Any) -> list[tuple[int, ...]]:
    """What tells rows apart: their tokens."""
    return [tuple(row["input_ids"].tolist()) for row in rows]


@pytest.fixture(scope="module")
def every_row(dataset: Path) -> list[tuple[int, ...]]:
    """All rows in file order; no two are the same."""
    rows = opened(dataset)
    assert rows.num_rows == ROWS
    found = texts(map(rows.row, range(ROWS)))
    assert len(set(found)) == ROWS
    return found


@settings(max_examples=40)
@given(world_size=st.integers(1, 9), seed=st.integers(0, 99), epoch=st.integers(0, 9), is_dealt=st.booleans())
def test_ranks_together_take_every_row_once_but_the_counted_rest(
    dataset: Path, every_row: list[tuple[int, ...]], world_size: int, seed: int, epoch: int, is_dealt: bool
) -> None:
    step_rows = 3 * world_size if is_dealt else None
    ranks = [opened(dataset, rank, world_size, seed=seed, step_rows=step_rows) for rank in range(world_size)]
    taken: list[list[tuple[int, ...]]] = []
    for rank in ranks:
        rank.set_epoch(epoch)
        taken.append(texts(rank))
        assert len(taken[-1]) == len(rank) == ROWS // world_size
    together = Counter(row for rows in taken for row in rows)
    assert set(together.values()) == {1}
    assert set(together) <= set(every_row)
    assert ROWS - len(together) == ranks[0].left_out == ROWS % world_size


def test_seed_and_epoch_decide_the_order(dataset: Path) -> None:
    def order(seed: int, epoch: int) -> list[tuple[int, ...]]:
        rows = opened(dataset, seed=seed)
        rows.set_epoch(epoch)
        return texts(rows)

    assert order(1, 0) == order(1, 0)
    others = [order(1, 0), order(2, 0), order(1, 1), order(2, 1)]
    assert all(one != other for place, one in enumerate(others) for other in others[:place])


def test_the_rows_left_out_are_said_and_others_in_every_epoch(
    dataset: Path, every_row: list[tuple[int, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "lcdata"):
        ranks = [opened(dataset, rank, 7) for rank in range(7)]
    assert [record.getMessage().split(":")[1] for record in caplog.records] == [
        " 6 of 41 rows are left out of epoch 0, others of other epochs"
    ]
    missing: list[set[tuple[int, ...]]] = []
    for epoch in range(3):
        for rank in ranks:
            rank.set_epoch(epoch)
        missing.append(set(every_row) - {row for rank in ranks for row in texts(rank)})
    assert [len(rows) for rows in missing] == [6, 6, 6]
    assert len(set.union(*missing)) > 6


@settings(max_examples=40)
@given(
    step=st.integers(0, ROWS // 2),
    again=st.integers(0, 5),
    epoch=st.integers(0, 3),
    is_dealt=st.booleans(),
)
def test_a_state_goes_on_with_the_same_rows(dataset: Path, step: int, again: int, epoch: int, is_dealt: bool) -> None:
    settings = {"rank": 1, "world_size": 2, "seed": 3, "step_rows": 8 if is_dealt else None}
    whole = lcdata.PackedDataset(dataset, **settings)
    whole.set_epoch(epoch)
    expected = texts(whole)
    first = lcdata.PackedDataset(dataset, **settings)
    first.set_epoch(epoch)
    rows = texts(islice(iter(first), step))
    assert first.state_dict()["start"] == step * 2
    for _ in range(2):
        resumed = lcdata.PackedDataset(dataset, **settings)
        resumed.load_state_dict(json.loads(json.dumps(first.state_dict())))
        assert resumed.epoch == epoch
        rows += texts(islice(iter(resumed), again))
        first = resumed
    rows += texts(islice(iter_from(first, dataset, settings), None))
    assert rows == expected


def iter_from(state_of: "lcdata.PackedDataset", dataset: Path, settings: Any) -> Any:
    """The rows that a new dataset gives after another's state."""
    resumed = lcdata.PackedDataset(dataset, **settings)
    resumed.load_state_dict(state_of.state_dict())
    return iter(resumed)


@settings(max_examples=25)
@given(before=st.integers(1, 6), after=st.integers(1, 6), steps=st.integers(0, 5))
def test_other_ranks_go_on_with_the_rows_that_were_not_taken(
    dataset: Path, every_row: list[tuple[int, ...]], before: int, after: int, steps: int
) -> None:
    first = [opened(dataset, rank, before) for rank in range(before)]
    taken = [row for rank in first for row in texts(islice(iter(rank), steps))]
    states = [rank.state_dict() for rank in first]
    assert all(state == states[0] for state in states)
    second = [opened(dataset, rank, after) for rank in range(after)]
    for rank in second:
        rank.load_state_dict(states[0])
    shares = [texts(rank) for rank in second]
    assert len({len(share) for share in shares}) == 1
    together = taken + [row for share in shares for row in share]
    assert len(together) == len(set(together))
    assert ROWS - len(together) == second[0].left_out == (ROWS - before * steps) % after


def test_a_step_has_the_same_rows_for_any_number_of_ranks(dataset: Path) -> None:
    def steps(world_size: int) -> list[set[tuple[int, ...]]]:
        shares = [texts(opened(dataset, rank, world_size, step_rows=8)) for rank in range(world_size)]
        each = 8 // world_size
        return [{row for share in shares for row in share[first : first + each]} for first in range(0, each * 5, each)]

    assert steps(1) == steps(2) == steps(4)
    assert list(map(len, steps(1))) == [8] * 5


def test_a_state_is_kept_by_its_own_epoch_only(dataset: Path) -> None:
    rows = opened(dataset)
    rows.load_state_dict(opened(dataset).state_after(40))
    rows.set_epoch(0)
    assert len(texts(rows)) == 1
    assert rows.state_dict()["start"] == ROWS
    rows.set_epoch(1)
    assert rows.state_dict()["start"] == 0
    assert len(texts(rows)) == ROWS


def test_dealt_rows_leave_ranks_less_to_wait_for(dataset: Path, every_row: list[tuple[int, ...]]) -> None:
    cost_of = dict(zip(every_row, lcdata.row_costs(dataset).tolist(), strict=True))

    def waiting(step_rows: int | None) -> int:
        ranks = [texts(opened(dataset, rank, 4, step_rows=step_rows)) for rank in range(4)]
        rounds = [[cost_of[row] for row in rows] for rows in zip(*ranks, strict=True)]
        return sum(4 * max(costs) - sum(costs) for costs in rounds)

    assert 0 < waiting(20) < waiting(None) / 2


def test_a_row_has_what_attention_kernels_ask_for(dataset: Path) -> None:
    import torch

    rows = list(opened(dataset))
    assert any(len(row["seq_lengths"]) > 1 for row in rows)
    for row in rows:
        assert set(row) == KEYS
        lengths = row["seq_lengths"].tolist()
        assert row["position_ids"].tolist() == [place for length in lengths for place in range(length)]
        assert row["cu_seqlens"].dtype == torch.int32
        assert row["cu_seqlens"].tolist() == [sum(lengths[:count]) for count in range(len(lengths) + 1)]
        assert row["max_seqlen"] == max(lengths)
        assert (row["labels"][row["cu_seqlens"][:-1].long()] == -100).all()
        kept = row["labels"] != -100
        assert 0 < kept.sum() < len(kept)
        assert (row["labels"][kept] == row["input_ids"][kept]).all()
        assert {row[name].dtype for name in KEYS - {"cu_seqlens", "max_seqlen"}} == {torch.int64}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rank": 0}, "both rank and world_size"),
        ({"rank": 2, "world_size": 2}, "rank must be from 0 to 1"),
        ({"rank": 0, "world_size": 42}, "has 41 rows for 42 ranks"),
        ({"rank": 0, "world_size": 2, "step_rows": 3}, "step_rows must be a multiple"),
        ({"batch_rows": 0}, "1 or more"),
        ({"config": "vt"}, "no config 'vt'"),
    ],
)
def test_what_cannot_be_meant_is_refused(dataset: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        lcdata.PackedDataset(dataset, **settings)


def test_a_state_of_another_order_is_refused(dataset: Path) -> None:
    state = opened(dataset, seed=1).state_dict()
    with pytest.raises(UsageError, match="seed is 1 in it and 2 here"):
        opened(dataset, seed=2).load_state_dict(state)
    with pytest.raises(UsageError, match="dataset is other in it"):
        opened(dataset, seed=1).load_state_dict({**state, "dataset": "other"})


def test_a_state_within_a_dealt_step_is_refused_on_other_ranks(dataset: Path) -> None:
    two = opened(dataset, 0, 2, step_rows=8)
    four = opened(dataset, 0, 4, step_rows=8)
    with pytest.raises(UsageError, match="within a step of 8 rows dealt to 2 ranks"):
        four.load_state_dict(two.state_after(3))
    four.load_state_dict(two.state_after(4))
    assert len(texts(four)) == (ROWS - 8) // 4


def test_ranks_are_found_as_torchrun_sets_them(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "3")
    monkeypatch.setenv("WORLD_SIZE", "4")
    rows = lcdata.PackedDataset(dataset)
    assert (rows.rank, rows.world_size, len(rows)) == (3, 4, 10)


TRAINING = """
import json, os, sys
from lcdata import PackedDataset
dataset, state, log = sys.argv[1:]
rows = PackedDataset(dataset, rank=1, world_size=2, seed=5)
if os.path.exists(state):
    rows.load_state_dict(json.load(open(state)))
with open(log, "a") as trained:
    for number, row in enumerate(rows):
        print(json.dumps(row["input_ids"].tolist()), file=trained, flush=True)
        json.dump(rows.state_dict(), open(state + ".new", "w"))
        os.replace(state + ".new", state)
        if number == 6:
            os.kill(os.getpid(), 9)
"""


def test_a_killed_training_goes_on_in_a_new_process(dataset: Path, tmp_path: Path) -> None:
    expected = texts(opened(dataset, 1, 2, seed=5))
    log = tmp_path / "log"
    command = [sys.executable, "-c", TRAINING, str(dataset), str(tmp_path / "state"), str(log)]
    codes = [subprocess.run(command).returncode for _ in range(3)]
    assert codes == [-signal.SIGKILL, -signal.SIGKILL, 0]
    assert [tuple(json.loads(line)) for line in log.read_text().splitlines()] == expected


MEETING = """
import sys, torch
from lcdata import PackedDataset
dataset, store, rank = sys.argv[1:]
torch.distributed.init_process_group("gloo", init_method=f"file://{store}", rank=int(rank), world_size=2)
total, rows = torch.zeros(1), PackedDataset(dataset)
for row in rows:
    torch.distributed.all_reduce(total.add_(1))
print(rows.rank, rows.world_size, len(rows))
torch.distributed.destroy_process_group()
"""


def test_ranks_that_meet_after_every_row_end_together(dataset: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", MEETING, str(dataset), str(tmp_path / "store")]
    ranks = [
        subprocess.Popen([*command, str(rank)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for rank in range(2)
    ]
    try:
        said = [rank.communicate()[0] for rank in ranks]
    finally:
        for rank in ranks:
            rank.kill()
    assert said == ["0 2 20\n", "1 2 20\n"]
