"""A chat template in a process of its own: it comes from anywhere, and may loop or grow without end."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from ...schemas.errors import LcdataError, UsageError


@dataclass(frozen=True)
class ChatTemplate:
    """A Jinja template, and what it is rendered with besides the messages."""

    text: str
    """The template."""
    date: date
    """What `strftime_now` takes for today."""
    variables: Mapping[str, str]
    """The special tokens by the names that the template finds them under, such as `bos_token`."""
    is_own: bool = True
    """Whether it came with the tokenizer, and was not named in its own template's stead."""


@dataclass(frozen=True)
class Bounds:
    """What rendering one conversation may take."""

    seconds: float = 10
    """Of processor time."""
    waiting_seconds: float = 300
    """Of time, which on a busy machine is more."""
    bytes: int = 2**30
    """Of memory, those of Python itself included."""


Messages = Sequence[Mapping[str, Any]]
"""A conversation: each message has a `role` and `content`, and may have more."""


class TemplateProcess:
    """Renders conversations with one template; to be used as a context manager, which ends the process."""

    def __init__(self, template: ChatTemplate, bounds: Bounds = Bounds()) -> None:
        """Start the process; the template is read for the first conversation."""
        self._template, self._bounds = template, bounds

    def __enter__(self) -> Self:
        command = [sys.executable, "-P", "-m", f"{__package__}.template_program"]
        path = os.pathsep.join(os.path.abspath(place) for place in sys.path)
        self._process = subprocess.Popen(
            [*command, str(self._bounds.bytes), str(self._bounds.seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        variables = dict(self._template.variables)
        given = {"template": self._template.text, "date": self._template.date.isoformat(), "variables": variables}
        self._ask(given)
        return self

    @property
    def pid(self) -> int:
        """Id of the process."""
        return self._process.pid

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def render(self, messages: Messages) -> str:
        """The text of a conversation, control tokens included, no further turn begun.

        Raises UsageError where the template fails, or takes more than its bounds.
        """
        timer = threading.Timer(self._bounds.waiting_seconds, self._process.kill)
        timer.start()
        try:
            self._ask(messages)
            assert self._process.stdout is not None
            line = self._process.stdout.readline()
        finally:
            timer.cancel()
        if not line:
            raise self._ended()
        answer = json.loads(line)
        if "error" in answer:
            raise self._failed(answer["error"])
        return answer["text"]

    def _ask(self, content: object) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(content) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None

    def _ended(self) -> LcdataError:
        """Why the process is there no more."""
        _, said = self._process.communicate()
        bounds = self._bounds
        match -self._process.returncode:
            case signal.SIGPROF:
                return self._failed(f"it takes more than {bounds.seconds:g} seconds")
            case signal.SIGKILL:
                return self._failed(f"it takes more than {bounds.waiting_seconds:g} seconds, or was ended from outside")
            case signal.SIGSEGV | signal.SIGABRT | signal.SIGBUS:
                return self._failed("it takes too much memory or is nested too deeply")
            case _:
                reason = (said.strip().splitlines() or [f"it ended with {self._process.returncode}"])[-1]
                return LcdataError(f"the program that renders chat templates cannot run: {reason}")

    def _failed(self, reason: str) -> UsageError:
        return UsageError(f"the chat template fails ({reason}): name another with --chat-template")
