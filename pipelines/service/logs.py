"""The logs of a run's steps, as a person reads them."""

import json
import os
from pathlib import Path
from typing import Any

from .processes import read_events
from .settings import Folder
from .steps import STEPS

STEP_NAMES = tuple(STEPS)
_MAX_BYTES = 1 << 16
_QUIET = ("progress",)


def log_text(folder: Folder, run: str, step: str) -> str:
    """The end of a step's log: what it told, then what it said on stderr."""
    place = folder.run(run)
    events = read_events(place / f"{step}.ndjson", _MAX_BYTES)
    lines = [_line(event) for event in events if event.get("event") not in _QUIET]
    said = _tail(place / f"{step}.stderr")
    return "\n".join([*lines, *(["", said] if said else [])]).strip() + "\n"


def _line(event: dict[str, Any]) -> str:
    told = {name: value for name, value in event.items() if name != "event"}
    short = " ".join(f"{name}={_short(value)}" for name, value in told.items() if value not in (None, [], {}))
    return f"{event.get('event', '')}  {short}"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:199]}…"


def _tail(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _MAX_BYTES))
            return file.read().decode("utf-8", "replace").strip()
    except FileNotFoundError:
        return ""
