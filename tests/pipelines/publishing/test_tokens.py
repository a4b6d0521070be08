"""A token is read by the process that pushes, and stands in nothing that is written, said or inherited."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hub.clients import environment, lcdata, pushed, seen
from hub.faults import Fault
from hub.server import LoopbackHub
from killing import wait_until

CANARY = "hf_canaryCanary0123456789canary"
NAME = "user/data"


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[LoopbackHub]:
    """A Hub whose token is looked for in everything."""
    with LoopbackHub(tmp_path / "hub", token=CANARY) as running:
        yield running


def holders(*folders: Path) -> list[str]:
    """The files that hold the token."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 10
    return [str(path) for path in files if CANARY.encode() in path.read_bytes()]


def test_a_push_leaves_no_trace_of_the_token(watched: LoopbackHub, one: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    for options in ([], ["--json"], ["--verbose"]):
        run = lcdata(watched, "push", one, NAME, *options, TMPDIR=str(temporary))
        assert run.returncode == 0
        assert CANARY not in run.stdout + run.stderr
    assert not holders(one, tmp_path)
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("options", [[], ["--json"], ["--debug"], ["--verbose"]], ids=str)
def test_an_error_that_repeats_the_token_is_told_without_it(
    options: list[str], watched: LoopbackHub, one: Path
) -> None:
    message = {"X-Error-Message": f"the token {CANARY} is not welcome", "X-Request-Id": CANARY}
    watched.faults.append(Fault("POST /api/repos/create", status=400, headers=message))
    run = lcdata(watched, "push", one, NAME, *options)
    assert run.returncode == 5
    assert "is not welcome" in run.stderr
    assert CANARY not in run.stdout + run.stderr


@pytest.mark.cluster
def test_workers_of_a_build_that_is_pushed_do_not_inherit_it(watched: LoopbackHub, tmp_path: Path) -> None:
    out = tmp_path / "made"
    command = [sys.executable, "-m", "lcdata", "gen", "--task", "kv", "--length", "16k", "--n", "2000"]
    command += ["--shard-rows", "10", "--workers", "1", "--out", str(out), "--push", NAME]
    inherited = environment(watched, HUGGING_FACE_HUB_TOKEN=CANARY)
    process = subprocess.Popen(command, env=inherited, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    pusher = psutil.Process(process.pid)

    def workers() -> list[psutil.Process]:
        return [child for child in pusher.children(recursive=True) if "ray::" in " ".join(child.cmdline())]

    wait_until(lambda: bool(workers()), process)
    assert pusher.environ()["HF_TOKEN"] == CANARY
    told = [child.environ() for child in pusher.children(recursive=True)]
    assert len(told) >= 2
    assert not [environ for environ in told if CANARY in str(environ)]
    said, _ = process.communicate()
    assert process.returncode == 0, said
    assert CANARY not in said
    assert not holders(out)
    [rows] = seen(watched, [(NAME, "kv-16k", "main")])
    assert rows.endswith(" 2000")


def test_a_build_to_push_without_a_token_fails_before_it_builds(watched: LoopbackHub, tmp_path: Path) -> None:
    run = lcdata(
        watched,
        *["gen", "--task", "kv", "--length", "1k", "--n", "2", "--push", "user/x", "--out"],
        tmp_path / "made",
        HF_TOKEN="",
    )
    assert run.returncode == 5
    assert run.stderr.startswith("lcdata: there is no token to push to user/x with: run `hf auth login`")
    assert not (tmp_path / "made").exists()


@pytest.mark.skipif("HF_TOKEN_LIVE" not in os.environ, reason="set HF_TOKEN_LIVE to a token that may write, to push")
def test_the_real_hub_takes_a_push(one: Path) -> None:
    from huggingface_hub import HfApi

    token = os.environ["HF_TOKEN_LIVE"]
    api = HfApi(token=token)
    name = f"{api.whoami()['name']}/lcdata-test-{os.getpid()}"
    try:
        for _ in range(2):
            command = [sys.executable, "-m", "lcdata", "push", str(one), name]
            subprocess.run(command, env={**os.environ, "HF_TOKEN": token}, check=True)
        assert api.dataset_info(name).private
    finally:
        api.delete_repo(name, repo_type="dataset", missing_ok=True)


def test_the_canary_would_be_found(watched: LoopbackHub, one: Path, tmp_path: Path) -> None:
    """Files that are searched are those that a push reads and writes: a token among them is found."""
    pushed(watched, one, NAME)
    (tmp_path / "log").write_text(f"token {CANARY}")
    assert holders(one, tmp_path) == [str(tmp_path / "log")]
