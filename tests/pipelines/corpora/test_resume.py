"""An ingest killed anywhere and run again, on any number of workers: the same bytes."""

import json
import random
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from conftest import Run
from killing import ending, num_records, own_lines, wait_until

Contents = Callable[[Path], dict[str, bytes]]

NUM_DOCUMENTS = 1500
NUM_FILES = 3


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of about 90 MB in all, so that they are read in several parts and encoded in several units."""
    folder = tmp_path_factory.mktemp("inputs")
    words = [f"word{number} " for number in range(500)]
    chance = random.Random(5)
    blocks = ["".join(chance.choices(words, k=1000)) for _ in range(200)]
    for file in range(NUM_FILES):
        with open(folder / f"{file}.jsonl", "w") as lines:
            for number in range(NUM_DOCUMENTS // NUM_FILES):
                chosen = "".join(chance.choices(blocks, k=chance.choice([1, 2, 5, 20])))
                text = f"document {file} {number} {chosen}"
                lines.write(json.dumps({"text": text, "group": f"{number % 400}", "path": f"{file}"}) + "\n")
    return folder


def command(inputs: Path, small: str, workers: int, *options: str) -> list[str]:
    """An ingest that lasts some seconds."""
    where = ("--name", "c", "--group-by", "group", "--tokenizer", small, "--workers", str(workers))
    return [sys.executable, "-m", "lcdata", "ingest", str(inputs), *where, *options]


@pytest.fixture(scope="module")
def whole(
    inputs: Path, trained: Path, tmp_path_factory: pytest.TempPathFactory, contents: Contents
) -> dict[str, bytes]:
    """The uninterrupted ingest."""
    folder = tmp_path_factory.mktemp("whole")
    small = str(trained / "gpt2-like")
    subprocess.run(command(inputs, small, 0), cwd=folder, check=True, capture_output=True)
    found = contents(folder / "store/c")
    assert len([name for name in found if name.startswith("tokens/")]) >= 10
    return found


@pytest.mark.cluster
@pytest.mark.parametrize("workers", [1, 2])
def test_any_number_of_workers_stores_the_same_bytes(
    workers: int, tmp_path: Path, inputs: Path, small: str, whole: dict[str, bytes], contents: Contents
) -> None:
    done = subprocess.run(command(inputs, small, workers), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "store/c") == whole


@pytest.mark.slow
def test_an_ingest_killed_at_random_moments_goes_on_inside_an_input(
    tmp_path: Path, inputs: Path, small: str, whole: dict[str, bytes], contents: Contents
) -> None:
    chance = random.Random(3)
    inside_reading = inside_encoding = 0
    work = tmp_path / "store/.c.lcdata"
    for wanted in (1, 2, 4, 7, 10):
        more = max(0, wanted - num_records(work))
        line = ending(command(inputs, small, 0), more, chance.randrange(8))
        killed = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert not (tmp_path / "store/c").exists()
        parts = [json.loads(path.read_text()) for path in work.glob("records/part-*.json")]
        units = list(work.glob("records/unit-*.json"))
        inside_reading += bool(parts) and not any(part["is_last"] for part in parts)
        inside_encoding += bool(units)
    done = subprocess.run(command(inputs, small, 0), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert inside_reading
    assert inside_encoding >= 2
    assert contents(tmp_path / "store/c") == whole
    assert not work.exists()


def test_parts_that_are_safe_are_not_read_again_and_damaged_ones_are(
    tmp_path: Path, inputs: Path, small: str, whole: dict[str, bytes], contents: Contents, lcdata: Run
) -> None:
    work = tmp_path / "store/.c.lcdata"
    num_parts = len(json.loads(whole["corpus.json"])["inputs"])  # at least
    units, more = 0, num_parts
    while not units:
        subprocess.run(ending(command(inputs, small, 0), more), cwd=tmp_path, capture_output=True, check=False)
        units, more = num_records(work, "unit-*"), 1
    damaged = next(work.glob("dataset/tokens/*/00000.parquet"))
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\0")
    last = max(work.glob("texts/*.arrow"))
    data = last.read_bytes()
    place = data.index(b"document 2")
    last.write_bytes(data[:place] + b"D" + data[place + 1 :])
    events = _events(command(inputs, small, 0, "--json"), tmp_path)
    reads = [event["resumed"] for event in events if event["event"] == "read"]
    assert len(reads) > 2
    assert reads == [True] * (len(reads) - 1) + [False]
    stored = [event["resumed"] for event in events if event["event"] == "unit"]
    assert stored.count(True) == units - 1
    assert contents(tmp_path / "store/c") == whole


@pytest.mark.parametrize("records", [1, 8])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 4)])
def test_an_interrupt_leaves_what_is_finished_and_says_how_to_go_on(
    tmp_path: Path,
    inputs: Path,
    small: str,
    whole: dict[str, bytes],
    contents: Contents,
    number: int,
    code: int,
    records: int,
) -> None:
    work, line = tmp_path / "store/.c.lcdata", [*command(inputs, small, 0), "--json"]
    interrupt = ending(line, records, 3, number)
    done = subprocess.run(interrupt, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    cure = ["lcdata: interrupted; what was finished is safe. To go on:", "  " + shlex.join(["lcdata", *line[3:]])]
    assert own_lines(done.stderr) == cure
    assert not (tmp_path / "store/c").exists()
    assert num_records(work, "part-*")
    assert bool(num_records(work, "unit-*")) == (records > 1)
    subprocess.run(command(inputs, small, 0), cwd=tmp_path, check=True, capture_output=True)
    assert contents(tmp_path / "store/c") == whole


def test_two_ingests_into_one_folder_do_not_meet(tmp_path: Path, inputs: Path, small: str) -> None:
    line = ending(command(inputs, small, 0), 1, 0, signal.SIGSTOP)
    first = subprocess.Popen(line, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: psutil.Process(first.pid).status() == psutil.STATUS_STOPPED, first)
        second = subprocess.run(command(inputs, small, 0), cwd=tmp_path, capture_output=True, text=True, check=False)
    finally:
        first.kill()
        first.wait()
    assert second.returncode == 2
    assert "is being built by process" in second.stderr


def _events(line: list[str], folder: Path) -> list[dict[str, object]]:
    done = subprocess.run(line, cwd=folder, check=True, capture_output=True, text=True)
    return [json.loads(event) for event in done.stdout.splitlines()]
