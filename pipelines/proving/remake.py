"""Making documents of a finished dataset again, from its manifest alone, and comparing them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...packers.dataset import Dataset
from ...packers.files.parquet import document_table
from ...packers.tokens.fit import TokenRate
from ...schemas.errors import LcdataError
from ...schemas.manifest import Manifest, StageRecord
from ..making.samples import SampleMaker
from ..run.files import hash_file
from ..run.versions import library_versions
from .recount import different_from_store

SampleMakers = Mapping[tuple[str, str], SampleMaker]
"""The makers of a dataset's samples, by names of stage and component."""


def sample_makers(dataset: Dataset) -> SampleMakers:
    """The makers of a dataset's samples; LcdataError where the tokenizer or an input is not what was used."""
    manifest = dataset.manifest
    corpora = {account.corpus for stage in manifest.stages for account in stage.corpora}
    for path, sha256 in manifest.inputs.items():
        if any(path.startswith(f"{corpus}/") for corpus in corpora):
            continue
        if not Path(path).is_file() or hash_file(Path(path)) != sha256:
            raise LcdataError(f"{path} is not the file that made this dataset ({sha256[:12]}…): put that one back")
    tokenizer = dataset.load_tokenizer()
    return {
        (task.stage.name, task.component.name): SampleMaker(
            task.component,
            manifest.recipe.seed,
            tokenizer,
            {name: TokenRate(**rate) for name, rate in task.account.rates.items()},
            manifest.chat,
        )
        for task in manifest.tasks
    }


def remaker(dataset: Dataset) -> Callable[[StageRecord, Sequence[dict[str, Any]]], Iterator[str]]:
    """What makes documents of a stage again from their records and says how they differ."""
    manifest = dataset.manifest
    makers = sample_makers(dataset) if manifest.tasks else {}

    def remake(stage: StageRecord, records: Sequence[dict[str, Any]]) -> Iterator[str]:
        for record in records:
            if record["sample"] is not None:
                yield from _regenerate(manifest, makers[stage.name, record["source"]], record)
        yield from different_from_store(stage.corpora, manifest.tokenizer, records)

    return remake


def _regenerate(manifest: Manifest, maker: SampleMaker, record: dict[str, Any]) -> Iterator[str]:
    """Make a sample again and compare its whole record."""
    component = maker.component
    length = component.length.of_sample(component.task, manifest.recipe.seed, record["sample"])
    made = maker.make(record["sample"], length)
    expected = document_table(record["shard"], record["row"], [[made.document]]).to_pylist()[0]
    differing = [name for name in expected if name not in ("doc", "start") and expected[name] != record[name]]
    if differing:
        versions = library_versions()
        changed = [name for name, version in manifest.versions.items() if versions[name] != version]
        hint = f" (made with other versions of {', '.join(changed)})" if changed else ""
        yield f"{component.name} sample {record['sample']} comes out differently in {', '.join(differing)}{hint}"
