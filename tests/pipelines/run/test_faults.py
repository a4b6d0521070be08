"""A full disk, a read-only one, a second build: one clear line, and nothing finished is lost."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from conftest import Run
from killing import ending, wait_until

BUILD = ("gen", "--task", "kv", "--length", "2k", "--n", "240", "--shard-rows", "60", "--workers", "0")


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A tmpfs at the folder, where this user may mount one."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], capture_output=True, check=False
    )
    if done.returncode != 0:
        pytest.skip("mounting needs root")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def one_line(stderr: str) -> str:
    """The error, which is the last line and has no traceback before it."""
    assert "Traceback" not in stderr
    return stderr.strip().splitlines()[-1]


def test_a_full_disk_stops_the_build_and_space_lets_it_go_on(lcdata: Run, tmp_path: Path, small: str) -> None:
    disk = tmp_path / "disk"
    assert lcdata(*BUILD, "--tokenizer", small, "--out", "roomy").returncode == 0
    needed = sum(path.stat().st_size for path in (tmp_path / "roomy").rglob("*.parquet"))
    with mounted(disk, f"size={needed * 2 // 3}"):
        full = lcdata(*BUILD, "--tokenizer", small, "--out", "disk/out")
        assert full.returncode == 4
        assert "no space left for" in one_line(full.stderr)
        assert "free some and run the same command again" in full.stderr
        assert not (disk / "out").exists()
        finished = len(list((disk / ".out.lcdata/records").glob("*.json")))
        assert finished >= 1
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        again = lcdata(*BUILD, "--tokenizer", small, "--out", "disk/out")
        assert again.returncode == 0, again.stderr
        assert f"going on: {finished} of 4 shards finished" in again.stderr
        assert lcdata("verify", "disk/out").returncode == 0


def test_a_read_only_folder_is_one_line(lcdata: Run, tmp_path: Path, small: str) -> None:
    with mounted(tmp_path / "disk", "ro"):
        done = lcdata(*BUILD, "--tokenizer", small, "--out", "disk/out")
    assert done.returncode == 1
    assert "cannot be written (Read-only file system): choose another --out" in one_line(done.stderr)


def test_two_builds_into_one_folder_do_not_meet(lcdata: Run, tmp_path: Path, small: str) -> None:
    command = ending(
        [sys.executable, "-m", "lcdata", *BUILD, "--tokenizer", small, "--out", "out"], 1, 0, signal.SIGSTOP
    )
    first = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: psutil.Process(first.pid).status() == psutil.STATUS_STOPPED, first)
        second = lcdata(*BUILD, "--tokenizer", small, "--out", "out")
    finally:
        first.kill()
        first.wait()
    assert second.returncode == 2
    assert f"out is being built by process {first.pid} on " in one_line(second.stderr)


def test_places_that_cannot_hold_a_dataset_are_refused(lcdata: Run, tmp_path: Path, small: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/notes.txt").write_text("mine")
    (tmp_path / "empty").mkdir()
    wrong = {"file": "is not a folder", "full": "is not empty and holds no lcdata.json", ".": "name a new folder"}
    for out, message in wrong.items():
        done = lcdata(*BUILD, "--tokenizer", small, "--out", out)
        assert done.returncode == 2
        assert message in one_line(done.stderr)
    assert (tmp_path / "full/notes.txt").read_text() == "mine"
    assert lcdata(*BUILD, "--tokenizer", small, "--out", "empty").returncode == 0
    assert lcdata("verify", "empty").returncode == 0


@pytest.mark.cluster
def test_workers_that_die_each_time_end_the_build_in_one_line(tmp_path: Path, small: str) -> None:
    """A limit on memory kills every worker that takes a job; the finished shards stay."""
    environment = {**os.environ, "RAY_memory_usage_threshold": "0.001", "RAY_memory_monitor_refresh_ms": "100"}
    command = [sys.executable, "-m", "lcdata", *BUILD[:-2], "--workers", "1", "--tokenizer", small, "--out", "out"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 4, done.stderr
    assert "run the same command again with fewer --workers" in one_line(done.stderr)
