"""How long the steps of a command take, for the log that `--verbose` shows."""

import contextlib
import logging
import time
from collections.abc import Generator

_log = logging.getLogger("lcdata")


@contextlib.contextmanager
def timed(step: str) -> Generator[None]:
    """Log what was done and in how many seconds, when the block ends without an error."""
    started = time.perf_counter()
    yield
    _log.info("%s in %.2f s", step, time.perf_counter() - started)
