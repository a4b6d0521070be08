"""Who edits a dataset of content-defined chunks uploads what changed, and little more."""

from pathlib import Path

import pytest
from hub.reupload import share_uploaded_again

import lcdata
from lcdata import open_dataset


@pytest.mark.slow
def test_what_goes_up_again_is_what_changed(tmp_path: Path) -> None:
    mix = [{"task": "kv", "length": "32k", "n": 100}]
    lcdata.build({"name": "kv", "seq_length": "32k", "cdc": True, "mix": mix}, tmp_path / "kv", workers=0)
    config = open_dataset(tmp_path / "kv").config()
    rows = [list(row.documents) for row in config.rows()]
    fewer = rows[:37] + rows[38:71] + rows[72:]
    assert share_uploaded_again(rows, fewer, config.seq_length, cdc=True) <= 0.025  # its footer, and no row
    assert share_uploaded_again(fewer, rows, config.seq_length, cdc=True) <= 0.045
    assert share_uploaded_again(rows, fewer, config.seq_length, cdc=False) > 0.2
