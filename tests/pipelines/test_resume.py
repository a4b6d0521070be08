"""Kill it anywhere, run it again: the same bytes."""

import itertools
import json
import os
import random
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from conftest import Run
from killing import Process, ending, num_records, own_lines, wait_until, waiting

Contents = Callable[[Path], dict[str, bytes]]


NUM_SHARDS = 32
QUIET = ["lcdata: interrupted; what was finished is safe. To go on:"]
"""Followed by the command, all that an interrupted one says."""


def command(small: str, out: str, workers: int, num_shards: int = NUM_SHARDS) -> list[str]:
    """A build, by default of so many shards that half of their events do not fit into the pipe of `waiting`."""
    size = ("--length", "2k", "--n", str(30 * num_shards), "--shard-rows", "30")
    options = ("--tokenizer", small, "--out", out, "--workers", str(workers))
    return [sys.executable, "-m", "lcdata", "gen", "--task", "kv", *size, *options]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, trained: Path, contents: Contents) -> dict[str, bytes]:
    """The uninterrupted build."""
    folder = tmp_path_factory.mktemp("whole")
    subprocess.run(command(str(trained / "gpt2-like"), "out", 0), cwd=folder, check=True, capture_output=True)
    return contents(folder / "out")


def is_dataset(out: Path) -> bool:
    """What a reader may take for one."""
    return (out / "lcdata.json").exists()


def test_the_driver_killed_at_random_moments(
    tmp_path: Path, small: str, whole: dict[str, bytes], contents: Contents
) -> None:
    chance = random.Random(7)
    for trial in range(3):
        out, work = tmp_path / f"out{trial}", tmp_path / f".out{trial}.lcdata"
        line = command(small, out.name, 0)
        for _ in range(3):
            before, more = num_records(work), chance.randrange(7)
            killed = subprocess.run(
                ending(line, more, chance.randrange(20)), cwd=tmp_path, capture_output=True, text=True, check=False
            )
            assert killed.returncode == -signal.SIGKILL, killed.stderr
            assert before + more <= num_records(work) < NUM_SHARDS
            assert not out.exists(), "a half build has the dataset's name"
        done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert contents(out) == whole
        assert not work.exists()


def test_the_driver_killed_while_it_ends(tmp_path: Path, small: str, contents: Contents) -> None:
    subprocess.run(command(small, "whole", 0, 2), cwd=tmp_path, check=True, capture_output=True)
    published = list[bool]()
    for operations in itertools.count(12, 2):
        out = tmp_path / f"out{operations}"
        line = command(small, out.name, 0, 2)
        killed = subprocess.run(ending(line, 2, operations), cwd=tmp_path, capture_output=True, text=True, check=False)
        if killed.returncode == 0:
            break
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        published.append(out.exists())
        assert not out.exists() or is_dataset(out), "a half build has the dataset's name"
        done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert contents(out).keys() == contents(tmp_path / "whole").keys()
        assert contents(out / "data") == contents(tmp_path / "whole/data")
    assert {*published} == {False, True}


def test_what_a_build_killed_after_its_publication_left_is_removed(lcdata: Run, tmp_path: Path, small: str) -> None:
    build = (
        "gen",
        "--task",
        "kv",
        "--length",
        "1k",
        "--n",
        "4",
        "--workers",
        "0",
        "--tokenizer",
        small,
        "--out",
        "out",
    )
    assert lcdata(*build).returncode == 0
    left = tmp_path / ".out.lcdata"
    (left / "records").mkdir(parents=True)
    again = lcdata(*build)
    assert again.returncode == 0
    assert "finished already" in again.stdout + again.stderr
    assert not left.exists()


def held_worker(driver: Process) -> psutil.Process | None:
    """A Ray worker stopped in the middle of a job, None where none has had one for a while."""
    for _ in range(20):
        members = psutil.Process(driver.pid).children(recursive=True)
        workers = [member for member in members if title_of(member).startswith("ray::")]
        for _ in range(50):
            for worker in workers:
                if "single_threaded" in title_of(worker):
                    worker.suspend()
                    if "single_threaded" in title_of(worker):
                        return worker
                    worker.resume()
            time.sleep(0.001)
    return None


