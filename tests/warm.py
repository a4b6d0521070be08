"""`lcdata ...` as a fork of a process that has loaded the libraries once, and not a new one, which would take longer.

The process has loaded nothing that reads the environment when it is loaded, such as the Hub's client, and has started
no thread. A run that changes the environment of Python itself or the language has a new process.
"""

import atexit
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

_OURS = ("LCDATA_", "HF_", "AWS_", "RAY_", "COLUMNS", "NO_COLOR", "TERM", "TMPDIR", "HOME", "XDG_")
"""Beginnings of the variables that are read when they are needed."""
_LIBRARIES = ("faker", "fastokens", "humanize", "jinja2", "orjson", "pyarrow.compute", "pyarrow.parquet", "tokenizers")
_PARTS = (
    *("build", "commands.words.build", "corpora.ingest", "corpora.verify"),
    *("proving.verify", "making.sequence"),
)
_READ_WHEN_LOADED = ("huggingface_hub", "ray", "datasets")


def run(arguments: list[str], cwd: Path, changes: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `lcdata ARGUMENTS` in a folder with these variables changed; its stdin is empty."""
    environment = {**os.environ, **changes}
    if not all(name.startswith(_OURS) for name in changes):
        command = [sys.executable, "-m", "lcdata", *arguments]
        return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr, socket.socket(socket.AF_UNIX) as asked:
        asked.connect(f"\0{_name()}")
        request = json.dumps({"arguments": arguments, "cwd": str(cwd), "environment": environment}).encode()
        socket.send_fds(asked, [len(request).to_bytes(4, "little")], [stdout.fileno(), stderr.fileno()])
        asked.sendall(request)
        code = int.from_bytes(_exactly(asked, 4), "little", signed=True)
        texts: list[str] = []
        for file in (stdout, stderr):
            file.seek(0)
            texts.append(file.read().decode().replace("\r\n", "\n"))
    return subprocess.CompletedProcess(["lcdata", *arguments], code, *texts)


@cache
def _name() -> str:
    """Where the process listens; it ends with this one, whose end it hears of on its stdin."""
    name = f"lcdata-tests-{os.getpid()}"
    command = [sys.executable, __file__, name]
    started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert started.stdout is not None
    assert started.stdout.readline() == b"ready\n"
    atexit.register(started.communicate)
    return name


def _exactly(connection: socket.socket, count: int) -> bytes:
    """So many bytes; AssertionError where the other side ended before."""
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        assert part, "the process that runs commands has ended"
        data += part
    return data


def _serve(name: str) -> None:
    """Fork for each run that is asked for, until nobody can ask any more; only a fork returns."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"\0{name}")
        listening.listen(64)
        print("ready", flush=True)
        while True:
            readable, _, _ = select.select([listening, sys.stdin], [], [])
            if sys.stdin in readable:
                os._exit(0)
            connection, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _wait_for(connection)
                return
            connection.close()
            while _reaped():
                pass


def _reaped() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


def _wait_for(connection: socket.socket) -> None:
    """Fork the run itself, which returns, and tell how it ended."""
    size, files, _, _ = socket.recv_fds(connection, 4, 2)
    asked = json.loads(_exactly(connection, int.from_bytes(size, "little")))
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, "little", signed=True))
        os._exit(0)
    connection.close()
    os.dup2(files[0], 1)
    os.dup2(files[1], 2)
    for file in files:
        os.close(file)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    time.tzset()
    sys.argv = ["lcdata", *asked["arguments"]]


def _load() -> None:
    """Load lcdata and what it needs, but for what is set up by the environment."""
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # as `main` sets it
    import lcdata.pipelines.commands

    for part in pkgutil.iter_modules(lcdata.pipelines.commands.__path__):
        importlib.import_module(f"lcdata.pipelines.commands.{part.name}")
    for module in (
        "build",
        "commands.words.build",
        "corpora.ingest",
        "corpora.verify",
        "proving.verify",
        "making.sequence",
    ):
        importlib.import_module(f"lcdata.pipelines.{module}")
    for library in _LIBRARIES:
        importlib.import_module(library)
    loaded = {name.partition(".")[0] for name in sys.modules}
    assert not loaded & set(_READ_WHEN_LOADED), loaded & set(_READ_WHEN_LOADED)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.path[0] = ""  # as `python -m` has it
    _load()
    _serve(sys.argv[1])
    from lcdata.__main__ import main

    main()
