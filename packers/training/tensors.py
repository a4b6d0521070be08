"""A row as tensors, and rows of a batch as one variable-length batch."""

# PyTorch is an extra: what comes from it is checked where it is installed.
# pyright: reportMissingImports=false

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
import torch

from ..rows.row_arrays import RowArrays


class Packed(TypedDict):
    """Documents one after another, with what attention kernels ask about them.

    Token columns are int64 of shape (tokens,), or (1, tokens) in a batch.
    """

    input_ids: torch.Tensor
    labels: torch.Tensor
    """Labels of the tokens, unshifted; -100 off the loss and on every document's first token."""
    position_ids: torch.Tensor
    """Positions of the tokens, which restart at 0 at every document."""
    seq_lengths: torch.Tensor
    """Tokens of each document, int64 of shape (documents,)."""
    cu_seqlens: torch.Tensor
    """0 and where each document ends, int32 of shape (documents + 1,)."""
    max_seqlen: int
    """Tokens of the longest document."""


def row_tensors(row: RowArrays) -> Packed:
    """The tensors of one row."""
    lengths = row.seq_lengths.astype(np.int64)
    ends = np.cumsum(lengths)
    positions = np.arange(len(row.input_ids)) - np.repeat(ends - lengths, lengths)
    return Packed(
        input_ids=torch.from_numpy(row.input_ids.astype(np.int64)),
        labels=torch.from_numpy(row.labels.astype(np.int64)),
        position_ids=torch.from_numpy(positions),
        seq_lengths=torch.from_numpy(lengths),
        cu_seqlens=torch.from_numpy(np.concatenate(([0], ends)).astype(np.int32)),
        max_seqlen=int(lengths.max()),
    )


def collate_rows(rows: Sequence[Packed]) -> Packed:
    """Rows one after another as one batch of shape (1, tokens) without padding, for a loader's `collate_fn`."""
    lengths = torch.cat([row["seq_lengths"] for row in rows])
    return Packed(
        input_ids=torch.cat([row["input_ids"] for row in rows]).unsqueeze(0),
        labels=torch.cat([row["labels"] for row in rows]).unsqueeze(0),
        position_ids=torch.cat([row["position_ids"] for row in rows]).unsqueeze(0),
        seq_lengths=lengths,
        cu_seqlens=torch.nn.functional.pad(lengths.cumsum(0), (1, 0)).int(),
        max_seqlen=max(row["max_seqlen"] for row in rows),
    )
