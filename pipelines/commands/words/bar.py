"""A bar for work that is done in this process."""

import contextlib
from collections.abc import Callable, Generator

from .output import Output


@contextlib.contextmanager
def bar(output: Output, unit: str) -> Generator[Callable[[int, int], None]]:
    """What to call with the number done and the number of all: moves a bar on a terminal, unless it is quiet."""
    from rich.console import Console
    from rich.progress import Progress

    stderr = Console(stderr=True)
    with Progress(console=stderr, transient=True, disable=output.is_quiet or not stderr.is_terminal) as shown:
        task = shown.add_task(unit)
        yield lambda done, total: shown.update(task, completed=done, total=total)
