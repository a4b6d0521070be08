"""The metadata of a dataset card: what the Hub and `datasets` read of a dataset without opening its files."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa
import yaml

from ...schemas.manifest import Manifest, StageRecord
from ...schemas.records import FileRecord
from ...schemas.stage import Stage
from ...schemas.tables import DOCUMENT_SCHEMA, row_schema
from .licenses import license_metadata

_SIZES = (
    (10**3, "1K"),
    (10**4, "10K"),
    (10**5, "100K"),
    (10**6, "1M"),
    (10**7, "10M"),
    (10**8, "100M"),
    (10**9, "1B"),
)


class _Dumper(yaml.SafeDumper):
    """Writes every text in quotes: `1e3`, `no` and `2026-01-01` are names, whatever version of YAML reads them."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write what stands twice twice."""
        return True


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')


def _keyed(dumper: yaml.SafeDumper, content: dict[str, Any]) -> yaml.Node:
    """A mapping, whose keys are words of the Hub's and need no quotes."""
    pairs = [(yaml.ScalarNode("tag:yaml.org,2002:str", key), dumper.represent_data(content[key])) for key in content]
    return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=False)


_Dumper.add_representer(str, _quoted)
_Dumper.add_representer(dict, _keyed)


def metadata_yaml(content: dict[str, Any]) -> str:
    """Metadata as it stands at the head of a card, its fences included."""
    text = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{text}---\n"


def card_metadata(manifests: Sequence[Manifest]) -> dict[str, Any]:
    """What the card of builds says in its head; the newest is the last, and all have its configs."""
    newest = manifests[-1]
    has_corpora = any(stage.corpora for stage in newest.recipe.stages)
    return {
        **license_metadata(newest),
        **({} if has_corpora else {"language": ["en"]}),
        "task_categories": ["text-generation"],
        "tags": _tags(newest),
        "size_categories": [_size_category(sum(manifest.total("rows") for manifest in manifests))],
        "configs": list(_configs(manifests)),
        "dataset_info": list(_infos(manifests)),
    }


def _tags(manifest: Manifest) -> list[str]:
    tasks = sorted({task.task for stage in manifest.recipe.stages for task in stage.tasks})
    packed = ["packed"] if any(stage.corpora for stage in manifest.recipe.stages) else []
    return ["long-context", *(["synthetic"] if tasks else []), *packed, "lcdata", *tasks]


def _configs(manifests: Sequence[Manifest]) -> Iterator[dict[str, Any]]:
    """Where the files of every config lie, its rows' before its documents'."""
    for number, stage in enumerate(manifests[-1].recipe.stages):
        records = [manifest.stages[number] for manifest in manifests]
        data = [_folder(record.shards[0].data) for record in records]
        docs = [_folder(record.shards[0].docs) for record in records]
        default = {"default": True} if number == 0 else {}
        yield {"config_name": stage.name, **default, "data_files": _files(stage, data)}
        yield {"config_name": f"{stage.name}-docs", "data_files": _files(stage, docs)}


def _folder(file: FileRecord) -> str:
    return PurePosixPath(file.path).parent.as_posix()


def _files(stage: Stage, folders: Sequence[str]) -> list[dict[str, Any]]:
    paths = [f"{folder}/*.parquet" for folder in folders]
    return [{"split": stage.split, "path": paths[0] if len(paths) == 1 else paths}]


def _infos(manifests: Sequence[Manifest]) -> Iterator[dict[str, Any]]:
    for number, stage in enumerate(manifests[-1].recipe.stages):
        records = [manifest.stages[number] for manifest in manifests]
        yield _rows_info(stage, records)
        files = [shard.docs for record in records for shard in record.shards]
        yield {
            "config_name": f"{stage.name}-docs",
            "features": features(DOCUMENT_SCHEMA),
            **_sizes(stage, sum(file.bytes for file in files), sum(record.documents for record in records), files),
        }


def _rows_info(stage: Stage, records: Sequence[StageRecord]) -> dict[str, Any]:
    schema = row_schema(stage.with_labels)
    rows, tokens = sum(record.rows for record in records), sum(record.tokens for record in records)
    num_bytes = 4 * ((len(schema.names) - 1) * tokens + sum(record.documents for record in records))
    files = [shard.data for record in records for shard in record.shards]
    return {"config_name": stage.name, "features": features(schema), **_sizes(stage, num_bytes, rows, files)}


def _sizes(stage: Stage, num_bytes: int, num_examples: int, files: Sequence[FileRecord]) -> dict[str, Any]:
    return {
        "splits": [{"name": stage.split, "num_bytes": num_bytes, "num_examples": num_examples}],
        "download_size": sum(file.bytes for file in files),
        "dataset_size": num_bytes,
    }


def features(schema: pa.Schema) -> list[dict[str, Any]]:
    """A schema as `dataset_info` says it, so that no reader has to find it out."""
    return [{"name": column.name, **_feature(column.type)} for column in schema]


def _feature(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_list(kind):
        element = kind.value_type
        return {"list": features(pa.schema(element)) if pa.types.is_struct(element) else _dtype(element)}
    return {"dtype": _dtype(kind)}


def _dtype(kind: pa.DataType) -> str:
    return {"float": "float32"}.get(str(kind), str(kind))


def _size_category(rows: int) -> str:
    below = "n"
    for limit, word in _SIZES:
        if rows < limit:
            return f"n<{word}" if below == "n" else f"{below}<n<{word}"
        below = word
    return f"n>{below}"
