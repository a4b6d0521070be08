"""Programs that speak to the loopback Hub as users' do: each in a process of its own, since the client reads its
environment once.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import warm

from .server import LoopbackHub

_READ = """
import hashlib, json, sys
import datasets

def seen(repository, config, revision):
    try:
        rows = datasets.load_dataset(repository, config, revision=revision, split="train", streaming=True)
        ids = [row["input_ids"] for row in rows]
    except (FileNotFoundError, ValueError) as error:
        return f"nothing: {type(error).__name__}"
    return hashlib.sha256(json.dumps(ids).encode()).hexdigest() + f" {len(ids)}"

print(json.dumps([seen(*asked) for asked in json.loads(sys.argv[1])]))
"""
_SNAPSHOT = "import sys, huggingface_hub as h; h.snapshot_download(sys.argv[1], repo_type='dataset', " + (
    "revision=sys.argv[2], local_dir=sys.argv[3])"
)


def environment(hub: LoopbackHub, **changes: str) -> dict[str, str]:
    """This process's environment with that of a client."""
    return {**os.environ, **hub.environment, **changes}


def lcdata(hub: LoopbackHub, *arguments: object, **changes: str) -> subprocess.CompletedProcess[str]:
    """`lcdata ...` with the Hub as its only one."""
    return warm.run([str(argument) for argument in arguments], Path.cwd(), {**hub.environment, **changes})


def pushed(hub: LoopbackHub, *arguments: object, **changes: str) -> dict[str, Any]:
    """The last event of `lcdata push ... --json`, which has to succeed."""
    run = lcdata(hub, "push", *arguments, "--json", **changes)
    assert run.returncode == 0, run.stdout + run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def seen(hub: LoopbackHub, asked: list[tuple[str, str, str]]) -> list[str]:
    """What a reader gets of each (repository, config, revision): a hash and a number of rows, or nothing."""
    return json.loads(_python(hub, _READ, json.dumps(asked)).splitlines()[-1])


def snapshot(hub: LoopbackHub, repository: str, folder: Path, revision: str = "main") -> Path:
    """The dataset downloaded into a folder."""
    _python(hub, _SNAPSHOT, repository, revision, str(folder))
    return folder


def _python(hub: LoopbackHub, program: str, *arguments: str) -> str:
    changes = {"HF_DATASETS_CACHE": hub.environment["HF_HOME"] + "/datasets"}
    command = [sys.executable, "-c", program, *arguments]
    run = subprocess.run(command, env=environment(hub, **changes), capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def started(hub: LoopbackHub, *arguments: object) -> "subprocess.Popen[str]":
    """`lcdata ...` on its way."""
    command = [sys.executable, "-m", "lcdata", *map(str, arguments)]
    return subprocess.Popen(command, env=environment(hub), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
