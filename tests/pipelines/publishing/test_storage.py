"""The client of the Hub's storage is told to take little memory, and no more than that."""

import os
from pathlib import Path

import pytest

from lcdata.pipelines.publishing.storage import little_memory

NAME = "HF_XET_DATA_MAX_CONCURRENT_FILE_INGESTION"


def test_two_files_are_read_at_a_time_unless_the_user_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)
    with little_memory():
        assert os.environ[NAME] == "2"
    assert NAME not in os.environ
    monkeypatch.setenv(NAME, "8")
    with little_memory():
        assert os.environ[NAME] == "8"
    assert os.environ[NAME] == "8"


def test_the_client_knows_the_name() -> None:
    import hf_xet

    (library,) = Path(hf_xet.__file__).parent.glob("hf_xet*.so")
    assert NAME.encode() in library.read_bytes()
