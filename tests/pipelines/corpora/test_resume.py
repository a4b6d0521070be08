"""An ingest killed anywhere and run again, on any number of workers: the same bytes."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Run
from killing import kill_after

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
    done = subprocess.run(
        command(inputs, small, workers), cwd=tmp_path, capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "store/c") == whole


@pytest.mark.slow
def test_an_ingest_killed_at_random_moments_goes_on_inside_an_input(
    tmp_path: Path, inputs: Path, small: str, whole: dict[str, bytes], contents: Contents
) -> None:
    chance = random.Random(3)
    inside_reading = inside_encoding = 0
    work = tmp_path / "store/.c.lcdata"
    for num_records in (1, 2, 4, 7, 10):
        process = subprocess.Popen(
            command(inputs, small, 0), cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        kill_after(process, work, num_records, chance.uniform(0, 0.1))
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
    process = subprocess.Popen(
        command(inputs, small, 0), cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not list(work.glob("records/unit-*.json")) and process.poll() is None:
        time.sleep(0.02)
    process.kill()
    process.wait()
    units = len(list(work.glob("records/unit-*.json")))
    assert units
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


def test_ctrl_c_leaves_what_is_finished_and_says_how_to_go_on(
    tmp_path: Path, inputs: Path, small: str, whole: dict[str, bytes], contents: Contents
) -> None:
    import signal

    work = tmp_path / "store/.c.lcdata"
    process = subprocess.Popen(command(inputs, small, 0), cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while not list(work.glob("records/*.json")) and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "interrupted; what was finished is safe" in stderr
    assert not (tmp_path / "store/c").exists()
    assert list(work.glob("records/part-*.json"))
    subprocess.run(command(inputs, small, 0), cwd=tmp_path, check=True, capture_output=True)
    assert contents(tmp_path / "store/c") == whole


def test_two_ingests_into_one_folder_do_not_meet(tmp_path: Path, inputs: Path, small: str) -> None:
    work = tmp_path / "store/.c.lcdata"
    first = subprocess.Popen(
        command(inputs, small, 0), cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not (work / "owner").exists() and first.poll() is None:
        time.sleep(0.02)
    second = subprocess.run(command(inputs, small, 0), cwd=tmp_path, capture_output=True, text=True, check=False)
    first.kill()
    first.wait()
    assert second.returncode == 2
    assert "is being built by process" in second.stderr


def _events(line: list[str], folder: Path) -> list[dict[str, object]]:
    done = subprocess.run(line, cwd=folder, check=True, capture_output=True, text=True)
    return [json.loads(event) for event in done.stdout.splitlines()]
