"""A batch is its rows' documents one after another."""

from pathlib import Path

import pytest

import lcdata

pytestmark = pytest.mark.needs("torch")


def test_a_batch_is_one_long_row(dataset: Path) -> None:
    import torch

    rows = lcdata.PackedDataset(dataset)
    chosen = [rows.row(number) for number in (3, 0, 8)]
    batch = lcdata.collate_rows(chosen)
    for name in ("input_ids", "labels", "position_ids"):
        assert batch[name].shape == (1, sum(len(row[name]) for row in chosen))
        assert batch[name][0].tolist() == [token for row in chosen for token in row[name].tolist()]
    lengths = [length for row in chosen for length in row["seq_lengths"].tolist()]
    assert len(lengths) > 3
    assert batch["seq_lengths"].tolist() == lengths
    assert batch["cu_seqlens"].dtype == torch.int32
    assert batch["cu_seqlens"].diff().tolist() == lengths
    assert batch["cu_seqlens"][0] == 0
    assert batch["max_seqlen"] == max(lengths)


def test_a_batch_of_one_row_is_the_row(dataset: Path) -> None:
    import torch

    row = lcdata.PackedDataset(dataset).row(0)
    batch = lcdata.collate_rows([row])
    assert torch.equal(batch["cu_seqlens"], row["cu_seqlens"])
    assert torch.equal(batch["labels"][0], row["labels"])
