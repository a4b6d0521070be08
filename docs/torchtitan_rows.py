"""Finished rows for torchtitan 0.3, read from a dataset's folder as it is; copy this into your training code.

A data loader of your own hands it to torchtitan's:

    class RowsDataLoader(ParallelAwareDataloader):
        def __init__(self, config, *, dp_world_size, dp_rank, seq_len, local_batch_size, **_):
            rows = PackedRows(config.dataset_path, config.dataset, seq_len, dp_rank, dp_world_size)
            super().__init__(rows, dp_rank, dp_world_size, batch_size=local_batch_size)

torchtitan keeps documents apart where positions are 0, in flex and varlen attention with a block-causal mask.
"""

from collections.abc import Iterator
from typing import Any

import torch
from datasets import load_dataset
from datasets.distributed import split_dataset_by_node
from torch.utils.data import IterableDataset


class PackedRows(IterableDataset):
    """Endless ({"input", "positions"}, labels), int64 of shape (seq_len,): labels are shifted, -100 off the loss."""

    def __init__(self, path: str, config: str, seq_len: int, dp_rank: int = 0, dp_world_size: int = 1) -> None:
        rows = load_dataset(path, config, split="train").with_format("torch")
        self._rows = split_dataset_by_node(rows, dp_rank, dp_world_size)
        self._seq_len = seq_len
        self._next = 0

    def __iter__(self) -> Iterator[tuple[dict[str, torch.Tensor], torch.Tensor]]:
        while True:
            row = self._rows[self._next]
            self._next = (self._next + 1) % len(self._rows)
            yield self._aligned(row)

    def _aligned(self, row: dict[str, torch.Tensor]) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """A row padded by one more document of zeros; rows without labels have all but first tokens in the loss."""
        ids, positions = row["input_ids"].long(), row["position_ids"].long()
        labels = row["labels"].long() if "labels" in row else ids.masked_fill(positions == 0, -100)
        padding = torch.arange(self._seq_len - len(ids))
        shifted = torch.full((self._seq_len,), -100)
        shifted[: len(ids) - 1] = labels[1:]
        inputs = {"input": torch.cat((ids, torch.zeros_like(padding))), "positions": torch.cat((positions, padding))}
        return inputs, shifted

    def state_dict(self) -> dict[str, Any]:
        """Where a checkpoint goes on."""
        return {"next": self._next}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on there."""
        self._next = state["next"]
