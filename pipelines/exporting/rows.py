"""`export --to PROFILE`: finished rows in the layout of another project, row group by row group.

The folder is written under a temporary name and renamed when it is whole and on disk.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ... import __version__
from ...packers.profiles.profile import Config
from ...packers.profiles.registry import PROFILES
from ...packers.profiles.rows import COLUMNS, Rows, Shards
from ...schemas.errors import LcdataError, UsageError
from ...schemas.manifest import read_manifest
from ..run.whole_folder import check_folder, whole_folder

MARK = "lcdata-export.json"
"""Says what an exported folder is; only a folder that has it is ever replaced."""


@dataclass(frozen=True)
class Source:
    """One config of a dataset and its data files."""

    config: Config
    files: tuple[Path, ...]
    num_rows: int


def sources_of(folder: Path) -> list[Source]:
    """The configs of a finished dataset; all that is read of its manifest is read here."""
    manifest = read_manifest(folder)
    tokenizer = manifest.tokenizer
    return [
        Source(
            Config(
                name=stage.name,
                seq_length=stage.seq_length,
                num_shards=len(record.shards),
                fingerprint=manifest.fingerprint,
                tokenizer=tokenizer.source,
                vocab_size=tokenizer.vocab_size,
                bos_id=tokenizer.bos_id,
                eos_id=tokenizer.eos_id,
            ),
            tuple(folder / shard.data.path for shard in record.shards),
            record.rows,
        )
        for stage, record in manifest.pairs()
    ]


@dataclass
class Counts:
    """What was written of a config."""

    rows: int = 0
    documents: int = 0
    tokens: int = 0
    loss_tokens: int = 0

    def add(self, rows: Rows) -> None:
        """Count a row group."""
        self.rows += len(rows)
        self.documents += len(rows.lengths)
        self.tokens += len(rows.ids)
        self.loss_tokens += int(rows.in_loss.sum())


@dataclass(frozen=True)
class ExportedRows:
    """What was written where."""

    path: Path
    configs: dict[str, Counts]
    bytes: int
    notes: list[str] = field(default_factory=list[str])


def export_rows(
    folder: Path,
    to: str,
    out: Path | None = None,
    config: str | None = None,
    *,
    force: bool = False,
    progressed: Callable[[int, int], None] = lambda done, total: None,
) -> ExportedRows:
    """Write every config of a dataset, or the one that is named, into a folder of its own below `out`.

    Beside it lie the consumer's settings for reading it. Raises UsageError where the consumer would read something else
    than the rows say.
    """
    sources = _chosen(sources_of(folder), config)
    out = out or Path(f"{folder.resolve().name}-{to}")
    check_folder(out, folder, MARK, force)
    profile = PROFILES[to]
    counts = {source.config.name: Counts() for source in sources}
    total = sum(source.num_rows for source in sources)
    notes = list[str]()

    def count(name: str, rows: Rows) -> None:
        counts[name].add(rows)
        progressed(sum(counted.rows for counted in counts.values()), total)

    with whole_folder(out) as place:
        for source in sources:
            name = source.config.name
            (place / name).mkdir()
            said = profile.write(_shards(source, count), place / name, source.config)
            notes += [f"{name}: {note}" for note in said]
            (place / f"{name}{profile.settings_suffix}").write_text(profile.settings(str(out / name), source.config))
        (place / MARK).write_text(_mark(to, sources, counts))
        size = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    return ExportedRows(out, counts, size, notes)


def _chosen(sources: list[Source], config: str | None) -> list[Source]:
    """All configs, or the one of that name."""
    chosen = [source for source in sources if config in (None, source.config.name)]
    if not chosen:
        names = ", ".join(source.config.name for source in sources)
        raise UsageError(f"there is no config {config!r} in the dataset: it has {names}")
    return chosen


def _shards(source: Source, count: Callable[[str, Rows], None]) -> Shards:
    """The row groups of each data file."""

    def groups(path: Path) -> Iterator[Rows]:
        for rows in _row_groups(path):
            yield rows
            count(source.config.name, rows)

    return map(groups, source.files)


def _row_groups(path: Path) -> Iterator[Rows]:
    """The row groups of a data file, one in memory at a time; LcdataError where it cannot be read."""
    first_row = 0
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        columns = [name for name in file.schema_arrow.names if name in COLUMNS]
        for number in range(file.num_row_groups):
            rows = Rows.of(file.read_row_group(number, columns), str(path), first_row)
            first_row += len(rows)
            yield rows
    except (OSError, pa.ArrowException) as error:
        raise LcdataError(f"{path} cannot be read ({error}): run `lcdata verify` on the dataset") from None


def _mark(to: str, sources: list[Source], counts: dict[str, Counts]) -> str:
    configs = {
        source.config.name: {"fingerprint": source.config.fingerprint, **asdict(counts[source.config.name])}
        for source in sources
    }
    return json.dumps({"lcdata": __version__, "to": to, "configs": configs}, indent=1)
