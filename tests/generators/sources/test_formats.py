"""Every form that people have their texts in gives the same records, whole or until it is damaged."""

import bz2
import csv
import gzip
import io
import json
import lzma
import struct
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from lcdata.generators.sources.inputs import find_inputs
from lcdata.generators.sources.records import Bad, Damage, Reader, Record
from lcdata.schemas.corpus import Fields
from lcdata.schemas.errors import UsageError

ROWS = [{"text": f'Text {number} 湖🪵, "x";\n\ttab', "id": f"n{number}", "n": str(number)} for number in range(50)]
EXPECTED = [Record(line, row["text"].encode(), row["id"], None, None) for line, row in enumerate(ROWS, 1)]


def read(path: Path, fields: Fields = Fields(id="id"), skip: int = 0) -> list[Record | Bad | Damage]:  # noqa: B008
    [source] = find_inputs([str(path)]).inputs
    return list(Reader(source, fields, 10**6, skip))


def separated(delimiter: str, end: str = "\r\n") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerows([list(ROWS[0]), *(row.values() for row in ROWS)])
    return text.getvalue().encode()


def arrow(as_file: bool, **options: Any) -> bytes:
    sink = io.BytesIO()
    batches = pa.Table.from_pylist(ROWS).to_batches(max_chunksize=20)
    make = pa.ipc.new_file if as_file else pa.ipc.new_stream
    with make(sink, batches[0].schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue()


LINES = b"".join(json.dumps(row).encode() + b"\n" for row in ROWS)
FORMS: dict[str, bytes] = {
    "lines.json": LINES,
    "lines.json.gz": gzip.compress(LINES),
    "lines.jsonl.xz": lzma.compress(LINES[:999]) + bytes(4) + lzma.compress(LINES[999:]) + bytes(8),
    "lines.jsonl.bz2": bz2.compress(LINES[:999]) + bz2.compress(LINES[999:]),
    "padded.jsonl.gz": gzip.compress(LINES) + bytes(512),
    "skippable.jsonl.zst": struct.pack("<II", 0x184D2A50, 5) + b"hello" + zstandard.compress(LINES),
    "array.json": json.dumps(ROWS).encode(),
    "indented.json": b"\xef\xbb\xbf \n" + json.dumps(ROWS, indent=2, ensure_ascii=False).encode(),
    "array.json.zst": zstandard.compress(json.dumps(ROWS).encode()),
    "a.csv": separated(","),
    "unix.csv": b"\xef\xbb\xbf" + separated(",", "\n").removesuffix(b"\n"),
    "a.csv.bz2": bz2.compress(separated(",")),
    "a.tsv": separated("\t"),
    "a.tsv.xz": lzma.compress(separated("\t")),
    "stream.arrow": arrow(as_file=False),
    "file.arrow": arrow(as_file=True),
    "packed.arrow": arrow(as_file=False, compression="zstd"),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_records(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(FORMS[name])
    for skip in (0, 1, 19, 20, 49, 50, 60):
        assert read(tmp_path / name, skip=skip) == EXPECTED[skip:]


@pytest.mark.parametrize("name", FORMS)
def test_a_file_that_is_cut_is_told_as_damaged_and_gives_what_is_before(name: str, tmp_path: Path) -> None:
    data, counts = FORMS[name], set[int]()
    if name.endswith((".gz", ".xz")):
        data = data.rstrip(b"\0")
    for size in (len(data) // 3, len(data) // 2, len(data) - 30):
        if name.endswith((".csv", ".tsv")):
            size = data.rindex(b"Text", 0, size) + 4  # a cut in the last column is not seen
        (tmp_path / name).write_bytes(data[:size])
        *records, damage = read(tmp_path / name)
        assert isinstance(damage, Damage)
        assert "\n" not in damage.reason
        assert records == EXPECTED[: len(records)]
        assert damage.line == len(records) + 1
        counts.add(len(records))
    assert name not in ("lines.json", "lines.jsonl.xz", "a.csv", "stream.arrow") or max(counts) > 10


@pytest.mark.parametrize("ending", ["gz", "zst", "xz", "bz2"])
def test_a_file_that_only_has_the_name_of_a_compressed_one_is_told_so(ending: str, tmp_path: Path) -> None:
    (tmp_path / f"a.jsonl.{ending}").write_bytes(LINES)
    reason = f"cannot be read after line 0 (it is no .{ending} file, whatever its name says)"
    assert read(tmp_path / f"a.jsonl.{ending}") == [Damage(1, reason)]


def test_one_object_over_several_lines_is_one_record(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(ROWS[0], indent=1))
    assert read(tmp_path / "a.json") == EXPECTED[:1]
    (tmp_path / "a.json").write_text('{"text": 1, "n": NaN}\n{"text": "x", "id": null}')
    assert read(tmp_path / "a.json") == [Bad(1, "no string field `text`"), Record(2, b"x", None, None, None)]
    (tmp_path / "a.json").write_text('[{"text": "x", "id": 1, "n": NaN}, ["x"], {"text": "y", "id": 2}]')
    assert read(tmp_path / "a.json") == [
        Record(1, b"x", "1", None, None), Bad(2, "no string field `text`"), Record(3, b"y", "2", None, None),
    ]  # fmt: skip


def test_rows_of_csv_that_cannot_be_used_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'id,text\n1,"a"\n2\n3,b,c\n\n4,\xff\n5,"x"y\n6,\n7,z\n')
    assert read(tmp_path / "a.csv") == [
        Record(1, b"a", "1", None, None), Bad(2, "other columns than the first line"),
        Bad(3, "other columns than the first line"), Bad(4, "not UTF-8"), Bad(5, "other columns than the first line"),
        Bad(6, "empty text"), Record(7, b"z", "7", None, None),
    ]  # fmt: skip
    (tmp_path / "a.csv").write_text('id,text\n1,a\n2,"never ends\n3,b\n')
    first, damage = read(tmp_path / "a.csv")
    assert first == Record(1, b"a", "1", None, None)
    assert damage == Damage(2, "cannot be read after row 1 (unexpected end of data)")
    (tmp_path / "a.csv").write_text("id,text\n1,a\n2")
    assert read(tmp_path / "a.csv") == [first, Damage(2, "ends inside row 2")]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "lines.json", "array.json", "lines.json.gz"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_a_file_in_utf_16_is_told_so(name: str, encoding: str, tmp_path: Path) -> None:
    data = FORMS[name] if not name.endswith(".gz") else LINES
    written = ("\ufeff" if encoding == "utf-16-be" else "").encode(encoding) + data.decode().encode(encoding)
    (tmp_path / name).write_bytes(gzip.compress(written) if name.endswith(".gz") else written)
    [damage] = read(tmp_path / name)
    unit = "row" if name.endswith(("csv", "tsv")) else "line"
    assert damage == Damage(1, f"cannot be read after {unit} 0 (it is UTF-16: save it as UTF-8)")


EMPTY: dict[str, Callable[[], pa.Table]] = {
    "no rows": lambda: pa.table({"text": pa.array([], pa.string()), "id": pa.array([], pa.string())}),
    "no types": lambda: pa.table({"text": pa.nulls(0), "id": pa.nulls(0)}),
    "no columns": lambda: pa.table({}),
}


@pytest.mark.parametrize("kind", EMPTY)
def test_an_empty_shard_is_read_as_empty(kind: str, tmp_path: Path) -> None:
    pq.write_table(EMPTY[kind](), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == []
    with pa.OSFile(str(tmp_path / "a.arrow"), "wb") as sink, pa.ipc.new_stream(sink, EMPTY[kind]().schema) as writer:
        writer.write_table(EMPTY[kind]())
    assert read(tmp_path / "a.arrow") == []


@pytest.mark.parametrize("kind", [pa.null(), pa.string(), pa.large_string()], ids=str)
def test_a_shard_without_any_text_holds_nothing(kind: pa.DataType, tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": pa.nulls(3, kind), "id": ["a", "b", "c"]}), tmp_path / "a.parquet")
    nothing = "in a column without any value"
    assert read(tmp_path / "a.parquet", skip=1) == [Bad(2, nothing), Bad(3, nothing)]
    pq.write_table(pa.table({"text": pa.array([None, "x"], pa.string()), "id": ["a", "b"]}), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == [Bad(1, "empty text"), Record(2, b"x", "b", None, None)]


KEYS: list[tuple[pa.Array, list[str | None]]] = [
    (pa.array([UUID(int=1).bytes, None], pa.uuid()), [str(UUID(int=1)), None]),
    (pa.array([Decimal("12345678901234567890.00"), Decimal("1.50")]), ["12345678901234567890", "1.50"]),
    (pa.array([1.0, 2.5, None, float("nan")]), ["1", "2.5", None, None]),
    (pa.array([b"ab", b"\xff\x00"]), ["ab", "ff00"]),
    (pa.array([b"\xff" * 16], pa.binary(16)), ["ff" * 16]),
    (pa.array([2**64 - 1, None], pa.uint64()), [str(2**64 - 1), None]),
    (pa.array([date(2026, 1, 2)]), ["2026-01-02"]),
    (
        pa.array([3661000000001, 3661000001000, 3661000000000, None]).cast(pa.time64("ns")),
        [
            *("01:01:01.000000001", "01:01:01.000001", "01:01:01"),
            None,
        ],
    ),
    (
        pa.array([1000000001, 1000000000, None]).cast(pa.timestamp("ns")),
        [
            *("1970-01-01T00:00:01.000000001", "1970-01-01T00:00:01"),
            None,
        ],
    ),
    (pa.nulls(2), [None, None]),
    (pa.array(["a", None]), ["a", None]),
]


@pytest.mark.parametrize(("column", "names"), KEYS, ids=lambda value: str(getattr(value, "type", "")))
def test_names_may_be_of_many_types(column: pa.Array, names: list[str | None], tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["x"] * len(column), "id": column}), tmp_path / "a.parquet")
    assert [one.id for one in read(tmp_path / "a.parquet") if isinstance(one, Record)] == names


@pytest.mark.parametrize("has_nan", [True, False])
@pytest.mark.parametrize("ending", ["jsonl", "json"])
def test_large_numbers_of_json_keep_every_digit(ending: str, has_nan: bool, tmp_path: Path) -> None:
    written = ["123456789012345678901234567890", "9007199254740993", "1.0", "1e3", "null", "NaN", "0.1"]
    written = written if has_nan else [number for number in written if number != "NaN"]
    rows = [f'{{"text": "x", "id": {number}}}' for number in written]
    (tmp_path / f"a.{ending}").write_text("\n".join(rows) if ending == "jsonl" else f"[{', '.join(rows)}]")
    assert [one.id for one in read(tmp_path / f"a.{ending}") if isinstance(one, Record)] == [
        *("123456789012345678901234567890", "9007199254740993", "1", "1000"), *[None] * (1 + has_nan), "0.1",
    ]  # fmt: skip


def nested(folder: Path, ending: str, rows: list[dict[str, Any]]) -> Path:
    path = folder / f"a.{ending}"
    if ending == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif ending == "arrow":
        table = pa.Table.from_pylist(rows)
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize("ending", ["jsonl", "parquet", "arrow"])
def test_a_field_may_lie_in_others(ending: str, tmp_path: Path) -> None:
    rows = [{"a": {"b": {"c": f"Text {n}."}, "n": n}, "d": {"e": "not read"}} for n in range(3)]
    path = nested(tmp_path, ending, [*rows, {"a": None, "d": None}])
    fields = Fields(text="a.b.c", id="a.n")
    good = [Record(n + 1, f"Text {n}.".encode(), str(n), None, None) for n in range(3)]
    assert read(path, fields)[:3] == good
    assert isinstance(read(path, fields)[3], Bad)
    path = nested(tmp_path, ending, [{"a.b": "by its name", "a": {"b": "within"}}])
    assert read(path, Fields(text="a.b")) == [Record(1, b"by its name", None, None, None)]
    if ending != "jsonl":
        for name in ("a.x", "a.b.c", "d"):
            with pytest.raises(UsageError, match=f"has no column '{name}': name one of a.b, a$"):
                read(path, Fields(text=name))


def test_text_of_a_column_of_json_is_read(tmp_path: Path) -> None:
    values = pa.array(['"Text \\u6e56"', "null", '{"a": 1}', "plain", None], pa.json_())
    pq.write_table(pa.table({"text": values}), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet", Fields()) == [
        Record(1, "Text 湖".encode(), None, None, None), Bad(2, "empty text"), Record(3, b'{"a": 1}', None, None, None),
        Record(4, b"plain", None, None, None), Bad(5, "empty text"),
    ]  # fmt: skip


@pytest.mark.parametrize("ending", ["csv", "parquet", "arrow"])
def test_two_columns_of_a_name_are_refused_where_they_are_wanted(ending: str, tmp_path: Path) -> None:
    table = pa.table([pa.array(["x"]), pa.array(["y"]), pa.array(["z"])], names=["text", "text", "body"])
    path = tmp_path / f"a.{ending}"
    if ending == "csv":
        path.write_text("text,text,body\nx,y,z\n")
    elif ending == "parquet":
        pq.write_table(table, path)
    else:
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    assert read(path, Fields(text="body")) == [Record(1, b"z", None, None, None)]
    with pytest.raises(UsageError, match=rf"a\.{ending} has 2 columns 'text': rename all but one$"):
        read(path, Fields())


def test_checksums_of_parquet_pages_are_read(tmp_path: Path) -> None:
    texts = [f"Document {number} of plain text." for number in range(40)]
    options: dict[str, Any] = {"compression": "none", "use_dictionary": False, "row_group_size": 10}
    pq.write_table(pa.table({"text": texts}), tmp_path / "a.parquet", write_page_checksum=True, **options)
    data = bytearray((tmp_path / "a.parquet").read_bytes())
    data[data.index(b"Document 15") + 2] ^= 1
    (tmp_path / "a.parquet").write_bytes(data)
    found = read(tmp_path / "a.parquet", Fields())
    assert [one.text.decode() for one in found if isinstance(one, Record)] == [*texts[:10], *texts[20:]]
    [damage] = [one for one in found if isinstance(one, Damage)]
    assert damage.line == 11
    assert damage.reason.startswith("has lost rows 11 to 20 (")


def test_an_arrow_file_that_points_out_of_itself_is_damaged(tmp_path: Path) -> None:
    data = bytearray(arrow(as_file=False))
    offsets = np.cumsum([0, *(len(row["text"].encode()) for row in ROWS[:20])]).astype(np.int32)
    place = data.index(offsets.tobytes())
    data[place + 4 * 10 : place + 4 * 11] = struct.pack("<i", 2**30)
    (tmp_path / "a.arrow").write_bytes(data)
    [damage] = read(tmp_path / "a.arrow")
    assert isinstance(damage, Damage)
    assert damage.line == 1


def test_no_parquet_file_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text("version https://git-lfs.github.com/spec/v1\n")
    [damage] = read(tmp_path / "a.parquet")
    assert isinstance(damage, Damage)
    assert damage.reason.startswith("is no readable Parquet file (")
