"""What commands tell programs: one JSON object a line, of which `event` says the kind and the rest what happened.

A command's last line is its result or an `error`. The same objects are what the Python functions return or report.
"""

from collections.abc import Callable
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    """Something that happened, or was found; every kind has a field `event` that says which it is."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


Tell = Callable[[Event], None]
"""What is called with each event that happens."""


def nobody(event: Event) -> None:
    """Tell nobody: a `Tell` for whoever does not listen."""


class Warned(Event):
    """Something that the user should know, and that stops nothing."""

    event: Literal["warning"] = "warning"
    message: str
    """What the user should know, in one line."""


class Failed(Event):
    """The command failed, or was interrupted; what was finished is safe."""

    event: Literal["error"] = "error"
    message: str
    """What failed and how to cure it, in one line."""
    exit_code: int
    """Exit code of the command."""
