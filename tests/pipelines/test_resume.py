"""Kill it anywhere, run it again: the same bytes."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from conftest import Run
from killing import kill_after

Contents = Callable[[Path], dict[str, bytes]]


def command(small: str, out: str, workers: int) -> list[str]:
    """A build of 16 shards that lasts some seconds."""
    size = ("--length", "2k", "--n", "960", "--shard-rows", "60")
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
    halfway = 0
    for trial in range(6):
        out, work = tmp_path / f"out{trial}", tmp_path / f".out{trial}.lcdata"
        for _ in range(3):
            process = subprocess.Popen(
                command(small, out.name, 0), cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            finished = len(list(work.glob("records/*.json")))
            kill_after(process, work, finished + chance.randrange(5), chance.uniform(0, 0.2))
            assert not out.exists() or is_dataset(out), "a half build has the dataset's name"
            halfway += 0 < len(list(work.glob("records/*.json"))) < 16
        done = subprocess.run(command(small, out.name, 0), cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert contents(out) == whole
        assert not work.exists()
    assert halfway >= 6, "the kills must hit builds halfway to prove anything"


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


@pytest.mark.cluster
def test_workers_killed_at_random_moments_and_then_the_driver(
    tmp_path: Path, small: str, whole: dict[str, bytes], contents: Contents
) -> None:
    chance = random.Random(3)
    process = subprocess.Popen(command(small, "out", 2), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    killed = 0
    deadline = time.monotonic() + 60
    while killed < 2 and process.poll() is None and time.monotonic() < deadline:
        workers = [child for child in psutil.Process(process.pid).children(recursive=True) if works(child)]
        if workers:
            time.sleep(chance.uniform(0, 0.3))
            chance.choice(workers).kill()
            killed += 1
        time.sleep(0.05)
    assert killed == 2
    time.sleep(chance.uniform(0.2, 0.6))
    driver_was_alive = process.poll() is None
    process.kill()
    process.communicate()
    assert driver_was_alive
    # At once, while workers of the killed driver may still write.
    done = subprocess.run(command(small, "out", 2), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "out") == whole


@pytest.mark.cluster
def test_a_worker_that_dies_is_one_line_and_stdout_stays_json(
    tmp_path: Path, small: str, whole: dict[str, bytes], contents: Contents
) -> None:
    process = subprocess.Popen(
        [*command(small, "out", 2), "--json"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    killed = False
    while not killed and process.poll() is None and time.monotonic() < deadline:
        workers = [child for child in psutil.Process(process.pid).children(recursive=True) if works(child)]
        if workers:
            workers[0].kill()
            killed = True
        time.sleep(0.02)
    out, err = process.communicate(timeout=120)
    assert killed
    assert process.returncode == 0, err
    assert [json.loads(line)["event"] for line in out.splitlines()][-1] == "done"
    assert err.strip().splitlines() == ["lcdata: a worker died; what it was at is made again"]
    assert contents(tmp_path / "out") == whole


def works(process: psutil.Process) -> bool:
    """Whether a process is a Ray worker with a job."""
    try:
        return "ray::single_threaded" in " ".join(process.cmdline())
    except psutil.Error:
        return False


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 4)])
@pytest.mark.parametrize("workers", [0, pytest.param(2, marks=pytest.mark.cluster)])
def test_interrupts_leave_a_state_to_go_on_from(
    tmp_path: Path, small: str, whole: dict[str, bytes], contents: Contents, number: int, code: int, workers: int
) -> None:
    process = subprocess.Popen(
        command(small, "out", workers),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    records = tmp_path / ".out.lcdata" / "records"
    deadline = time.monotonic() + 60
    while len(list(records.glob("*.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == code, err
    assert "Traceback" not in out + err
    assert "interrupted; what was finished is safe. To go on:\n  lcdata gen --task kv" in err
    assert not (tmp_path / "out").exists()
    finished = len(list(records.glob("*.json")))
    assert 2 <= finished < 16
    again = subprocess.run(
        [*command(small, "out", 0), "--json"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    events = [json.loads(line) for line in again.stdout.splitlines()]
    assert events[0]["finished_shards"] == finished
    assert (events[0]["workers"], events[0]["address"]) == (0, None)
    assert sum(event["event"] == "shard" for event in events) == 16 - finished
    assert contents(tmp_path / "out") == whole


@pytest.mark.cluster
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 4)])
@pytest.mark.parametrize("delay", [0.0, 0.5, 1.5])
def test_interrupts_while_ray_starts_end_it(tmp_path: Path, small: str, number: int, code: int, delay: float) -> None:
    process = subprocess.Popen(
        command(small, "out", 2), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    children: list[psutil.Process] = []
    deadline = time.monotonic() + 60
    while not children and process.poll() is None and time.monotonic() < deadline:
        children = psutil.Process(process.pid).children(recursive=True)
        time.sleep(0.02)
    assert children, "Ray must be starting to prove anything"
    time.sleep(delay)
    members = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    try:
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()  # where it hangs
    assert process.returncode == code, err
    assert "Traceback" not in out + err
    assert "interrupted; what was finished is safe" in err
    assert not (tmp_path / "out").exists()
    _, alive = psutil.wait_procs(members, timeout=10)
    assert not alive


def test_a_damaged_shard_is_made_again_and_a_changed_plan_refused(
    tmp_path: Path, small: str, whole: dict[str, bytes], contents: Contents, lcdata: Run
) -> None:
    process = subprocess.Popen(
        command(small, "out", 0), cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    work = tmp_path / ".out.lcdata"
    while len(list(work.glob("records/*.json"))) < 4:
        time.sleep(0.02)
    process.kill()
    process.wait()
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
    environment = {**os.environ, "LCDATA_HUNG_AFTER": "6"}
    process = subprocess.Popen(
        command(small, "out", 2), cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    stopped = None
    deadline = time.monotonic() + 60
    while stopped is None and process.poll() is None and time.monotonic() < deadline:
        workers = [child for child in psutil.Process(process.pid).children(recursive=True) if works(child)]
        if workers:
            stopped = workers[0]
            stopped.suspend()
    assert stopped is not None
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert contents(tmp_path / "out") == whole
