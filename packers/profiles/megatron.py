"""Megatron-LM: one `.bin` of raw ids and its `.idx`, a sequence and a document of it for each document.

The layout has no loss mask, and documents are told apart by EOS; what cannot be said in it is refused. Written by hand,
byte for byte as megatron-core's IndexedDatasetBuilder does, which would bring torch.
"""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...schemas.errors import UsageError
from .boundaries import check_ends
from .profile import Profile, RowsInfo, raw_ids
from .rows import Rows, Shards

_MAGIC, _VERSION = b"MMIDIDX\x00\x00", 1
_CODES = {"<u2": 8, "<i4": 4}
_SMALL_VOCABULARY = 65500
"""Size of a vocabulary below which megatron-core takes two bytes for an id."""


def _write(shards: Shards, folder: Path, info: RowsInfo) -> list[str]:
    dtype = "<u2" if info.vocab_size < _SMALL_VOCABULARY else "<i4"
    lengths = [np.zeros(0, np.int64)]
    with open(folder / "train.bin", "wb") as ids:
        for groups in shards:
            for rows in groups:
                check_ends(rows, info, "megatron")
                _check_loss(rows)
                ids.write(raw_ids(rows, dtype))
                lengths.append(rows.lengths)
    _write_index(folder / "train.idx", np.concatenate(lengths), dtype)
    return []


def _check_loss(rows: Rows) -> None:
    """Raise UsageError where something else than each document's first token is off the loss."""
    wrong = np.flatnonzero(rows.in_loss != (rows.positions > 0))
    if len(wrong):
        where = rows.name(int(np.searchsorted(rows.ends, wrong[0], side="right")) - 1)
        raise UsageError(
            f"megatron trains on every token, and {where} has tokens that are off the loss: make the dataset with "
            "--loss all, or use megatron-bridge, which reads loss masks"
        )


def _write_index(path: Path, lengths: NDArray[np.int64], dtype: str) -> None:
    """Write the `.idx`: counts, lengths, byte offsets, and the first sequence of each document, and the end."""
    offsets = (np.cumsum(lengths) - lengths) * np.dtype(dtype).itemsize
    with open(path, "wb") as index:
        index.write(_MAGIC + struct.pack("<QBQQ", _VERSION, _CODES[dtype], len(lengths), len(lengths) + 1))
        index.write(lengths.astype("<i4").tobytes())
        index.write(offsets.astype("<i8").tobytes())
        index.write(np.arange(len(lengths) + 1, dtype="<i8").tobytes())


def _settings(path: str, info: RowsInfo) -> str:
    return f"""\
--data-path {path}/train
--seq-length {info.seq_length}
--reset-position-ids
--reset-attention-mask
--eod-mask-loss
"""


PROFILE = Profile(write=_write, settings=_settings, settings_suffix=".args")
