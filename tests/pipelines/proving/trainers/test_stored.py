"""Rows are chosen from all files of a config, and their documents are known from the document table."""

from pathlib import Path

import numpy as np
import yaml
from conftest import Run

from lcdata.packers.dataset import Config, open_dataset
from lcdata.pipelines.proving.trainers.stored import some_rows


def stored(lcdata: Run, tmp_path: Path, tokenizer: str) -> Config:
    """Ten rows of two to three documents in four files."""
    size = ("--length", "400..500", "--seq-length", "1k", "--n", 20, "--shard-rows", 3)
    done = lcdata("gen", "--task", "kv", *size, "--tokenizer", tokenizer, "--out", "out", "--workers", 0)
    assert done.returncode == 0, done.stderr
    config = open_dataset(tmp_path / "out").config()
    assert (config.seq_length, len(config.data), len(config.docs)) == (1024, 4, 4)
    return config


def test_the_first_and_random_rows_are_chosen_once_each(lcdata: Run, tmp_path: Path, small: str) -> None:
    config = stored(lcdata, tmp_path, small)
    first = [f"row {row} of train-0000{file}-of-00004.parquet" for file, row in ((0, 0), (0, 1), (0, 2), (1, 0))]
    seen: set[str] = set()
    for seed in range(20):
        places = [row.place for row in some_rows(config, 7, np.random.default_rng(seed))]
        assert places[:4] == first
        assert len(set(places)) == 7
        seen.update(places)
    assert len(seen) == 10
    assert len(some_rows(config, 50, np.random.default_rng(0))) == 10


def test_documents_are_those_of_the_row(lcdata: Run, tmp_path: Path, small: str) -> None:
    for row in some_rows(stored(lcdata, tmp_path, small), 10, np.random.default_rng(0)):
        assert row.lengths.tolist() == row.column("seq_lengths").tolist()
        assert len(row.lengths) > 1
        assert row.lengths.sum() == len(row.column("input_ids"))


def test_every_stage_is_a_config_of_its_own(lcdata: Run, tmp_path: Path, small: str) -> None:
    stages = [
        {"name": name, "seq_length": size, "mix": [{"task": "kv", "length": 400, "n": 8}]}
        for name, size in (("short", 1024), ("long", 2048))
    ]
    recipe = {"name": "two", "tokenizer": {"source": small}, "stages": stages}
    (tmp_path / "two.yaml").write_text(yaml.safe_dump(recipe))
    done = lcdata("build", "two.yaml", "--out", "out", "--workers", 0)
    assert done.returncode == 0, done.stderr
    configs = open_dataset(tmp_path / "out").configs.values()
    assert [(config.name, config.seq_length) for config in configs] == [("short", 1024), ("long", 2048)]
    rng = np.random.default_rng(0)
    held = [sorted(len(row.lengths) for row in some_rows(config, 9, rng)) for config in configs]
    assert held == [[2, 2, 2, 2], [3, 5]]
