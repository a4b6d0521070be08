"""What tests of training share: a real dataset."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def dataset(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished dataset of 41 rows of several documents each, in 14 files of three rows."""
    out = tmp_path_factory.mktemp("dataset") / "kv"
    size = ("--length", "300..1800", "--n", "99", "--seq-length", "2k", "--shard-rows", "3")
    command = (sys.executable, "-m", "lcdata", "gen", "--task", "kv", *size, "--tokenizer", str(trained / "gpt2-like"))
    subprocess.run([*command, "--workers", "0", "--out", str(out)], check=True, capture_output=True)
    return out
