"""Two builds of one dataset's name, and a Hub to push them to."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hub.server import LoopbackHub

import lcdata

CONFIG = "kv-256"


def _built(folder: Path, tokenizer: str, seed: int) -> Path:
    mix = [{"task": "kv", "length": 256, "n": 12}]
    recipe = {"name": CONFIG, "seed": seed, "seq_length": 256, "shard_rows": 3, "mix": mix}
    lcdata.build({**recipe, "tokenizer": {"source": tokenizer}}, folder, workers=0)
    return folder


@pytest.fixture(scope="session")
def builds(tmp_path_factory: pytest.TempPathFactory, trained: Path) -> tuple[Path, Path]:
    """Two datasets of four shards that share no sample."""
    root = tmp_path_factory.mktemp("builds")
    tokenizer = str(trained / "gpt2-like")
    return _built(root / "one", tokenizer, 1), _built(root / "two", tokenizer, 2)


@pytest.fixture
def one(builds: tuple[Path, Path]) -> Path:
    """The first of the two builds."""
    return builds[0]


@pytest.fixture
def two(builds: tuple[Path, Path]) -> Path:
    """The second of the two builds."""
    return builds[1]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LoopbackHub]:
    """A Hub that keeps large files as LFS does."""
    with LoopbackHub(tmp_path / "hub") as running:
        yield running


@pytest.fixture
def xet_hub(tmp_path: Path) -> Iterator[LoopbackHub]:
    """A Hub that keeps large files in xet storage."""
    with LoopbackHub(tmp_path / "xet-hub", is_xet=True) as running:
        yield running
