"""A dataset's stages are configs of their own, each with its rows, their length and their costs."""

import subprocess
import sys
from pathlib import Path

import pytest

from lcdata import row_costs
from lcdata.packers.training.config import read_config
from lcdata.packers.training.row_groups import RowGroups
from lcdata.schemas.errors import UsageError

RECIPE = """
name: two
tokenizer: {{source: {tokenizer}}}
stages:
  - {{name: short, seq_length: 1k, tokens: 20k, mix: [{{task: kv, length: 300..1k, share: 100%}}]}}
  - {{name: long, seq_length: 2k, tokens: 20k, mix: [{{task: vt, length: 600..2k, share: 100%}}]}}
"""


@pytest.fixture(scope="module")
def stages(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished dataset of two stages."""
    folder = tmp_path_factory.mktemp("stages")
    (folder / "recipe.yaml").write_text(RECIPE.format(tokenizer=trained / "gpt2-like"))
    command = (sys.executable, "-m", "lcdata", "build", "recipe.yaml", "--workers", "0", "--out", "two")
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "two"


def test_each_stage_has_its_own_rows(stages: Path) -> None:
    found = {}
    for name, seq_length in (("short", 1024), ("long", 2048)):
        config = read_config(stages, name)
        groups = RowGroups(config.data)
        rows = [groups.row(number) for number in range(groups.num_rows)]
        assert (config.name, config.seq_length) == (name, seq_length)
        assert max(len(row.input_ids) for row in rows) <= seq_length
        assert sum(len(row.input_ids) for row in rows) > 15_000
        assert row_costs(stages, name).tolist() == [int((row.seq_lengths.astype(int) ** 2).sum()) for row in rows]
        found[name] = {row.input_ids.tobytes() for row in rows}
    assert not found["short"] & found["long"]


def test_one_of_several_must_be_named(stages: Path) -> None:
    with pytest.raises(UsageError, match="has several configs: name one of short, long"):
        read_config(stages)
    with pytest.raises(UsageError, match="has no config 'middle': it has short, long"):
        read_config(stages, "middle")
