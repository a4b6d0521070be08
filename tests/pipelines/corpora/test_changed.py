"""An input that changes while it is read fails the ingest, and nothing old is mixed with anything new."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lcdata.generators.sources.inputs import find_inputs
from lcdata.generators.sources.records import Reader
from lcdata.pipelines.corpora import read
from lcdata.pipelines.corpora.ingest import ingest
from lcdata.pipelines.corpora.store import open_corpus
from lcdata.schemas.corpus import Fields, IngestRecipe
from lcdata.schemas.errors import ChangedError
from lcdata.schemas.events.event import Event
from lcdata.schemas.events.ingesting import PartRead
from lcdata.schemas.tokens import TokenizerChoice


def write(path: Path, word: str) -> None:
    """A file of 400 texts, of the same size for words of the same length."""
    texts = [f"{word} {number:06} {'more ' * 200}" for number in range(400)]
    if path.suffix == ".parquet":
        options = {"compression": "none", "use_dictionary": False, "write_statistics": False}
        pq.write_table(pa.table({"text": texts}), path, row_group_size=50, **options)
    else:
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))


def keep_time(path: Path, change: Callable[[], None]) -> None:
    before = path.stat()
    change()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size


def append(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def replace(path: Path) -> None:
    write(path.with_name(f"new{path.suffix}"), "newer")
    os.replace(path.with_name(f"new{path.suffix}"), path)


CHANGES: dict[str, Callable[[Path], None]] = {
    "more bytes": append,
    "a new time": lambda path: os.utime(path, ns=(1, 1)),
    "other bytes of the same size and time": lambda path: keep_time(path, lambda: write(path, "newer")),
    "another file of the same size and time": lambda path: keep_time(path, lambda: replace(path)),
}


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_while_it_is_read_is_refused(change: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{ending}"
    write(path, "older")
    [source] = find_inputs([str(path)]).inputs
    records = iter(Reader(source, Fields(), 10**6))
    for _ in range(5):
        next(records)
    CHANGES[change](path)
    with pytest.raises(ChangedError, match=rf"a\.{ending} changed while it was read: run the same command when it is"):
        list(records)


def _recipe(path: Path, small: str) -> IngestRecipe:
    return IngestRecipe(name="c", inputs=(str(path),), tokenizer=TokenizerChoice(source=small))


class _StoppedError(Exception):
    pass


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@pytest.mark.parametrize("change", [name for name in CHANGES if "same size" in name])
def test_a_resume_never_mixes_old_and_new(
    change: str, ending: str, tmp_path: Path, small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "PART_BYTES", 1 << 16)
    path, store = tmp_path / f"a.{ending}", tmp_path / "store"
    write(path, "older")
    parts = 0

    def stop(event: Event) -> None:
        nonlocal parts
        parts += isinstance(event, PartRead)
        if parts == 2:
            raise _StoppedError

    with pytest.raises(_StoppedError):
        ingest(_recipe(path, small), store, stop)
    CHANGES[change](path)
    with pytest.raises(ChangedError, match="changed while it was read"):
        ingest(_recipe(path, small), store)
    assert not (store / "c").exists()
    done = ingest(_recipe(path, small), store)
    assert done.ingested, "the same command goes on once the file is whole"
    assert open_corpus(store / "c").manifest.documents == 400
    write(path, "newer")
    fresh = ingest(_recipe(path, small), tmp_path / "fresh")
    assert fresh.manifest["tokens"] == done.manifest["tokens"]
    indexes = [open_corpus(folder / "c").index("sha256") for folder in (store, tmp_path / "fresh")]
    assert indexes[0] == indexes[1]


def test_an_unchanged_file_goes_on_inside_of_it(tmp_path: Path, small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "PART_BYTES", 1 << 16)
    resumed: list[bool] = []
    for ending in ("jsonl", "parquet"):
        path, store = tmp_path / f"a.{ending}", tmp_path / ending
        write(path, "older")

        def stop(event: Event) -> None:
            if isinstance(event, PartRead):
                raise _StoppedError

        with pytest.raises(_StoppedError):
            ingest(_recipe(path, small), store, stop)
        events: list[Event] = []
        ingest(_recipe(path, small), store, events.append)
        resumed += [event.resumed for event in events if isinstance(event, PartRead)]
        assert open_corpus(store / "c").manifest.documents == 400
    assert resumed.count(True) == 2
    assert resumed.count(False) > 4
