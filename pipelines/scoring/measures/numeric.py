"""Numbers and counts, for which near is better than far."""

import re

_NUMBER = re.compile(r"(?<![\w.])-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?!\w)")


def count_credit(given: float | None, wanted: float, base: float = 0.75) -> float:
    """`base` to the power of the error: 1 where the count is right, .75 where it is one off, 0 where there is none."""
    if given is None:
        return 0.0
    error = abs(given - wanted)
    return base**error if error < 1000 else 0.0


def last_number(text: str) -> float | None:
    """The last number of a text, with commas between thousands or without; None where there is none."""
    found = _NUMBER.findall(text)
    if not found or len(found[-1]) > 300:
        return None
    return float(found[-1].replace(",", ""))
