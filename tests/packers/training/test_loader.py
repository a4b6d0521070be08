"""Loaders with any number of workers give the order of a rank, and go on from states in the middle of an epoch."""

from itertools import islice
from pathlib import Path
from typing import Any

import pytest

import lcdata
from lcdata.schemas.errors import UsageError

pytestmark = [
    pytest.mark.needs("torch"),
    # Newer Pythons warn of forks beside threads; the workers start no threads.
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
    # A small machine may have fewer cores than a test has workers.
    pytest.mark.filterwarnings("ignore:This DataLoader will create"),
]


def opened(dataset: Path, **settings: Any) -> "lcdata.PackedDataset":
    """Rank 0 of 2, with batches of two rows: 20 rows, 10 batches."""
    return lcdata.PackedDataset(dataset, rank=0, world_size=2, batch_rows=2, **settings)


def loader(rows: "lcdata.PackedDataset", num_workers: int, kind: Any = None, **settings: Any) -> Any:
    """A loader of batches of two rows, PyTorch's own where no kind is given."""
    from torch.utils.data import DataLoader

    return (kind or DataLoader)(rows, batch_size=2, num_workers=num_workers, collate_fn=lcdata.collate_rows, **settings)


def texts(batches: Any) -> list[tuple[int, ...]]:
    """The tokens of each batch."""
    return [tuple(batch["input_ids"][0].tolist()) for batch in batches]


@pytest.mark.parametrize("num_workers", [1, 2, 3])
def test_workers_change_nothing(dataset: Path, num_workers: int) -> None:
    expected = texts(loader(opened(dataset), 0))
    batches = loader(opened(dataset), num_workers)
    assert texts(batches) == expected
    assert len(batches) == len(expected) == 10


def test_rows_without_a_collator_come_one_by_one(dataset: Path) -> None:
    from torch.utils.data import DataLoader

    rows = lcdata.PackedDataset(dataset, rank=0, world_size=2)
    expected = [row["input_ids"].tolist() for row in rows]
    found = [row["input_ids"].tolist() for row in DataLoader(rows, batch_size=None, num_workers=2)]
    assert found == expected


@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_workers_that_stay_see_the_next_epoch(dataset: Path, context: str) -> None:
    rows = opened(dataset)
    batches = loader(rows, 2, persistent_workers=True, multiprocessing_context=context)
    found = []
    for epoch in range(2):
        rows.set_epoch(epoch)
        found.append(texts(batches))
    other = opened(dataset)
    other.set_epoch(1)
    assert found == [texts(loader(opened(dataset), 0)), texts(loader(other, 0))]
    assert found[0] != found[1]


@pytest.mark.parametrize("step", [0, 3, 10])
def test_a_counted_state_goes_on_whatever_the_workers(dataset: Path, step: int) -> None:
    expected = texts(loader(opened(dataset), 0))
    rows = opened(dataset)
    begun = texts(islice(loader(rows, 2), step))
    state = rows.state_after(step * 2)
    for num_workers in (0, 3):
        resumed = opened(dataset)
        resumed.load_state_dict(state)
        assert begun + texts(loader(resumed, num_workers)) == expected


def test_what_workers_hand_out_is_not_guessed(dataset: Path) -> None:
    rows = opened(dataset)
    next(iter(loader(rows, 2)))
    with pytest.raises(UsageError, match="use state_after"):
        rows.state_dict()
    rows.set_epoch(1)
    assert rows.state_dict()["start"] == 0


@pytest.mark.needs("torchdata")
@pytest.mark.filterwarnings("ignore:.set_vital. is deprecated")
@pytest.mark.parametrize("step", [1, 4, 9])
@pytest.mark.parametrize("num_workers", [0, 2])
def test_torchdata_keeps_the_state_of_its_workers(dataset: Path, num_workers: int, step: int) -> None:
    from torchdata.stateful_dataloader import StatefulDataLoader

    rows = opened(dataset)
    rows.set_epoch(2)
    expected = texts(loader(rows, 0))
    batches = loader(rows, num_workers, StatefulDataLoader)
    running = iter(batches)
    begun = texts(islice(running, step))
    state = batches.state_dict()
    resumed = opened(dataset)
    again = loader(resumed, num_workers, StatefulDataLoader)
    again.load_state_dict(state)
    assert begun + texts(again) == expected
    assert resumed.epoch == 2
    resumed.set_epoch(3)
    assert len(texts(again)) == 10


def test_a_workers_state_needs_as_many_workers(dataset: Path) -> None:
    rows = opened(dataset)
    rows.load_state_dict({**rows.state_dict(), "taken": 3, "num_workers": 2})
    with pytest.raises(UsageError, match="one of 2 workers, the loader has 0"):
        iter(rows)
