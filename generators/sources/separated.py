"""The records of CSV and TSV: rows below a line of column names, as the standard library's `csv` reads them."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ...schemas.errors import UsageError
from .input import Input
from .lines import lines, longest_line
from .record import LONE_SURROGATE, NOT_UTF8, OTHER_COLUMNS, TOO_LONG, Bad, Damage, Record, Wanted
from .remote import DamagedError

_END = "unexpected end of data"
_BREAKS_OFF = "field larger than field limit"


def separated_records(
    source: Input, wanted: Wanted, content: Iterable[bytes], skip: int
) -> Iterator[Record | Bad | Damage]:
    """Records of the rows of a file after the first `skip`, not counting the names of its columns."""
    csv.field_size_limit(max(wanted.max_doc_bytes + 1, 1 << 17))
    text = _Text(content, longest_line(wanted))
    reader = csv.reader(text, delimiter="\t" if source.format == "tsv" else ",", strict=True)
    names: list[str] | None = None
    number = 0
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            if names is None or str(error) == _END:
                if number >= skip:
                    yield Damage(number + 1, f"cannot be read after row {number:,} ({error})")
                return
            number += 1
            if number > skip:
                yield Bad(number, TOO_LONG if _BREAKS_OFF in str(error) else OTHER_COLUMNS)
            continue
        except DamagedError as error:
            if number >= skip:
                yield Damage(number + 1, f"cannot be read after row {number:,} ({error})")
            return
        if row is None:
            return
        if not row:
            continue
        if names is None:
            names = row
            for name in wanted.names:
                check_name(source, name, names)
            continue
        number += 1
        if number > skip:
            is_cut = len(row) < len(names) and not text.has_end
            yield Damage(number, f"ends inside row {number:,}") if is_cut else _record(wanted, number, names, row)


def check_name(source: Input, name: str, names: Sequence[str]) -> None:
    """UsageError where a table has no column of a name, or several."""
    if names.count(name) > 1:
        raise UsageError(f"inputs: {source.name} has {names.count(name)} columns {name!r}: rename all but one")
    if name not in names:
        raise UsageError(f"inputs: {source.name} has no column {name!r}: name one of {', '.join(names) or 'none'}")


class _Text:
    """The lines of a file with their ends; a byte that is no UTF-8 becomes half a surrogate pair."""

    has_end = True
    """Whether the last line that was taken has an end."""

    def __init__(self, content: Iterable[bytes], longest: int) -> None:
        self._lines = enumerate(lines(content, longest))

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        number, (line, self.has_end) = next(self._lines)
        if line is None:
            raise DamagedError(f"line {number + 1:,} is longer than a text may be")
        text = line.decode(errors="surrogateescape")
        return (text if number else text.removeprefix("\ufeff")) + ("\n" if self.has_end else "")


def _record(wanted: Wanted, number: int, names: Sequence[str], row: Sequence[str]) -> Record | Bad:
    if len(row) != len(names):
        return Bad(number, OTHER_COLUMNS)
    found = wanted.record(number, dict(zip(names, row, strict=True)))
    return replace(found, reason=NOT_UTF8) if isinstance(found, Bad) and found.reason == LONE_SURROGATE else found
