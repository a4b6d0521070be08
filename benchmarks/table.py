"""The table that goes into docs/speed.md: figures with their units, targets and whether they are met."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peer import VERSIONS

from lcdata.schemas.quantity import format_length

BUSY_CORES = 0.25
"""More than that elsewhere on the machine spoils a run."""


@dataclass(frozen=True)
class Target:
    """What a figure must reach."""

    limit: float
    at_least: bool
    only_at: int | None = None
    """The one length, in tokens, that it is asked of."""

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}"

    def is_met(self, figure: float) -> bool:
        """Whether the figure reaches it."""
        return figure >= self.limit if self.at_least else figure <= self.limit


@dataclass(frozen=True)
class Column:
    """One figure of each row."""

    title: str
    key: str
    unit: str = ""
    scale: float = 1.0
    target: Target | None = None

    @property
    def header(self) -> str:
        """Title, unit and target."""
        at = f" at {format_length(self.target.only_at)}" if self.target and self.target.only_at else ""
        target = f" ({self.target}{at})" if self.target else ""
        return f"{self.title}{f', {self.unit}' if self.unit else ''}{target}"

    def cell(self, row: Mapping[str, Any]) -> str:
        """The row's figure, with a verdict where there is a target."""
        if self.key not in row:
            return "–"
        target = self.target if self.target and self.target.only_at in (None, row.get("length_tokens")) else None
        return verdict(row[self.key] * self.scale, target)


COLUMNS = (
    Column("gen, 1 worker", "one_worker_tokens_per_second", "Mtok/s", 1e-6, Target(15, True, only_at=128 << 10)),
    Column("2 workers", "two_workers_tokens_per_second", "Mtok/s", 1e-6),
    Column("2 workers / 1", "two_workers_over_one", target=Target(1.8, True)),
    Column("writing alone", "write_tokens_per_second", "Mtok/s", 1e-6),
    Column("by pyarrow", "arrow_write_tokens_per_second", "Mtok/s", 1e-6),
    Column("gen time / writing time", "gen_time_over_write_time"),
    Column("gen time / pyarrow's writing time", "gen_time_over_arrow_write_time", target=Target(2.5, False)),
    Column("encoding, hashing, audits and writing alone", "floor_tokens_per_second", "Mtok/s", 1e-6),
    Column("`tokenizers` alone", "encode_tokens_per_second", "Mtok/s", 1e-6),
    Column("lm_eval RULER", "peer_tokens_per_second", "Mtok/s", 1e-6),
    Column("gen / RULER", "gen_over_peer", target=Target(40, True)),
    Column("those alone / RULER", "floor_over_peer"),
    Column("peak worker memory", "peak_worker_bytes", "GB", 1e-9, Target(1.5, False)),
    Column("whole run, 1 worker", "one_worker_whole_run_tokens_per_second", "Mtok/s", 1e-6),
    Column("whole run, 2 workers", "two_workers_whole_run_tokens_per_second", "Mtok/s", 1e-6),
)

FIRST_SAMPLES = {
    "show_2k_seconds": ("lcdata show kv --length 2k", Target(2, False)),
    "gen_4_samples_128k_seconds": ("lcdata gen --task kv --length 128k --n 4 --workers 0", Target(4, False)),
}
"""Commands whose whole time a newcomer waits for."""


def verdict(figure: float, target: Target | None) -> str:
    """The figure with three digits, and `ok` or `miss`."""
    shown = f"{figure:.3g}" if figure < 100 else f"{figure:.0f}"
    if target is None:
        return shown
    return f"{shown} {'ok' if target.is_met(figure) else 'miss'}"


def markdown(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], name: str = "length") -> str:
    """The rows as a Markdown table with aligned columns, the first their length or another name of theirs."""
    lines = [[name, *(column.header for column in columns)]]
    for row in rows:
        first = format_length(row["length_tokens"]) if name == "length" else str(row[name])
        lines.append([first, *(column.cell(row) for column in columns)])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    padded = [
        f"| {' | '.join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))} |" for line in lines
    ]
    rule = f"|{'|'.join('-' * (width + 1) + ':' for width in widths)}|"
    return "\n".join([padded[0], rule, *padded[1:]])


def notes(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a reader of the table must know beside it."""
    spoiled = [
        f"Not to be trusted ({format_length(row['length_tokens'])}, {kind.replace('_', ' ')}): "
        f"other work kept {row[f'{kind}_other_cores']:.1f} cores busy."
        for row in rows
        for kind in ("one_worker", "two_workers")
        if row[f"{kind}_other_cores"] > BUSY_CORES
    ]
    of_peer = [row for row in rows if "peer_fill" in row]
    return [*spoiled, _peer_note(of_peer)] if of_peer else spoiled


def _peer_note(rows: Sequence[Mapping[str, Any]]) -> str:
    """What differs between the peer's figures and ours."""
    fills = ", ".join(f"{row['peer_fill']:.0%} of {format_length(row['length_tokens'])}" for row in rows)
    search = f"{rows[-1]['peer_seconds_before_first_sample']:.1f} s at {format_length(rows[-1]['length_tokens'])}"
    return (
        f"RULER is niah_multikey_3 (uuid keys and values) of lm_eval {VERSIONS['lm_eval']} with the same tokenizer, in "
        f"its one process: it makes text and no ids, and fills {fills}. Not counted: its import, its search for a size "
        f"({search}), and the download of a sentence splitter, which this task does not use."
    )
