"""Ending a command in the middle, by what it has done rather than by the clock."""

import fcntl
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Process = subprocess.Popen[str]

_PROGRAM = """
import os, runpy, sys

number, records, operations = map(int, sys.argv[1:4])
del sys.argv[1:4]

def watch(event, arguments):
    global records, operations
    if event not in ("open", "os.rename", "os.remove", "shutil.rmtree") or ".lcdata" not in str(arguments[0]):
        return
    if event == "os.rename" and "/records/" in str(arguments[1]):
        records -= 1
    elif records <= 0:
        operations -= 1
    if records <= 0 and operations < 0:
        operations = sys.maxsize
        os.kill(os.getpid(), number)

sys.addaudithook(watch)
runpy.run_module("lcdata", run_name="__main__", alter_sys=True)
"""


def ending(command: list[str], records: int, operations: int = 0, number: int = signal.SIGKILL) -> list[str]:
    """The command, which sends itself a signal when it has entered so many records.

    It goes on for so many operations on files of its work folder. Records of Ray's workers are not seen.
    """
    python, *module = command[:3]
    assert module == ["-m", "lcdata"]
    return [python, "-c", _PROGRAM, *map(str, (int(number), records, operations)), *command[3:]]


def waiting(command: list[str], folder: Path, **options: Any) -> Process:
    """The command started with --json, which waits when nobody reads: its pipe holds 4 KB, of about 15 shards."""
    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
    process = subprocess.Popen(
        [*command, "--json"], cwd=folder, stdout=write, stderr=subprocess.PIPE, text=True, **options
    )
    os.close(write)
    process.stdout = open(read)
    return process


def wait_until(holds: Callable[[], bool], process: "subprocess.Popen[Any]") -> None:
    """Wait until something holds, however long it takes, and fail where the process ends before."""
    while not holds():
        assert process.poll() is None, "the command ended too soon to prove anything"
        time.sleep(0.01)


def num_records(work: Path, pattern: str = "*") -> int:
    """The records in a work folder."""
    return len(list(work.glob(f"records/{pattern}.json")))


def own_lines(stderr: str) -> list[str]:
    """What a command said, without what Ray's threads say of a machine that is slow."""
    return [line for line in stderr.splitlines() if line and not re.match(r"\[\d{4}-\d\d-\d\d ", line)]
