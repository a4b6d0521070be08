"""The lock of a store: one owner at a time, and none that is dead for good."""

import json
import os
from pathlib import Path

import pytest
from conftest import Run
from object_store import ObjectStore, contents_of, folders_beside
from upath import UPath

from lcdata.pipelines.run.store_files import put_small
from lcdata.pipelines.run.store_lock import StoreLock
from lcdata.schemas.errors import ResumableError, UsageError

OUT = "s3://bucket/sets/kv"
GEN = ("gen", "--task", "kv", "--length", "1k", "--n", "10", "--workers", "0", "--out", OUT)


@pytest.fixture
def folder(store: ObjectStore) -> UPath:
    return UPath("s3://bucket/sets/.kv.lcdata/lock", use_listings_cache=False)


def owned_elsewhere(folder: UPath) -> UPath:
    """A lock whose owner says that it is a process of another machine, and gives no sign of life any more."""
    mine = folder / f"{0:08d}"
    put_small(
        folder, mine.name, json.dumps({"id": "x", "host": "elsewhere", "boot": "b", "numbers": "n", "pid": 7}).encode()
    )
    return mine


def test_a_lock_has_one_owner(folder: UPath, lcdata: Run, small: str) -> None:
    lock = StoreLock(folder)
    lock.acquire("it")
    with pytest.raises(UsageError, match=f"it is being built by process {os.getpid()} on .*, alive"):
        StoreLock(folder).acquire("it")
    refused = lcdata(*GEN, "--tokenizer", small)
    assert refused.returncode == 2
    assert f"is being built by process {os.getpid()}" in refused.stderr
    assert not StoreLock(folder).is_free()
    lock.look()
    lock.release(is_to_stay=True)
    assert StoreLock(folder).is_free()
    assert lcdata(*GEN, "--tokenizer", small).returncode == 0
    assert folders_beside(OUT) == ["kv"]


def test_an_owner_elsewhere_counts_as_dead_when_it_is_silent_for_long(
    folder: UPath, lcdata: Run, small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owned_elsewhere(folder)
    refused = lcdata(*GEN, "--tokenizer", small)
    assert refused.returncode == 2
    assert "process 7 on elsewhere, alive" in refused.stderr
    monkeypatch.setenv("LCDATA_STALE_AFTER", "-1")
    assert lcdata(*GEN, "--tokenizer", small).returncode == 0
    assert folders_beside(OUT) == ["kv"]


def test_a_lock_that_was_taken_over_is_noticed(folder: UPath, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = StoreLock(folder)
    lock.acquire("it")
    lock.check()
    monkeypatch.setenv("LCDATA_STALE_AFTER", "-1")
    other = StoreLock(folder)
    other.acquire("it")
    with pytest.raises(ResumableError, match="was taken over by another process"):
        lock.look()
    with pytest.raises(ResumableError, match="was taken over by another process"):
        lock.check()
    lock.release(is_to_stay=False)  # which must not let go of what is another's
    other.look()
    monkeypatch.delenv("LCDATA_STALE_AFTER")
    with pytest.raises(UsageError, match="is being built"):
        StoreLock(folder).acquire("it")
    other.release(is_to_stay=False)
    assert not contents_of("s3://bucket")


def test_numbers_of_a_lock_are_never_used_twice(folder: UPath) -> None:
    for number in range(3):
        lock = StoreLock(folder)
        lock.acquire("it")
        lock.release(is_to_stay=True)
        assert sorted(contents_of(str(folder)))[-1] == f"{number:08d}"


def test_nothing_of_the_process_but_its_names_is_told(folder: UPath, tmp_path: Path) -> None:
    lock = StoreLock(folder)
    lock.acquire("it")
    [content] = contents_of(str(folder)).values()
    assert set(json.loads(content)) == {"id", "host", "boot", "numbers", "pid", "started"}
    lock.release(is_to_stay=False)
