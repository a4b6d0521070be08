"""Ctrl-C and SIGTERM: both end the work, wherever they come."""

import os
import signal
import sys
import threading
from types import FrameType

_AGAIN_AFTER = 0.05
"""Seconds after which an interrupt that was lost is sent again."""


class Terminated(BaseException):
    """SIGTERM came, which ends the work like Ctrl-C but with another exit code."""


def hear_interrupts() -> None:
    """End the work at Ctrl-C and SIGTERM, also where they come in a `__del__`, out of which Python lets no exception.

    One that was lost there is sent again a moment later.
    """

    def lost(found: "sys.UnraisableHookArgs") -> None:
        if issubclass(found.exc_type, KeyboardInterrupt | Terminated):
            number = signal.SIGTERM if issubclass(found.exc_type, Terminated) else signal.SIGINT
            threading.Timer(_AGAIN_AFTER, os.kill, (os.getpid(), number)).start()
        else:
            sys.__unraisablehook__(found)

    signal.signal(signal.SIGTERM, _terminate)
    sys.unraisablehook = lost


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated
