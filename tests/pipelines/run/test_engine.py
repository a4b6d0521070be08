"""A cluster started by `ray start`, reached by its own address and by Ray Client: the same bytes as without Ray."""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import psutil
import pytest
from conftest import Run
from killing import wait_until

from lcdata.pipelines.run import engine as engine_module
from lcdata.pipelines.run.engine import Engine
from lcdata.pipelines.run.where import Where
from lcdata.schemas.errors import LcdataError

BUILD = ("gen", "--task", "kv", "--length", "2k", "--n", "60", "--shard-rows", "20")


def free_port(first: int) -> int:
    """The first free one of a hundred ports, outside the range that the system gives to whoever asks for any."""
    for port in range(first, first + 100):
        if not answers(port):
            return port
    raise AssertionError("no port is free")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, str], str, str]]:
    """The environment of a running cluster, its address and its address for Ray Client."""
    token = tmp_path_factory.mktemp("cluster") / "token"
    token.write_text(secrets.token_hex(32))
    token.chmod(0o600)
    environment = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token), "RAY_USAGE_STATS_ENABLED": "0"}
    environment["RAY_CLIENT_SERVER_CHECK_CHANNEL_TIMEOUT_S"] = "60"
    port, client_port = free_port(6400), free_port(22900)
    command = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", "--num-cpus=2"]
    command += ["--node-ip-address=127.0.0.1", f"--port={port}", f"--ray-client-server-port={client_port}"]
    command += ["--include-dashboard=false", "--min-worker-port=0", "--max-worker-port=0"]  # any free ones
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(
            lambda: answers(port) and answers(client_port), process
        )  # which another cluster may have, and it ends
        yield environment, f"127.0.0.1:{port}", f"ray://127.0.0.1:{client_port}"
    finally:
        for member in [*psutil.Process(process.pid).children(recursive=True), process]:
            member.kill()
        process.communicate()


def answers(port: int) -> bool:
    """Whether something listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.cluster
def test_a_cluster_makes_the_same_bytes(
    lcdata: Run,
    tmp_path: Path,
    small: str,
    contents: Callable[[Path], dict[str, bytes]],
    cluster: tuple[dict[str, str], str, str],
) -> None:
    environment, *addresses = cluster
    assert lcdata(*BUILD, "--tokenizer", small, "--out", "alone", "--workers", "0").returncode == 0
    for number, address in enumerate(addresses):
        done = lcdata(*BUILD, "--tokenizer", small, "--out", f"out{number}", "--address", address, **environment)
        assert done.returncode == 0, done.stderr
        assert f"60 rows in 3 shards, on the cluster at {address}" in done.stderr
        assert contents(tmp_path / f"out{number}") == contents(tmp_path / "alone")


def test_an_address_where_nothing_answers_is_one_line(lcdata: Run, small: str) -> None:
    for address, message in {"127.0.0.1:1": "no Ray cluster answers at 127.0.0.1:1", "nonsense": "HOST:PORT"}.items():
        done = lcdata(*BUILD, "--tokenizer", small, "--out", "out", "--address", address)
        assert done.returncode in (1, 2)
        assert message in done.stderr.strip().splitlines()[-1]


FOLDER = """
import os, signal
from lcdata.pipelines.run.engine import Engine
from lcdata.pipelines.run.where import Where

def work(shared, job):
    yield job

with Engine(Where(workers=1)) as engine:
    assert [event for _, event in engine.run(work, None, [7])] == [7]
    folder = os.path.dirname(os.environ["RAY_AUTH_TOKEN_PATH"])
    print(folder, oct(os.stat(folder).st_mode & 0o777), flush=True)
    {end}
"""


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder in which the names of Ray's sockets are not too long."""
    with tempfile.TemporaryDirectory(prefix="t") as folder:
        yield Path(folder)


@pytest.mark.cluster
def test_only_its_owner_sees_the_folder_of_the_token_and_a_killed_start_s_is_removed(short_folder: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(short_folder)}

    def run(end: str) -> list[str]:
        command = [sys.executable, "-c", FOLDER.format(end=end)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout.split()

    left, mode = run("os.kill(os.getpid(), signal.SIGKILL)")
    assert mode == "0o700"
    assert Path(left).is_dir()
    folder, mode = run("pass")
    assert mode == "0o700"
    assert not Path(folder).exists()
    assert not Path(left).exists()


def test_ray_without_a_place_for_its_files_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))

    def work(shared: None, job: int) -> Generator[int]:
        yield job

    with (
        Engine(Where(workers=1)) as engine,
        pytest.raises(LcdataError, match=r"Ray has no place for its files .*: set TMPDIR .*--workers 0"),
    ):
        list(engine.run(work, None, [7]))


def test_ray_that_does_not_stop_is_left_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "_STOP_SECONDS", 0.1)
    stopping = threading.Event()
    holder = threading.Thread(target=stopping.wait, args=(30,), daemon=True)
    with Engine(Where(workers=1)) as engine:
        engine._holder = holder
        holder.start()
    assert holder.is_alive()
    stopping.set()
    holder.join()


NICENESS = """
import os
from lcdata.pipelines.run.engine import Engine
from lcdata.pipelines.run.where import Where

def niceness(shared, job):
    yield os.nice(0)

os.nice(3)
with Engine(Where(workers=1)) as engine:
    print([event for _, event in engine.run(niceness, None, [0])])
"""


@pytest.mark.cluster
def test_workers_get_the_share_of_the_cores_that_other_programs_get(tmp_path: Path) -> None:
    """Left alone, Ray puts its workers behind every other program of the machine."""
    done = subprocess.run([sys.executable, "-c", NICENESS], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "[3]\n", done.stderr
