"""LLaMA-Factory: a tokenized dataset on disk, whose `attention_mask` counts the documents of a row from 1.

These are the files of `DatasetDict.save_to_disk`, written as the rows are read and without what is new in `datasets`:
its versions from 2.16 on, which LLaMA-Factory may have, read them.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pyarrow as pa

from .columns import list_schema, lists, table_of
from .profile import Profile, RowsInfo
from .rows import Rows, Shards

_NAMES = ("input_ids", "attention_mask", "position_ids", "labels")
_SCHEMA = list_schema(**dict.fromkeys(_NAMES, pa.int32()))
_FEATURE = {"feature": {"dtype": "int32", "_type": "Value"}, "_type": "Sequence"}


def _write(shards: Shards, folder: Path, info: RowsInfo) -> list[str]:
    train = folder / "train"
    train.mkdir()
    names = [f"data-{number:05d}-of-{info.num_shards:05d}.arrow" for number in range(info.num_shards)]
    for name, groups in zip(names, shards, strict=True):
        with pa.OSFile(str(train / name), "wb") as file, pa.ipc.new_stream(file, _SCHEMA) as writer:
            for rows in groups:
                writer.write_table(_table(rows))
    _write_json(train / "dataset_info.json", {"features": dict.fromkeys(_NAMES, _FEATURE)})
    _write_json(train / "state.json", _state(names, info))
    _write_json(folder / "dataset_dict.json", {"splits": ["train"]})
    return []


def _table(rows: Rows) -> pa.Table:
    columns = (rows.ids, np.repeat(rows.places + np.int32(1), rows.lengths), rows.positions, rows.labels)
    return table_of({name: lists(rows.row_ends, values) for name, values in zip(_NAMES, columns, strict=True)})


def _state(names: list[str], info: RowsInfo) -> dict[str, object]:
    """What `datasets` knows a dataset by; it keeps results under the fingerprint, so that is the data's own."""
    fingerprint = hashlib.sha256(f"llamafactory {info.name} {info.fingerprint}".encode()).hexdigest()
    return {
        "_data_files": [{"filename": name} for name in names],
        "_fingerprint": fingerprint[:16],
        "_format_columns": None,
        "_format_kwargs": {},
        "_format_type": None,
        "_output_all_columns": False,
        "_split": "train",
    }


def _write_json(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content, indent=2))


def _settings(path: str, info: RowsInfo) -> str:
    return f"""\
stage: sft
tokenized_path: {path}
cutoff_len: {info.seq_length}
packing: true
neat_packing: true  # documents are told apart by position_ids
flash_attn: fa2
per_device_train_batch_size: 1
"""


PROFILE = Profile(write=_write, settings=_settings, settings_suffix=".yaml")
