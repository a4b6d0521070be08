"""The write protocol: what has its final name is whole, and an interrupt leaves nothing that complains later."""

import errno
import gc
import hashlib
import os
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

from lcdata.packers.files.parquet import DocumentWriter, row_writer
from lcdata.packers.files.texts import Text, num_texts, write_texts
from lcdata.packers.files.token_store import BucketWriter, StoredDocument, write_index
from lcdata.packers.rows.row_group import RowGroup
from lcdata.pipelines.run.files import Attempt, storage_error, whole_file
from lcdata.schemas.errors import LcdataError, ResumableError, UsageError
from lcdata.schemas.sample import Document, ids_sha256

TRACED = ("run/files.py", "files/arrow_writer.py", "files/token_store.py", "pyarrow/parquet/core.py", "test_files.py")


class Interrupted(BaseException):
    """Comes at any line, as the exceptions of Ctrl-C and SIGTERM do."""


def write_shard(folder: Path) -> list[Path]:
    ids = np.arange(100, dtype=np.int32)
    document = Document(source="s", ids=ids, sha256=ids_sha256(ids), facts={})
    group = RowGroup(256, with_labels=True)
    data, docs = folder / "data.parquet", folder / "docs.parquet"
    with Attempt(folder, data, folder) as data_sink, Attempt(folder, docs, folder) as docs_sink:
        with row_writer(data_sink, True, cdc=True) as rows_out, DocumentWriter(docs_sink, 0) as docs_out:
            for _ in range(2):
                group.add_row([document])
                docs_out.add_row([document])
                rows_out.write_table(group.take())
        data_sink.commit(2)
        docs_sink.commit(2)
    return [data, docs]


def write_unit(folder: Path) -> list[Path]:
    stored = StoredDocument(id="a", num_bytes=1, parts=1, input=0, line=0, sha256=bytes(32))
    finals = [folder / f"{bucket}.parquet" for bucket in range(2)]
    index = folder / "index.parquet"
    with ExitStack() as stack:
        sinks = [stack.enter_context(Attempt(folder, final, folder)) for final in finals]
        writers = [stack.enter_context(BucketWriter(sink, bucket, 0)) for bucket, sink in enumerate(sinks)]
        for writer in writers:
            writer.add(stored, np.arange(5, dtype=np.int32))
        tables = [writer.close() for writer in writers]
        with Attempt(folder, index, folder) as sink:
            write_index(sink, tables)
            sink.commit(2)
        for sink in sinks:
            sink.commit(1)
    return [*finals, index]


def write_part(folder: Path) -> list[Path]:
    text = Text(text=b"abc", id="i", group="g", order="o", number=0, input=0, line=0, sha256=bytes(32))
    final = folder / "part.arrow"
    with Attempt(folder, final, folder, is_lasting=False) as sink:
        write_texts(sink, [text])
        sink.commit(1, num_texts)
    return [final]


def interrupted_at(write: Callable[[], object], moment: int | None) -> list[tuple[str, int]]:
    """Write, raise Interrupted at the line of this number among those traced; returns these lines."""
    lines = list[tuple[str, int]]()

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.endswith(TRACED) or frame.f_code.co_name in ("trace", "interrupted_at"):
            return None
        if event == "line":
            lines.append((frame.f_code.co_filename, frame.f_lineno))
            if len(lines) - 1 == moment:
                sys.settrace(None)
                raise Interrupted
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        write()
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # of a file whose closing was what was interrupted
@pytest.mark.parametrize("write", [write_shard, write_unit, write_part])
def test_an_interrupt_at_any_line_of_writing_is_all_that_is_heard(
    write: Callable[[Path], list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without this, files were ended by finalizers, which then met closed ones."""
    unheard = list[BaseException | None]()
    monkeypatch.setattr(sys, "unraisablehook", lambda found: unheard.append(found.exc_value))
    (tmp_path / "whole").mkdir()
    lines = interrupted_at(lambda: write(tmp_path / "whole"), None)
    whole = {path.name: path.read_bytes() for path in (tmp_path / "whole").iterdir()}
    counts = Counter(lines)
    seen = Counter[tuple[str, int]]()
    interrupts = 0
    gc.freeze()  # what is there before is not looked at again and again
    for moment, line in enumerate(lines):
        seen[line] += 1
        if seen[line] not in (1, counts[line]):
            continue
        folder = tmp_path / str(moment)
        folder.mkdir()
        try:
            interrupted_at(lambda folder=folder: write(folder), moment)
        except Interrupted:
            interrupts += 1
        gc.collect()
        complaints = [error for error in unheard if not isinstance(error, Interrupted)]
        assert not complaints, f"after an interrupt at {line}"
        for path in folder.iterdir():
            assert path.suffix == ".tmp" or path.read_bytes() == whole[path.name]
    gc.unfreeze()
    assert interrupts > 40


def test_what_comes_after_an_attempt_is_dropped(tmp_path: Path) -> None:
    with Attempt(tmp_path, tmp_path / "file", tmp_path) as sink:
        sink.write(b"some")
    assert sink.write(b"more") == 4
    assert list(tmp_path.iterdir()) == []


def test_what_is_committed_has_the_size_and_hash_of_what_was_written(tmp_path: Path) -> None:
    with Attempt(tmp_path, tmp_path / "file", tmp_path) as sink:
        sink.write(b"some")
        sink.write(b"thing")
        record = sink.commit(0, rows_in=lambda _: 0)
    assert (tmp_path / "file").read_bytes() == b"something"
    assert (record.path, record.bytes, record.sha256) == ("file", 9, hashlib.sha256(b"something").hexdigest())


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_whole_file_is_the_old_one_until_it_is_the_new_one(tmp_path: Path, error: type[BaseException]) -> None:
    final = tmp_path / "file"
    final.write_bytes(b"old")

    def interrupted() -> None:
        with whole_file(final) as file:
            file.write(b"half")
            file.flush()
            assert final.read_bytes() == b"old"
            raise error

    with pytest.raises(error):
        interrupted()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"file": b"old"}
    with whole_file(final) as file:
        file.write(b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"file": b"new"}


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        (errno.ENOSPC, ResumableError, "no space left for /made: free some"),
        (errno.EDQUOT, ResumableError, "no space left for /made: free some"),
        (errno.EROFS, LcdataError, "choose another --out or change its rights"),
        (errno.ENAMETOOLONG, UsageError, "choose a shorter --out or --name"),
        (errno.EISDIR, LcdataError, "something is in the way"),
        (errno.EMFILE, ResumableError, "raise it (`ulimit -a`)"),
        (errno.EIO, ResumableError, "the disk may be failing"),
        (errno.ENOENT, ResumableError, "see that its folder can be made"),
    ],
)
def test_what_a_disk_refuses_has_a_cure_of_its_own(code: int, kind: type[LcdataError], said: str) -> None:
    told = storage_error(OSError(code, os.strerror(code), "/made/file"), Path("/made"))
    assert type(told) is kind
    assert said in str(told)
