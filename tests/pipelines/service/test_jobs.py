"""Builds as jobs of a Ray cluster: followed, adopted by the next server, ended with their run."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from serving import RECIPE, Server, command, is_over, runs, until, write_recipe

pytestmark = [
    pytest.mark.needs("dbos", "fastapi", "uvicorn", "prometheus_client"),
    pytest.mark.slow,
]
CLUSTER = Path(__file__).parents[2] / "jobs_cluster.py"


@contextmanager
def jobs_cluster() -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a cluster's Jobs API, and what a client's environment must hold."""
    with (
        TemporaryDirectory() as folder,  # a short one, since Ray's sockets lie in it
        open(Path(folder, "errors"), "w+") as errors,
        subprocess.Popen(
            [sys.executable, str(CLUSTER), folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as cluster,
    ):
        assert cluster.stdout is not None
        address = cluster.stdout.readline().strip()
        assert address, Path(folder, "errors").read_text()
        try:
            yield address, {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": f"{folder}/token"}
        finally:
            cluster.communicate("")


@pytest.mark.cluster
@pytest.mark.skipif(
    not all(map(find_spec, ("aiohttp_cors", "opencensus", "smart_open"))),
    reason="a Ray that takes jobs is missing: pip install 'ray[default]'",
)
def test_a_job_is_followed_adopted_and_ended_with_its_run(tmp_path: Path, small: str) -> None:
    write_recipe(tmp_path, small)
    write_recipe(tmp_path, small, RECIPE.replace("n: 8", "n: 300000"), "long.yaml")
    folder = tmp_path / "lcdata-service"
    with jobs_cluster() as (address, environment):
        refused = command(tmp_path, "submit", "tiny.yaml", "--here", "--address", address)
        assert "wants its token: set RAY_AUTH_MODE=token" in " ".join(refused.stdout.split())
        with Server(folder, environment=environment) as server:
            [built] = server_runs(tmp_path, "tiny.yaml", address, environment, "--wait")
            assert built["state"] == "built", built
            assert command(tmp_path, "verify", built["dataset"]).returncode == 0
            [long] = server_runs(tmp_path, "long.yaml", address, environment)
            log = folder / "runs" / long["id"] / "build.ndjson"
            until(lambda: log.is_file() and '"event":"progress"' in log.read_text())
            server.kill()
            server.start()
            size = log.stat().st_size
            until(lambda: log.stat().st_size > size)
            assert log.read_text().count('"event":"attempt"') == 1, "the build was started again"
            pid = json.loads(log.read_text().splitlines()[0])["pid"]
            os.kill(pid, 0)  # which raises where it is gone
            assert command(tmp_path, "schedule", "cancel", long["id"]).returncode == 0
            until(lambda: not Path(f"/proc/{pid}").exists())
            until(lambda: not log.with_suffix(".job").exists())
            [limited] = server_runs(tmp_path, "long.yaml", address, environment, "--time-limit", "5s", "--wait")
            assert (limited["state"], limited["message"]) == ("failed", "its time limit of 5 s is over")
        assert all(map(is_over, runs(tmp_path)))


def server_runs(
    place: Path, recipe: str, address: str, environment: dict[str, str], *options: str
) -> list[dict[str, object]]:
    """What is told of a run that is submitted."""
    done = command(place, "submit", recipe, "--address", address, "--json", *options, environment=environment)
    return [json.loads(line) for line in done.stdout.splitlines() if '"run"' in line]


def test_a_cluster_that_does_not_answer_ends_the_run_at_once(tmp_path: Path, small: str) -> None:
    write_recipe(tmp_path, small)
    found = command(tmp_path, "submit", "tiny.yaml", "--here", "--address", "http://127.0.0.1:1", "--json")
    [run] = [json.loads(line) for line in found.stdout.splitlines()]
    assert run["state"] == "failed"
    assert "no Ray cluster answers at http://127.0.0.1:1" in run["message"]
    other = {"RAY_ADDRESS": "127.0.0.1:6379"}
    found = command(tmp_path, "submit", "tiny.yaml", "--here", "--address", "http://127.0.0.1:1", environment=other)
    assert "which Ray takes instead" in " ".join(found.stdout.split())
