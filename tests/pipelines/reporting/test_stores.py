"""A dataset in an object store has its page on this machine."""

from pathlib import Path
from typing import Any

import pytest
from conftest import Run

pytestmark = pytest.mark.needs("altair", "vl_convert")


def test_a_dataset_in_a_store_is_reported_on_this_machine(bucket: Any, lcdata: Run, small: str, tmp_path: Path) -> None:
    made = ("gen", "--task", "kv", "--length", "1k", "--n", "2", "--workers", "0", "--tokenizer", small)
    place = "s3://corpus/kv"
    refused = lcdata(*made, "--out", place, "--report")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert f"lcdata report {place} --out FILE.html" in refused.stderr
    assert lcdata(*made, "--out", place).returncode == 0
    assert "--out FILE.html" in lcdata("report", place).stderr
    done = lcdata("report", place, "--out", "kv.html")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "kv.html").stat().st_size > 50_000
