"""Two nodes of Ray that share nothing but an object store: the bytes of one process, and no file of the driver read."""

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest
import two_nodes
import yaml
from conftest import Run
from object_store import ObjectStore, contents_of, folders_beside

Contents = Callable[[Path], dict[str, bytes]]

WATCHER = """
import os, sys

def watch(event, arguments):
    if event != "open" or not isinstance(arguments[0], (str, bytes)):
        return
    path = os.fsdecode(arguments[0])
    if path.startswith(os.environ["WATCHED"]) or "lcdata-uploads-" in path:
        handle = os.open(os.environ["SEEN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, (path + "\\n").encode())
        os.close(handle)

sys.addaudithook(watch)
"""


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder in which the names of Ray's sockets are not too long."""
    with tempfile.TemporaryDirectory(prefix="t") as folder:
        yield Path(folder)


@pytest.fixture
def address(root: Path, tmp_path: Path, store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of two nodes with a home, a working directory and a folder for temporary files each."""
    (root / "watcher").mkdir()
    (root / "watcher/sitecustomize.py").write_text(WATCHER)
    token = secrets.token_hex(32)
    environment = {
        **os.environ,
        "SEEN": str(root / "seen"),
        "WATCHED": str(tmp_path.parent),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": token,
    }
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", token)
    command = [sys.executable, two_nodes.__file__, str(root), str(root / "watcher")]
    with open(root / "said", "w") as said:
        nodes = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True
        )
    assert nodes.stdin is not None
    assert nodes.stdout is not None
    try:
        line = nodes.stdout.readline().strip()
        assert line, (root / "said").read_text()
        yield line
    finally:
        nodes.stdin.close()
        nodes.wait()
        nodes.stdout.close()


@pytest.mark.cluster
def test_two_nodes_that_share_nothing_but_the_store_make_the_same_bytes(
    lcdata: Run, tmp_path: Path, root: Path, small: str, contents: Contents, store: ObjectStore, address: str
) -> None:
    lines = [json.dumps({"text": " ".join(f"w{number % 97}" for number in range(size))}) for size in range(20, 420)]
    fsspec.filesystem("s3").pipe_file("bucket/in/docs.jsonl", "\n".join(lines).encode())
    recipe = {
        "name": "mixed",
        "seq_length": 2048,
        "tokenizer": {"source": small},
        "ingest": [{"name": "c", "inputs": ["s3://bucket/in/*.jsonl"], "tokenizer": {"source": small}}],
        "mix": [{"corpus": "c", "share": 0.5}, {"task": "kv", "length": "1k", "share": 0.5}],
        "tokens": 80_000,
        "shard_rows": 5,
    }
    driver = tmp_path / "driver"
    driver.mkdir()
    (driver / "mixed.yaml").write_text(yaml.safe_dump(recipe))
    made = ("build", driver / "mixed.yaml", "--store", "s3://bucket/store", "--out")
    done = lcdata(*made, "s3://bucket/sets/there", "--address", address, TMPDIR=str(driver))
    assert done.returncode == 0, done.stderr
    assert f"on the cluster at {address}" in done.stderr
    seen = (root / "seen").read_text().splitlines()
    assert not [path for path in seen if path.startswith(str(tmp_path.parent))]
    for node in ("one", "two"):
        assert [path for path in seen if path.startswith(str(root / node)) and "lcdata-uploads-" in path], node

    assert lcdata(*made, "here", "--workers", "0").returncode == 0
    assert contents_of("s3://bucket/sets/there") == contents(tmp_path / "here")
    assert folders_beside("s3://bucket/sets/there") == ["there"]
    assert lcdata("verify", "s3://bucket/sets/there", "--samples", "all").returncode == 0

    store.refuses = lambda request: request.method == "GET" and request.key.endswith("/probe")
    failed = lcdata(*made, "s3://bucket/sets/other", "--address", address)
    assert failed.returncode == 1
    assert "of the cluster does not see s3://bucket/sets/.other.lcdata" in failed.stderr
    assert "give the credentials in the environment in which its Ray is started" in failed.stderr

    store.refuses = lambda request: False
    (tmp_path / "relative.jsonl").write_text("\n".join(lines))
    made_there = ("ingest", "relative.jsonl", "--name", "r", "--tokenizer", small, "--out", "s3://bucket/store")
    done = lcdata(*made_there, "--address", address)
    assert done.returncode == 0, "a path means the same on a node that has the driver's folder"
