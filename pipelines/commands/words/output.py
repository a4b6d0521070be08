"""Whom a command speaks to, chosen once: a person at a terminal, a program, or nobody."""

from __future__ import annotations

import logging
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from ....schemas.events.event import Event
    from .progress import Display

Words = Callable[[], None]
"""Prints what a person reads of an event, when it is called."""


def _nothing() -> None:
    """Print nothing, where an event has no words."""


class Output(ABC):
    """Where a command's events go. A context manager, which takes down what it put up."""

    is_for_programs = False
    """Whether stdout belongs to events."""
    is_quiet = False
    """Whether nobody wants to know how the work goes."""

    @abstractmethod
    def tell(self, event: Event) -> None:
        """Say how the work goes."""

    @abstractmethod
    def show(self, event: Event | Sequence[Event], words: Words, remarks: Words | None = None) -> None:
        """Say what was asked for, in one event or several; remarks are only for who wants to know."""

    def report(self, event: Event, remarks: Words) -> None:
        """Say what was done, to who wants to know."""
        self.show(event, _nothing, remarks)

    def text(self, text: str) -> None:
        """Print a document that was asked for, such as a script or a schema, as it is."""
        print(text, end="" if text.endswith("\n") else "\n", file=sys.__stdout__, flush=True)

    @abstractmethod
    def stop(self) -> None:
        """Take the progress away, for something else is to be said."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Terminal(Output):
    """For a person: progress on stderr, results on stdout."""

    def __init__(self, quiet: bool = False, verbose: bool = False) -> None:
        self.is_quiet = quiet
        self._verbose = verbose
        self._display: Display | None = None

    def tell(self, event: Event) -> None:
        """Draw the progress that an event tells of."""
        if self.is_quiet:
            return
        if self._display is None:
            from .progress import Display

            self._display = Display(self._verbose)
        self._display.tell(event)

    def show(self, event: Event | Sequence[Event], words: Words, remarks: Words | None = None) -> None:
        """Print the words of what was asked for, and unless it is quiet the remarks."""
        self.stop()
        words()
        if remarks is not None and not self.is_quiet:
            remarks()

    def stop(self) -> None:
        """Take the bar off the terminal."""
        if self._display is not None:
            self._display.stop()


class Json(Output):
    """For a program: every event is a JSON object on a line of stdout."""

    is_for_programs = True

    def __init__(self, quiet: bool = False) -> None:
        self.is_quiet = quiet

    def tell(self, event: Event) -> None:
        """Print the event, unless it is quiet."""
        if not self.is_quiet:
            emit(event)

    def show(self, event: Event | Sequence[Event], words: Words, remarks: Words | None = None) -> None:
        """Print the event, or each of them."""
        for shown in event if isinstance(event, Sequence) else [event]:
            emit(shown)

    def stop(self) -> None:
        """Nothing is drawn that could be taken away."""


def choose_output(as_json: bool, quiet: bool, verbose: bool) -> Output:
    """The output that the options ask for; verbose also sends the log to stderr."""
    if verbose:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("lcdata: %(message)s"))
        logger = logging.getLogger("lcdata")
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    return Json(quiet) if as_json else Terminal(quiet, verbose)


def emit(event: Event) -> None:
    """Print one event on the stdout that the process was started with, whatever Ray is kept from."""
    print(event.model_dump_json(), file=sys.__stdout__, flush=True)
