"""axolotl: tokenized Parquet with the all-ones `attention_mask` by which it knows that nothing is left to tokenize.

With flash attention, one row a batch and no padding it drops that mask and keeps documents apart by `position_ids`.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa

from .columns import list_schema, lists, parquet_writer, table_of
from .profile import Profile, RowsInfo
from .rows import Rows, Shards

_SCHEMA = list_schema(input_ids=pa.int32(), labels=pa.int32(), position_ids=pa.int32(), attention_mask=pa.int8())


def _write(shards: Shards, folder: Path, info: RowsInfo) -> list[str]:
    for number, groups in enumerate(shards):
        with parquet_writer(folder / info.shard_name(number, ".parquet"), _SCHEMA) as writer:
            for rows in groups:
                writer.write_table(_table(rows))
    return []


def _table(rows: Rows) -> pa.Table:
    columns = {
        "input_ids": rows.ids,
        "labels": rows.labels,
        "position_ids": rows.positions,
        "attention_mask": np.ones(len(rows.ids), np.int8),
    }
    return table_of({name: lists(rows.row_ends, values) for name, values in columns.items()})


def _settings(path: str, info: RowsInfo) -> str:
    return f"""\
datasets:
  - path: {path}
    data_files: {path}/*.parquet
    ds_type: parquet
    split: train
    type:
sequence_len: {info.seq_length}
sample_packing: false  # the rows are packed; packing them again would join their documents
pad_to_sequence_len: false  # padding would bring a mask under which documents see each other
micro_batch_size: 1
attn_implementation: flash_attention_2
"""


PROFILE = Profile(write=_write, settings=_settings, settings_suffix=".yaml")
