"""`export --to PROFILE`: finished rows in the layout of another project, row group by row group.

The folder is written under a temporary name and renamed when it is whole and on disk.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ...packers.dataset import Config, Dataset
from ...packers.files.dataset_file import DatasetFile
from ...packers.profiles.profile import RowsInfo
from ...packers.profiles.registry import PROFILES
from ...packers.profiles.rows import Rows, Shards
from ...packers.rows.row_arrays import COLUMNS
from ...schemas.events.exported import ExportedRows, RowCounts
from ..run.versions import library_versions
from ..run.whole_folder import check_folder, whole_folder

MARK = "lcdata-export.json"
"""Name of the file that says what an exported folder is; only a folder that has it is ever replaced."""


def export_rows(
    dataset: Dataset,
    to: str,
    out: Path | None = None,
    config: str | None = None,
    *,
    overwrite: bool = False,
    progressed: Callable[[int, int], None] = lambda done, total: None,
) -> ExportedRows:
    """Write every config of a dataset, or the one that is named, into a folder of its own below `out`.

    Beside it lie the consumer's settings for reading it. Raises UsageError where the consumer would read something else
    than the rows say.
    """
    configs = [*dataset.configs.values()] if config is None else [dataset.config(config)]
    folder = dataset.folder
    out = out or Path(f"{(folder.resolve() if isinstance(folder, Path) else folder).name}-{to}")
    check_folder(out, dataset.folder, MARK, overwrite)
    profile = PROFILES[to]
    counts = {config.name: RowCounts() for config in configs}
    total = sum(config.num_rows for config in configs)
    notes = list[str]()

    def counted(name: str, rows: Rows) -> None:
        _add(counts[name], rows)
        progressed(sum(count.rows for count in counts.values()), total)

    with whole_folder(out) as place:
        for source in configs:
            name, info = source.name, RowsInfo.of(source)
            (place / name).mkdir()
            said = profile.write(_shards(source, counted), place / name, info)
            notes += [f"{name}: {note}" for note in said]
            (place / f"{name}{profile.settings_suffix}").write_text(profile.settings(str(out / name), info))
        (place / MARK).write_text(_mark(to, configs, counts))
        size = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    return ExportedRows(path=str(out), to=to, configs=counts, bytes=size, notes=notes)


def _add(counts: RowCounts, rows: Rows) -> None:
    """Add the rows of a row group to the counts of a config."""
    counts.rows += len(rows)
    counts.documents += len(rows.lengths)
    counts.tokens += len(rows.ids)
    counts.loss_tokens += int(rows.in_loss.sum())


def _shards(config: Config, counted: Callable[[str, Rows], None]) -> Shards:
    """The row groups of each data file of a config, each counted when it was written."""

    def groups(file: DatasetFile) -> Iterator[Rows]:
        for rows in _row_groups(file):
            yield rows
            counted(config.name, rows)

    return map(groups, config.data)


def _row_groups(file: DatasetFile) -> Iterator[Rows]:
    """The row groups of a data file, one in memory at a time."""
    first_row = 0
    for table in file.row_groups(COLUMNS):
        rows = Rows.of(table, str(file.path), first_row)
        first_row += len(rows)
        yield rows


def _mark(to: str, configs: Sequence[Config], counts: dict[str, RowCounts]) -> str:
    content = {
        config.name: {"fingerprint": config.fingerprint, **counts[config.name].model_dump()} for config in configs
    }
    return json.dumps({"lcdata": library_versions()["lcdata"], "to": to, "configs": content}, indent=1)
