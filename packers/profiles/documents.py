"""One document a row, for collators and packers that join documents themselves."""

from pathlib import Path

import pyarrow as pa

from .columns import list_schema, lists, parquet_writer, table_of
from .profile import Profile, RowsInfo
from .rows import Shards

_SCHEMA = list_schema(input_ids=pa.int32(), labels=pa.int32())


def _write(shards: Shards, folder: Path, info: RowsInfo) -> list[str]:
    for number, groups in enumerate(shards):
        with parquet_writer(folder / info.shard_name(number, ".parquet"), _SCHEMA) as writer:
            for rows in groups:
                columns = {"input_ids": rows.ids, "labels": rows.labels}
                writer.write_table(table_of({name: lists(rows.ends, values) for name, values in columns.items()}))
    return []


def _settings(path: str, info: RowsInfo) -> str:
    return f"""\
from datasets import load_dataset
from transformers import DataCollatorWithFlattening

documents = load_dataset("parquet", data_files="{path}/*.parquet", split="train")
collator = DataCollatorWithFlattening(return_flash_attn_kwargs=True)  # joins the documents of a batch
"""


PROFILE = Profile(write=_write, settings=_settings, settings_suffix=".py")
