"""Strings and numbers as a page shows them: cut where they are long, and without what a reader cannot see."""

import re
import unicodedata

_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
_BLANKS = re.compile(r"[^\S ]+")


def brief(text: str, most: int = 60) -> str:
    """A name or a short text on one line: what does not show is told by its code, what is too long is cut."""
    cut = _BLANKS.sub(" ", text[:most])
    seen = "".join(f"⟨{ord(char):x}⟩" if unicodedata.category(char) in _INVISIBLE else char for char in cut)
    return seen if len(text) <= most else f"{seen}…"


def clean(text: str, most: int) -> str:
    """A text of several lines, of which what does not show is told by its code; the end says what is left out."""
    lines = (brief(line, 400) for line in text[:most].split("\n"))
    left_out = len(text) - most
    return "\n".join(lines) + (f"\n… {left_out:,} more characters" if left_out > 0 else "")


def percent(share: float) -> str:
    """A share as people read it, with more digits where it is near nothing or all: `12.3 %`, `99.96 %`, `0 %`."""
    value = 100 * share
    far = min(abs(value), abs(100 - value))
    digits = 0 if far == 0 else 1 if far >= 1 else 2 if far >= 0.01 else 4
    return f"{value:.{digits}f} %"


def short(number: float, before_unit: str = "") -> str:
    """A count in three digits and a unit: `950`, `13.1k`, `2.4M`."""
    for unit, size in (("T", 1e12), ("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            value = number / size
            return f"{value:.3g}{before_unit}{unit}" if value < 999.5 else f"{value:.0f}{before_unit}{unit}"
    return f"{number:,.4g}{before_unit}"
