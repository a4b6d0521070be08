"""One sample of a task as a person wants it, made by `lcdata show` in a process of its own."""

import json
import shlex
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from typing import Any

from ...schemas.errors import UsageError

_SECONDS = 30
_MAX_LENGTH = 1 << 20
_slots = threading.BoundedSemaphore(2)


@dataclass(frozen=True)
class Asked:
    """What sample a person asks for."""

    task: str
    length: str = "2k"
    seed: str = "0"
    index: str = "0"
    settings: tuple[str, ...] = ()
    preset: str = ""

    @property
    def arguments(self) -> list[str]:
        """The command's arguments."""
        known = [("--length", self.length), ("--seed", self.seed), ("--index", self.index), ("--preset", self.preset)]
        given = [part for option, value in known if value for part in (option, value)]
        return ["show", self.task, *given, *(part for setting in self.settings for part in ("--set", setting))]

    @property
    def line(self) -> str:
        """The command line that makes the same sample."""
        return shlex.join(["lcdata", *self.arguments])


@dataclass(frozen=True)
class Shown:
    """A sample, or why there is none."""

    asked: Asked
    sample: dict[str, Any] | None = None
    problem: str = ""
    pieces: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """The sample's text in pieces, each `text`, `evidence`, `answer` or `gap`."""


def show(asked: Asked) -> Shown:
    """Make the sample; what a stranger may ask is bounded in length, time and files."""
    try:
        _check(asked)
        sample = _made(asked)
    except UsageError as error:
        return Shown(asked, problem=str(error))
    return Shown(asked, sample=sample, pieces=pieces(sample))


def _check(asked: Asked) -> None:
    from ...generators.registry import settings_schema, tasks
    from ...schemas.quantity import parse_length

    if asked.task not in tasks():
        raise UsageError(f"there is no task {asked.task!r}")
    try:
        length = parse_length(asked.length)
    except ValueError as error:
        raise UsageError(f"length {error}") from None
    if length > _MAX_LENGTH:
        raise UsageError(f"length {asked.length} is more than the playground makes: 1M")
    if not (asked.index.isascii() and asked.index.isdecimal() and len(asked.index) < 10):
        raise UsageError(f"sample must be a number, got {asked.index!r}")
    named = set(settings_schema(asked.task)["properties"])
    for setting in asked.settings:
        if setting.partition("=")[0] in named & {"corpus", "file"}:
            raise UsageError(f"{setting.partition('=')[0]} reads a file, which the playground does not")


def _made(asked: Asked) -> dict[str, Any]:
    if not _slots.acquire(timeout=_SECONDS):
        raise UsageError("others are playing: try again")
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "lcdata", *asked.arguments, "--json"],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UsageError(f"that takes more than {_SECONDS} seconds: {asked.line}") from None
    finally:
        _slots.release()
    events = [json.loads(line) for line in done.stdout.splitlines()]
    shown = next((event for event in events if event["event"] == "sample"), None)
    if shown is None:
        raise UsageError(next((event["message"] for event in events if event["event"] == "error"), "no sample"))
    return shown


_ENDS, _AROUND, _MAX_MARKS = 700, 240, 60


def pieces(sample: dict[str, Any]) -> list[tuple[str, str]]:
    """A sample's text in pieces, long stretches without evidence or answer left out."""
    text: str = sample["text"]
    marks = [(start, end, "evidence") for start, end in sample["evidence_chars"]]
    marks = sorted([*marks, *((start, end, "answer") for start, end in sample["answer_chars"])])
    found: list[tuple[str, str]] = []
    before = 0
    for start, end in _kept(len(text), [(start, end) for start, end, _ in marks[:_MAX_MARKS]]):
        if start > before:
            found.append(("gap", f"{start - before:,} characters"))
        found += _marked(text, start, end, marks)
        before = end
    return found


def _kept(length: int, marks: list[tuple[int, int]]) -> list[tuple[int, int]]:
    parts = [(0, _ENDS), (length - _ENDS, length), *((start - _AROUND, end + _AROUND) for start, end in marks)]
    kept: list[tuple[int, int]] = []
    for start, end in sorted((max(0, start), min(length, end)) for start, end in parts):
        if kept and start <= kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
        else:
            kept.append((start, end))
    return kept


def _marked(text: str, at: int, stop: int, marks: list[tuple[int, int, str]]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for start, end, kind in marks:
        if at <= start and end <= stop:
            found += [("text", text[at:start]), (kind, text[start:end])]
            at = end
    return [*found, ("text", text[at:stop])]
