"""Megatron-Bridge: packed Parquet, with the loss mask of the token that follows.

Its dataset reads a whole row group for every row it is asked for, so row groups are small.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa

from .columns import list_schema, lists, parquet_writer, table_of
from .profile import Profile, RowsInfo
from .rows import Rows, Shards

_SCHEMA = list_schema(input_ids=pa.int32(), seq_start_id=pa.int32(), loss_mask=pa.int8())
_GROUP_TOKENS = 1 << 18


def _write(shards: Shards, folder: Path, info: RowsInfo) -> list[str]:
    group_rows = max(1, _GROUP_TOKENS // info.seq_length)
    for number, groups in enumerate(shards):
        with parquet_writer(folder / info.shard_name(number, ".idx.parquet"), _SCHEMA) as writer:
            for rows in groups:
                writer.write_table(_table(rows), row_group_size=group_rows)
    return []


def _table(rows: Rows) -> pa.Table:
    starts = rows.ends[:-1] - np.repeat(rows.row_ends[:-1], np.diff(rows.row_starts))
    return table_of(
        {
            "input_ids": lists(rows.row_ends, rows.ids),
            "seq_start_id": lists(rows.row_starts, starts.astype(np.int32)),
            "loss_mask": lists(rows.row_ends, _next_in_loss(rows)),
        }
    )


def _next_in_loss(rows: Rows) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
    """1 where the next token of the document is in the loss; a document's first token never is."""
    mask = np.zeros(len(rows.ids), np.int8)
    mask[:-1] = rows.in_loss[1:]
    return mask


def _settings(path: str, info: RowsInfo) -> str:
    return f"""\
from megatron.bridge.data.packing.config import PackedSequenceSpecs

# In the dataset's settings; sequence length {info.seq_length}, micro batch size 1, answer_only_loss=True.
packed = PackedSequenceSpecs(
    packed_sequence_size={info.seq_length},
    packed_train_data_path="{path}/train-*.idx.parquet",
)
"""


PROFILE = Profile(write=_write, settings=_settings, settings_suffix=".py")
