"""Who edits a dataset of content-defined chunks uploads what changed, and little more."""

from pathlib import Path

import pytest
from hub.reupload import share_uploaded_again

import lcdata
from lcdata import open_dataset


@pytest.mark.slow
def test_a_hundredth_of_the_rows_costs_a_twentieth_of_the_bytes(tmp_path: Path) -> None:
    mix = [{"task": "kv", "length": "128k", "n": 100}]
    lcdata.build({"name": "kv", "seq_length": "128k", "cdc": True, "mix": mix}, tmp_path / "kv", workers=0)
    config = open_dataset(tmp_path / "kv").config()
    rows = [list(row.documents) for row in config.rows()]
    fewer = rows[:37] + rows[38:]
    for before, after in ((rows, fewer), (fewer, rows)):
        assert share_uploaded_again(before, after, config.seq_length, cdc=True) <= 0.05
    assert share_uploaded_again(rows, fewer, config.seq_length, cdc=False) > 0.2
