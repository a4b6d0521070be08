"""Tables and bars that fit the terminal's width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .console import console

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

_BAR = 40
"""Columns of the longest bar, where there is room."""
_SHORTEST = 6
_GAP = 2
_TWO_ABREAST = 110
"""Columns from which on charts stand two abreast on a terminal."""
_EIGHTHS = " ▏▎▍▌▋▊▉"


def chart(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int], width: int) -> Table:
    """A table of right-aligned cells with a bar for each row's number, no wider than `width` where that can be."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, _GAP, 0, 0))
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("")
    cells = sum(max(map(len, column)) + _GAP for column in zip(heads, *rows, strict=True))
    room = min(max(width - cells, _SHORTEST), _BAR)
    most = max(*numbers, 1)
    for row, number in zip(rows, numbers, strict=True):
        table.add_row(*row, f"[cyan]{bar(number / most, room)}[/cyan]")
    return table


def bar(share: float, width: int) -> str:
    """A bar of blocks, drawn to an eighth of one; what is above nothing shows."""
    whole, eighths = divmod(max(round(share * width * 8), int(share > 0)), 8)
    return "█" * whole + _EIGHTHS[eighths].strip()


def chart_width() -> int:
    """Columns that a chart may take."""
    width = console().width
    return width // 2 - _GAP if _are_two_abreast() else width


def print_charts(charts: Sequence[RenderableType]) -> None:
    """Print charts one below another, or two abreast on a wide terminal."""
    from rich.table import Table

    abreast = 2 if _are_two_abreast() else 1
    for first in range(0, len(charts), abreast):
        if first:
            console().print()
        grid = Table.grid(padding=(0, 2 * _GAP, 0, 0))
        for _ in range(abreast):
            grid.add_column(width=chart_width() if abreast > 1 else None)
        grid.add_row(*charts[first : first + abreast])
        console().print(grid)


def _are_two_abreast() -> bool:
    return console().is_terminal and console().width >= _TWO_ABREAST
