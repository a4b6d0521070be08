"""A panel of the page: what it shows, its charts, and the same numbers as a table."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..drawing.inline import inline_svg
from ..drawing.palette import STAND_INS, Palette
from ..drawing.theme import themed
from .charts import Chart

Cell = str | int | float


@dataclass(frozen=True)
class Table:
    """Numbers under headings."""

    headings: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
    key: str
    """Tells it from the other tables of its part of the page."""

    @property
    def numeric(self) -> list[bool]:
        """Of each column, whether all that stands in it is numbers."""
        columns = zip(*self.rows, strict=True) if self.rows else [()] * len(self.headings)
        return [bool(cells) and all(map(_is_number, cells)) for cells in columns]


_NUMBER = re.compile(r"[+-]?[\d,]*\.?\d+( ?%| points| times?)?( \(.*%\))?")


def _is_number(cell: Cell) -> bool:
    """Whether a cell is read as a number, with its unit or what it is of another."""
    return not isinstance(cell, str) or _NUMBER.fullmatch(cell) is not None


@dataclass(frozen=True)
class Drawn:
    """A chart and what it shows, for those who cannot see it."""

    svg: str
    caption: str


@dataclass
class Panel:
    """One subject of the report."""

    key: str
    title: str
    lead: str = ""
    """What there is to see, in a sentence or two."""
    drawn: list[Drawn] = field(default_factory=list[Drawn])
    tables: list[Table] = field(default_factory=list[Table])
    shows_tables: bool = False
    """Whether the tables are open, as where there is no chart."""
    is_wide: bool = False


class Drawing:
    """Draws charts for the page, each with ids of its own."""

    palette: Palette = STAND_INS

    def __init__(self) -> None:
        self._number = 0

    def draw(self, chart: Chart, caption: str, legend_columns: int = 2) -> Drawn:
        """A chart as a part of the page."""
        self._number += 1
        return Drawn(
            inline_svg(themed(chart, self.palette, legend_columns=legend_columns), caption, self._number), caption
        )


def histogram_table(key: str, of: str, names: Sequence[str], columns: Sequence[tuple[str, Sequence[int]]]) -> Table:
    """Counts of each bin, a column a series."""
    rows: list[tuple[Cell, ...]] = [
        (name, *(int(values[number]) for _, values in columns)) for number, name in enumerate(names)
    ]
    return Table((of, *(name for name, _ in columns)), rows, key)
