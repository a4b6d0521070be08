"""A dataset in an object store has its page beside it there, and elsewhere where it is asked for."""

from pathlib import Path
from typing import Any

import pytest
from conftest import Run

pytestmark = pytest.mark.needs("altair", "vl_convert")


def test_a_report_is_written_into_the_store_or_onto_this_machine(
    bucket: Any, lcdata: Run, small: str, tmp_path: Path
) -> None:
    made = ("gen", "--task", "kv", "--length", "1k", "--n", "2", "--workers", "0", "--tokenizer", small)
    done = lcdata(*made, "--out", "s3://corpus/kv", "--report")
    assert done.returncode == 0, done.stderr
    names = {name.rpartition("/")[2] for name in bucket.ls("corpus/kv/report", detail=False, refresh=True)}
    assert names == {"depth.png", "index.html", "lengths.png", "mixture.png"}
    there = bucket.cat("corpus/kv/report/index.html")
    assert lcdata("report", "s3://corpus/kv", "--out", "kv.html").returncode == 0
    assert (tmp_path / "kv.html").read_bytes() == there