def title_of(process: psutil.Process) -> str:
    """What a process calls itself, which is its job where it is a Ray worker that has one."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def next_held_worker(driver: Process, told: list[str]) -> psutil.Process:
    """A worker stopped in the middle of a job, after as many more events as that takes."""
    assert driver.stdout is not None
    while (worker := held_worker(driver)) is None:
        told.append(driver.stdout.readline())
        assert told[-1], "the build ended before a worker was seen at work"
    return worker


@pytest.mark.cluster
def test_workers_killed_at_random_moments_and_then_the_driver(
    tmp_path: Path, small: str, whole: dict[str, bytes], contents: Contents
) -> None:
    process = waiting(command(small, "out", 2), tmp_path)
    for _ in range(2):
        next_held_worker(process, []).kill()
    assert process.poll() is None
    process.kill()
    process.communicate()
    # At once, while workers of the killed driver may still write.
    done = subprocess.run(command(small, "out", 2), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "out") == whole


@pytest.mark.cluster
def test_a_worker_that_dies_is_one_line_and_stdout_stays_json(
    tmp_path: Path, small: str, whole: dict[str, bytes], contents: Contents
) -> None:
    process = waiting(command(small, "out", 2), tmp_path)
    told = list[str]()
    next_held_worker(process, told).kill()
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert [json.loads(line)["event"] for line in [*told, *out.splitlines()]][-1] == "done"
    assert own_lines(err) == ["lcdata: a worker died; what it was at is made again"]
    assert contents(tmp_path / "out") == whole


@pytest.mark.parametrize("operations", range(12))
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 4)])
def test_interrupts_leave_a_state_to_go_on_from(
    tmp_path: Path, small: str, number: int, code: int, operations: int
) -> None:
    line = [*command(small, "out", 0), "--json"]
    done = subprocess.run(
        ending(line, 2, operations, number), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    is_state_to_go_on_from(tmp_path, line, done.returncode, code, done.stderr)


@pytest.mark.cluster
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 4)])
def test_interrupts_of_workers_leave_a_state_to_go_on_from(
    tmp_path: Path, small: str, whole: dict[str, bytes], contents: Contents, number: int, code: int
) -> None:
    process = waiting(command(small, "out", 2), tmp_path, start_new_session=True)
    wait_until(lambda: num_records(tmp_path / ".out.lcdata") >= 2, process)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does
    else:
        process.send_signal(number)
    _, err = process.communicate()
    line = [*command(small, "out", 2), "--json"]
    finished = is_state_to_go_on_from(tmp_path, line, process.returncode, code, err)
    again = subprocess.run(
        [*command(small, "out", 0), "--json"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    events = [json.loads(line) for line in again.stdout.splitlines()]
    (planned,) = (event for event in events if event["event"] == "plan")
    assert planned["finished_shards"] == finished
    assert (planned["workers"], planned["address"]) == (0, None)
    assert sum(event["event"] == "shard" for event in events) == NUM_SHARDS - finished
    assert contents(tmp_path / "out") == whole


def is_state_to_go_on_from(folder: Path, line: list[str], returned: int, code: int, err: str) -> int:
    """Check what an interrupted build leaves and says; returns its finished shards."""
    assert returned == code, err
    assert own_lines(err) == [*QUIET, "  " + shlex.join(["lcdata", *line[3:]])]
    assert not (folder / "out").exists()
    finished = num_records(folder / ".out.lcdata")
    assert 2 <= finished < NUM_SHARDS
    return finished


@pytest.mark.cluster
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 4)])
@pytest.mark.parametrize("delay", [0.0, 0.5, 1.5])
def test_interrupts_while_ray_starts_end_it(tmp_path: Path, small: str, number: int, code: int, delay: float) -> None:
    process = waiting(command(small, "out", 2), tmp_path)
    try:
        wait_until(lambda: bool(psutil.Process(process.pid).children(recursive=True)), process)
        time.sleep(delay)  # for some other moment
        members = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        _, err = process.communicate()
    finally:
        process.kill()  # where it hangs
    assert process.returncode == code, err
    assert own_lines(err)[0] == QUIET[0]
    assert not (tmp_path / "out").exists()
    psutil.wait_procs(members)


@pytest.mark.cluster
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_while_ray_stops_says_that_all_is_finished(
    tmp_path: Path, small: str, whole: dict[str, bytes], contents: Contents, number: int
) -> None:
    process = waiting(command(small, "out", 2), tmp_path, start_new_session=True)
    try:
        told = list[str]()
        assert process.stdout is not None
        while sum('"shard"' in line for line in told) < NUM_SHARDS:
            told.append(process.stdout.readline())
        wait_until(lambda: (tmp_path / "out").exists(), process)
        os.killpg(process.pid, number)
        out, err = process.communicate()
    finally:
        process.kill()  # where it hangs
    assert process.returncode == 0, err
    assert json.loads(out.splitlines()[-1])["event"] == "done"
    assert own_lines(err) == []
    assert contents(tmp_path / "out") == whole


@pytest.mark.cluster
def test_ray_that_is_ended_with_the_build_while_it_starts_does_not_hang_it(tmp_path: Path, small: str) -> None:
    """As service managers do, which send SIGTERM to every process at once."""
    process = waiting(command(small, "out", 2), tmp_path, start_new_session=True)
    try:
        wait_until(lambda: bool(psutil.Process(process.pid).children(recursive=True)), process)
        os.killpg(process.pid, signal.SIGTERM)
        _, err = process.communicate()
    finally:
        process.kill()  # where it hangs
    assert process.returncode == 4, err
    assert own_lines(err)[0] == QUIET[0]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 4)])
def test_interrupts_at_publication_end_as_what_is_there_says(
    tmp_path: Path, small: str, number: int, code: int
) -> None:
    subprocess.run(command(small, "whole", 0, 2), cwd=tmp_path, check=True, capture_output=True)
    ends = set[bool]()
    for operations in range(2, 30, 2):
        out = tmp_path / f"out{operations}"
        line = ending(command(small, out.name, 0, 2), 2, operations, number)
        ended = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ended.returncode == (0 if out.exists() else code), ended.stderr
        assert ("interrupted" in ended.stderr) == (not out.exists())
        ends.add(out.exists())
    assert ends == {False, True}


def test_a_damaged_shard_is_made_again_and_a_changed_plan_refused(
    tmp_path: Path, small: str, whole: dict[str, bytes], contents: Contents, lcdata: Run
) -> None:
    work = tmp_path / ".out.lcdata"
    subprocess.run(ending(command(small, "out", 0), 4), cwd=tmp_path, capture_output=True, check=False)
    assert num_records(work) == 4
    first, second, third, *_ = sorted(work.glob("dataset/data/kv-2k/*.parquet"))
    data = bytearray(first.read_bytes())
    data[len(data) // 2] ^= 1
    first.write_bytes(data)
    second.unlink()
    third.write_bytes(third.read_bytes()[:-100])
    (work / "records" / "kv-2k-00003.json").write_text("{")
    (work / "tmp" / "leftover.tmp").write_bytes(b"x")

    other = command(small, "out", 0)
    other[other.index("960")] = "961"
    refused = subprocess.run(other, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "half built from another plan: recipe.stages.0.mix.0.n was 960, is now 961" in refused.stderr

    done = subprocess.run(command(small, "out", 0), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "out") == whole


@pytest.mark.cluster
def test_a_hung_worker_is_noticed(tmp_path: Path, small: str, whole: dict[str, bytes], contents: Contents) -> None:
    environment = {**os.environ, "LCDATA_HUNG_AFTER": "30"}  # long enough for a worker that waits for a core
    process = waiting(command(small, "out", 2), tmp_path, env=environment)
    next_held_worker(process, [])
    _, err = process.communicate()
    assert process.returncode == 0, err
    assert contents(tmp_path / "out") == whole
