"""A server of the service as a user starts it, and what asks it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

RECIPE = """
name: tiny
seed: 1
seq_length: 256
tokenizer: {source: tok}
mix: [{task: kv, length: 256, n: 8}]
"""
COMMAND = [sys.executable, "-P", "-m", "lcdata"]


def write_recipe(folder: Path, tokenizer: str | Path, text: str = RECIPE, name: str = "tiny.yaml") -> Path:
    """A recipe of a dataset that is built in no time, in a folder with its tokenizer."""
    link = folder / "tok"
    if not link.exists():
        link.symlink_to(tokenizer)
    path = folder / name
    path.write_text(text)
    return path


class Server:
    """A running `lcdata serve`."""

    def __init__(self, folder: Path, *options: str, environment: Mapping[str, str] | None = None) -> None:
        self.folder, self._options, self._environment = folder, options, dict(environment or {})
        self.errors = folder.parent / f"{folder.name}.stderr"
        self.process: subprocess.Popen[str] | None = None
        self.url, self.token = "", None

    def start(self) -> "Server":
        """Start it, and wait until it answers."""
        command = [*COMMAND, "serve", "--service", str(self.folder), "--port", "0", "--json", *self._options]
        with self.errors.open("a") as errors:
            self.process = subprocess.Popen(
                command,
                cwd=self.folder.parent,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
                env={**os.environ, **self._environment},
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.errors.read_text()
        serving = json.loads(line)
        self.url = serving["url"]
        self.token = Path(serving["token"]).read_text().strip() if serving["token"] else None
        return self

    def kill(self, number: int = signal.SIGKILL) -> None:
        """End the server and nothing else."""
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None

    def ask(
        self, path: str, content: object = None, method: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """The JSON that it answers; urllib's HTTPError where it refuses."""
        data = None if content is None else json.dumps(content).encode()
        given = {**({"Content-Type": "application/json"} if data else {}), **(headers or {})}
        if self.token is not None:
            given.setdefault("Authorization", f"Bearer {self.token}")
        request = urllib.request.Request(self.url + path, data, given, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            body = answer.read()
        return json.loads(body or b"null") if answer.headers.get_content_type() == "application/json" else body.decode()

    def status(self, path: str, **asked: Any) -> int:
        """The status that it answers with."""
        try:
            self.ask(path, **asked)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        return 200

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.kill(signal.SIGTERM)


def until(find: Callable[[], Any], seconds: float = 300) -> Any:
    """What is found at last; fails where it is not found for so long that it never will be."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = find()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it never came")


@contextlib.contextmanager
def ended_after(processes: list["subprocess.Popen[Any]"]) -> Generator[None]:
    """End processes when the block is over."""
    try:
        yield
    finally:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait(60)


def command(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """A command of `lcdata`, run in a folder."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(environment or {})},
    )


def runs(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """The runs that `lcdata schedule history` tells of."""
    done = command(folder, "schedule", "history", "--json", "--limit", "100000", *arguments, environment=environment)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def is_over(run: Mapping[str, Any]) -> bool:
    """Whether nothing more comes of a run."""
    return run["state"] not in ("waiting", "running")
