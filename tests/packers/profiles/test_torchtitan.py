"""The data set for torchtitan that docs/ holds, run on a dataset's own folder."""

import runpy
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import needed

from lcdata.pipelines.build import build_dataset
from lcdata.pipelines.run.where import Where
from lcdata.schemas.recipe import Recipe

pytestmark = [pytest.mark.needs("torch"), pytest.mark.filterwarnings("default")]


@pytest.fixture(params=["answer", "all"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, small: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dataset with labels, and one without."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    component = {"task": "kv", "length": "1k..3k", "n": 20, "loss": request.param}
    recipe = {"name": "kv", "seq_length": "6k", "shard_rows": 4, "tokenizer": {"source": small}, "mix": [component]}
    build_dataset(Recipe.model_validate(recipe), tmp_path / "out", where=Where(0))
    return tmp_path / "out"


def packed_rows(*arguments: Any) -> Any:
    """The class in docs/."""
    path = Path(__file__).parents[3] / "docs" / "torchtitan_rows.py"
    return runpy.run_path(str(path))["PackedRows"](*arguments)


def rows_of(folder: Path) -> list[dict[str, Any]]:
    """All rows of a dataset."""
    return pa.concat_tables([pq.read_table(path) for path in sorted((folder / "data/kv").iterdir())]).to_pylist()


def check(row: dict[str, Any], inputs: dict[str, Any], labels: Any) -> None:
    """Whether a sample says what a row says."""
    length, positions = len(row["input_ids"]), row["position_ids"]
    assert inputs["input"][:length].tolist() == row["input_ids"]
    assert inputs["positions"].tolist() == [*positions, *range(6144 - length)]
    first = np.array(positions) == 0
    unshifted = row.get("labels") or np.where(first, -100, row["input_ids"]).tolist()
    assert labels.tolist() == [*unshifted[1:], *[-100] * (6144 - length + 1)]
    assert {len(values) for values in (*inputs.values(), labels)} == {6144}


def test_rows_are_padded_and_their_labels_shifted(folder: Path) -> None:
    rows = rows_of(folder)
    samples = list(islice(packed_rows(str(folder), "kv", 6144), len(rows) + 1))
    assert any(len(row["input_ids"]) < 6144 for row in rows)
    for row, (inputs, labels) in zip([*rows, rows[0]], samples, strict=True):
        check(row, inputs, labels)


def test_ranks_share_the_rows_and_go_on_from_a_checkpoint(folder: Path) -> None:
    loading = needed("torchtitan.components.dataloader")
    rows = rows_of(folder)
    found = list[list[int]]()
    for rank in range(2):
        loader = loading.ParallelAwareDataloader(packed_rows(str(folder), "kv", 6144, rank, 2), rank, 2, batch_size=1)
        first = next(iter(loader))
        again = loading.ParallelAwareDataloader(packed_rows(str(folder), "kv", 6144, rank, 2), rank, 2, batch_size=1)
        again.load_state_dict(loader.state_dict())
        rest = list(islice(again, (len(rows) + 1 - rank) // 2 - 1))
        found += [inputs["input"][0].tolist() for inputs, _ in (first, *rest)]
    padded = [row["input_ids"] + [0] * (6144 - len(row["input_ids"])) for row in rows]
    assert len(rows) > 4
    assert sorted(found) == sorted(padded)
