"""One run of a command in a process of its own, in which the file operation of some number fails or is the last."""

import builtins
import errno
import importlib
import io
import os
import signal
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from lcdata.__main__ import main
from lcdata.generators.registry import tasks

for _part in ("commands.words.progress", "corpora.verify", "doctor", "exporting.rows", "exporting.samples", "build"):
    importlib.import_module(f"lcdata.pipelines.{_part}")  # once, and not in each fork
for _command in ("build", "export", "gen", "ingest", "verify"):
    importlib.import_module(f"lcdata.pipelines.commands.{_command}")
for _part in ("commands.words.build", "commands.words.ingest", "proving.verify"):
    importlib.import_module(f"lcdata.pipelines.{_part}")
for _library in (
    "datasets.packaged_modules",
    "fastokens",
    "pandas",
    "pyarrow.acero",
    "pyarrow.dataset",
    "pyarrow.substrait",
):
    importlib.import_module(_library)
tasks()

_EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.listdir", "os.scandir", "shutil.rmtree")
"""Operations that Python tells of; writing and flushing to disk are seen where lcdata does it."""


@dataclass(frozen=True)
class Fault:
    """What happens at an operation of a run: the process is killed, or the operation is refused."""

    operation: int
    """Its number, from 0."""
    code: int | None = None
    """The error that it is refused with, None to kill the process."""

    def __str__(self) -> str:
        what = "killed" if self.code is None else errno.errorcode[self.code]
        return f"{what} at operation {self.operation}"


@dataclass(frozen=True)
class Ended:
    """How a run ended, what it said, and what it did to files."""

    code: int
    """Exit code, or the negative number of the signal that ended it."""
    said: str
    """What it said, on stdout and stderr."""
    operations: list[str]
    """Its file operations as far as it came."""


def run(folder: Path, command: list[str], fault: Fault | None = None) -> Ended:
    """Run `lcdata COMMAND` in a folder, as a fork of this process: without loading everything anew."""
    read, write = os.pipe()
    heard, said = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        os.close(heard)
        _run(folder, command, fault, write, said)
    os.close(write)
    os.close(said)
    with open(read) as operations, open(heard) as stderr:
        told, seen = _both(stderr, operations)
    _, status = os.waitpid(child, 0)
    return Ended(os.waitstatus_to_exitcode(status), told, seen.splitlines())


def _both(first: io.TextIOBase, second: io.TextIOBase) -> tuple[str, str]:
    """All that comes out of two pipes, whichever is full first."""
    from threading import Thread

    found = ["", ""]

    def take(place: int, pipe: io.TextIOBase) -> None:
        found[place] = pipe.read()

    threads = [Thread(target=take, args=each) for each in enumerate((first, second))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found[0], found[1]


def _run(folder: Path, command: list[str], fault: Fault | None, operations: int, said: int) -> NoReturn:
    code = 70
    try:
        os.chdir(folder)
        os.environ.update(HF_HUB_OFFLINE="1", COLUMNS="200", RAYON_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")
        os.dup2(said, 1)
        os.dup2(said, 2)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)
        sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr
        sys.argv = ["lcdata", *command]
        warnings.simplefilter("default")  # which tests make errors of
        _watch(folder, _at(fault, operations))
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _at(fault: Fault | None, operations: int) -> Callable[[str, str], None]:
    """What to call with each operation and its path: tells of it, and lets the fault happen."""
    number = 0

    def step(operation: str, path: str) -> None:
        nonlocal number
        os.write(operations, f"{operation} {path}\n".encode())
        if fault is not None and fault.operation == number:
            number += 1
            if fault.code is None:
                os.kill(os.getpid(), signal.SIGKILL)
            else:
                raise OSError(fault.code, os.strerror(fault.code), path)
        number += 1

    return step


def _watch(folder: Path, step: Callable[[str, str], None]) -> None:
    """Call `step` before each operation on a file of the folder."""
    root = f"{folder.resolve()}{os.sep}"

    def own(path: object) -> str | None:
        try:
            name = os.path.join(root, os.fsdecode(path))
        except TypeError:  # a file that is open already
            return None
        return name.removeprefix(root) if name.startswith(root) else None

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _EVENTS:
            path = own(arguments[0])
            if path is not None:
                step(event, path)

    class Writer(io.BufferedWriter):
        """A file whose writing can fail."""

        def write(self, data: Any) -> int:
            path = own(self.name)
            if path is not None:
                step("write", path)
            return super().write(data)

    def opened(path: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        if mode in ("wb", "xb"):
            return Writer(io.FileIO(path, mode[0]))
        return builtins.open(path, mode, *arguments, **named)

    fsync = os.fsync

    def flushed(handle: int) -> None:
        path = own(os.readlink(f"/proc/self/fd/{handle}"))
        if path is not None:
            step("fsync", path)
        fsync(handle)

    from lcdata.pipelines.run import files

    files.open = opened
    os.fsync = flushed
    sys.addaudithook(hook)
