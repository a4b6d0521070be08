"""Interrupts: Ctrl-C and SIGTERM end the work as exceptions, wherever they come.

Exceptions can be lost in a finalizer, and what they cut short in a cleanup is never ended: there they wait.
"""

import atexit
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

_AGAIN_AFTER = 0.05
"""Seconds after which an interrupt that was lost or put off is sent again."""
_PATIENCE = 10.0
"""Seconds for which interrupts are put off: an end that hangs must not outlast them."""
_ENDS = ("__exit__", "__del__", "publish", "report")
"""Methods in which things end; functions of such names, as that of a command, are others. What is cut short in them
stays behind, complains when it is collected, or is not said to be finished though it is."""
_DEAF = ("component_kind",)
"""Functions whose exceptions pydantic, which calls them to write a recipe, takes for a warning."""


class Terminated(BaseException):
    """SIGTERM came, which ends the work like Ctrl-C but with another exit code."""


_raised = list[type[Terminated | KeyboardInterrupt]]()
"""Interrupts that were raised, in their order."""


def hear_interrupts() -> None:
    """Raise KeyboardInterrupt at Ctrl-C and Terminated at SIGTERM in the main thread.

    One that comes while something is ended is raised after that, and one that is lost where Python lets no exception
    out is sent again. Ctrl-C stays ignored where it was at the start, as shells have it in the background.
    """
    put_off_since: float | None = None
    _raised.clear()

    def raise_it(number: int, frame: FrameType | None) -> None:
        nonlocal put_off_since
        put_off_since = put_off_since or time.monotonic()
        if _is_ending(frame) and time.monotonic() - put_off_since < _PATIENCE:
            _send_again(number)
            return
        put_off_since = None
        _raised.append(Terminated if number == signal.SIGTERM else KeyboardInterrupt)
        raise _raised[-1]

    def lost(found: "sys.UnraisableHookArgs") -> None:
        if issubclass(found.exc_type, KeyboardInterrupt | Terminated):
            _send_again(signal.SIGTERM if issubclass(found.exc_type, Terminated) else signal.SIGINT)
        else:
            sys.__unraisablehook__(found)

    _handle(raise_it)
    sys.unraisablehook = lost
    # Last of all, since what comes while Python itself ends would end the process by the signal.
    atexit.register(_handle, signal.SIG_IGN)


def interrupted_by() -> type[Terminated | KeyboardInterrupt] | None:
    """The first interrupt that was raised, whatever has become of it; None where none was.

    Libraries that call Python turn it into errors of their own.
    """
    return _raised[0] if _raised else None


def hear_no_more(code: int) -> None:
    """Let an interrupt end the process at once with its exit code: its work is over."""
    _handle(lambda number, frame: end_at_once(code))


def end_at_once(code: int) -> NoReturn:
    """End the process without its finalizers, which have nothing to do but complain, and die of another interrupt."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, RuntimeError, ValueError):
            stream.flush()
    os._exit(code)


def _handle(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    signal.signal(signal.SIGTERM, handler)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, handler)


def _is_ending(frame: FrameType | None) -> bool:
    """Whether what is interrupted, or what called it, ends something, or lets no interrupt out."""
    while frame is not None:
        owner, _, name = frame.f_code.co_qualname.rpartition(".")
        if name in _DEAF or (name in _ENDS and owner and not owner.endswith("<locals>")):
            return True
        frame = frame.f_back
    return False


def _send_again(number: int) -> None:
    threading.Timer(_AGAIN_AFTER, os.kill, (os.getpid(), number)).start()
