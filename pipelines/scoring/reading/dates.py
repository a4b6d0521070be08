"""Dates in every form in which they are usually written, found in a text."""

import re
from collections.abc import Iterator
from functools import lru_cache

Date = tuple[int, int, int]
"""Year, month and day."""

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
           "november", "december")  # fmt: skip
_NUMBER_OF = {name[:length]: number for number, name in enumerate(_MONTHS, 1) for length in (3, 4, len(name))}

_MONTH = rf"({'|'.join(f'{name[:3]}(?:{name[3:]})?' for name in _MONTHS)}|sept)\.?"
_DAY = r"(?:the )?(\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(\d{4})"
_WEEKDAY = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,? )?"
_WRITTEN = (
    (re.compile(rf"(?<!\w){_WEEKDAY}{_MONTH} {_DAY},? (?:of |in )?{_YEAR}(?!\w)", re.IGNORECASE), "mdy"),
    (re.compile(rf"(?<!\w){_WEEKDAY}{_DAY}(?: of)?[ -]{_MONTH},?[ -](?:of |in )?{_YEAR}(?!\w)", re.IGNORECASE), "dmy"),
    (re.compile(rf"(?<!\w){_YEAR},? {_MONTH} {_DAY}(?!\w)", re.IGNORECASE), "ymd"),
    (re.compile(r"(?<![\w/.-])(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:T00:00(?::00)?Z?)?(?![\w/-])"), "y-m-d"),
    (re.compile(r"(?<![\w/.-])(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?![\w/-])"), "?-?-y"),
)  # fmt: skip


@lru_cache(maxsize=4096)
def date_of(words: str) -> Date | None:
    """The date that the words are and nothing else, None where they are none or more than one reading is possible."""
    found = list(dates(words.strip()))
    if len(found) != 1 or found[0][:2] != (0, len(words.strip())) or len(found[0][2]) != 1:
        return None
    return next(iter(found[0][2]))


def dates(text: str) -> Iterator[tuple[int, int, set[Date]]]:
    """Start, end and all readings of every date in a text: 3/4/1990 has two."""
    if not re.search(r"\d{4}", text):
        return
    found = [
        (*match.span(), readings) for form, order in _WRITTEN for match in form.finditer(text)
        if (readings := _readings(match, order))
    ]  # fmt: skip
    end = 0
    for start, stop, readings in sorted(found, key=lambda one: one[:2]):
        if start >= end:
            yield start, stop, readings
            end = stop


def _readings(match: re.Match[str], order: str) -> set[Date]:
    if order == "y-m-d":
        given = [(int(match[1]), int(match[3]), int(match[4]))]
    elif order == "?-?-y":
        one, two, year = int(match[1]), int(match[3]), int(match[4])
        given = [(year, one, two), (year, two, one)]
    else:
        parts = dict(zip(order, match.groups(), strict=True))
        given = [(int(parts["y"]), _NUMBER_OF[parts["m"].lower().rstrip(".")], int(parts["d"]))]
    return {(year, month, day) for year, month, day in given if 1 <= month <= 12 and 1 <= day <= 31}
