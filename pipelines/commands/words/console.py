"""Printing for people: results on stdout, what goes on on stderr."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it takes time to import, and programs need none
    from rich.console import Console


def say(line: str) -> None:
    """Tell a person something on stderr."""
    print(line, file=sys.stderr, flush=True)


_consoles: dict[bool, Console] = {}


def console(stderr: bool = False) -> Console:
    """What prints for people: as wide as the terminal, or 120 columns where there is none."""
    if stderr not in _consoles:
        from rich.console import Console

        width = None if (sys.stderr if stderr else sys.stdout).isatty() else 120
        _consoles[stderr] = Console(soft_wrap=True, highlight=False, emoji=False, width=width, stderr=stderr)
    return _consoles[stderr]


_PICTURES = {
    **{code: 0x2400 + code for code in range(32) if chr(code) not in "\n\t"},
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
}


def visible(text: str) -> str:
    """A text whose control characters are pictures of themselves, so that no terminal obeys it; as long as before."""
    return text.translate(_PICTURES)


def pairs(values: Mapping[str, str]) -> None:
    """Print names and values, a line each."""
    width = max(map(len, values))
    for name, value in values.items():
        console().print(f"[dim]{name:<{width}}[/dim]  ", end="")
        console().print(visible(value), markup=False)
