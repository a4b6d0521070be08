"""Every record of an input comes out or is counted as bad where it stands, whatever the file is like."""

import gzip
import hashlib
import json
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from lcdata.generators.sources import opened
from lcdata.generators.sources.inputs import Input, find_inputs
from lcdata.generators.sources.records import Bad, Damage, Reader, Record
from lcdata.schemas.corpus import Fields
from lcdata.schemas.errors import LcdataError, UsageError

ROWS = [
    {"body": f'Text {number} 湖🪵 \\ "x"\n{"ü" * number}', "name": f"n{number}", "repo": number // 7, "path": number}
    for number in range(60)
]
FIELDS = Fields(text="body", id="name", group="repo", order="path")
EXPECTED = [
    Record(line, row["body"].encode(), row["name"], str(row["repo"]), row["path"]) for line, row in enumerate(ROWS, 1)
]


def as_lines(rows: list[dict[str, Any]], ascii_only: bool = False) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=ascii_only).encode() + b"\n" for row in rows)


def write_lines(folder: Path) -> Path:
    (folder / "a.jsonl").write_bytes(as_lines(ROWS))
    return folder / "a.jsonl"


def write_escaped_lines_of_windows(folder: Path) -> Path:
    lines = b"\xef\xbb\xbf" + as_lines(ROWS, ascii_only=True).replace(b"\n", b"\r\n")
    (folder / "a.ndjson").write_bytes(lines.removesuffix(b"\r\n"))
    return folder / "a.ndjson"


def write_gzip(folder: Path) -> Path:
    (folder / "a.jsonl.gz").write_bytes(b"".join(gzip.compress(as_lines(part)) for part in (ROWS[:7], [], ROWS[7:])))
    return folder / "a.jsonl.gz"


def write_zstd(folder: Path) -> Path:
    frames = b"".join(zstandard.compress(as_lines(part)) for part in (ROWS[:7], [], ROWS[7:]))
    (folder / "a.jsonl.zstd").write_bytes(frames)
    return folder / "a.jsonl.zstd"


def write_parquet(folder: Path) -> Path:
    table = pa.Table.from_pylist([{"other": [1], **row} for row in ROWS])
    pq.write_table(table, folder / "a.parquet", row_group_size=13)
    return folder / "a.parquet"


def write_dataset(folder: Path) -> Path:
    import datasets

    datasets.disable_progress_bars()
    datasets.Dataset.from_list(ROWS).save_to_disk(folder / "saved")
    return folder / "saved"


FILES = (write_lines, write_escaped_lines_of_windows, write_gzip, write_zstd, write_parquet)
Write = Callable[[Path], Path]


def only_input(path: Path) -> Input:
    [source] = find_inputs([str(path)]).inputs
    return source


def read(path: Path, fields: Fields = FIELDS, max_doc_bytes: int = 10**6, skip: int = 0) -> list[Record | Bad | Damage]:
    return list(Reader(only_input(path), fields, max_doc_bytes, skip))


@pytest.mark.parametrize("write", [*FILES, write_dataset])
def test_every_form_gives_the_same_records(write: Write, tmp_path: Path) -> None:
    assert read(write(tmp_path)) == EXPECTED


@pytest.mark.parametrize("write", [*FILES, write_dataset])
def test_what_follows_a_skip_is_what_is_read_without_one(write: Write, tmp_path: Path) -> None:
    source = only_input(write(tmp_path))
    for skip in (0, 1, 12, 13, 14, 26, 59, 60, 61, 1000):
        assert list(Reader(source, FIELDS, 10**6, skip)) == EXPECTED[skip:]


@pytest.mark.parametrize("write", FILES)
@pytest.mark.parametrize("skip", [0, 30, 99])
def test_the_hash_is_that_of_the_file(write: Write, skip: int, tmp_path: Path) -> None:
    path = write(tmp_path)
    reader = Reader(only_input(path), FIELDS, 10**6, skip)
    assert reader.sha256 == ""
    assert len(list(reader)) == max(60 - skip, 0)
    assert reader.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


LINES = st.lists(
    st.one_of(
        st.binary(max_size=30),
        st.sampled_from([b"", b"  ", b'{"text": "\xff"}', b'{"text": ""}', b'{"text": 1}', b"[" * 5000]),
        st.text(min_size=1, max_size=100).map(lambda text: json.dumps({"text": text}).encode()),
    ),
    max_size=20,
)


@given(LINES, st.integers(1, 40), st.integers(0, 22), st.sampled_from(["jsonl", "jsonl.gz", "jsonl.zst"]))
def test_blocks_and_skips_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], block: int, skip: int, ending: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"any.{ending}"
    data = b"\n".join(lines)
    shown = data.removeprefix(b"\xef\xbb\xbf")
    path.write_bytes({"jsonl.gz": gzip.compress, "jsonl.zst": zstandard.compress}.get(ending, bytes)(data))
    whole = read(path, Fields(), 90)
    numbers = [number for number, line in enumerate(shown.split(b"\n"), 1) if line.decode(errors="replace").strip()]
    assert [one.line for one in whole] == numbers
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opened, "_BLOCK", block)
        patch.setattr(opened, "_PIECE", {"gz": 3, "zst": 3})
        assert read(path, Fields(), 90, skip) == [one for one in whole if one.line > skip]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": "Fi', "malformed JSON"),
        (b'{"text": "a\tb"}', "malformed JSON"),
        (b'{"text": "x"} {"text": "y"}', "malformed JSON"),
        (b'{"text": "x", "n": ' + b"[" * 20_000, "malformed JSON"),
        (b'{"text": "x", "n": ' + b"7" * 5000 + b"}", "malformed JSON"),
        (b"\x00", "malformed JSON"),
        (b'{"text": "\xff"}', "not UTF-8"),
        (b'{"text": "\xed\xa0\x80"}', "not UTF-8"),
        (b'{"text": "\\ud800"}', "lone surrogate"),
        (b'{"text": "x", "id": "\\udc00"}', "lone surrogate"),
        (b'{"text": 7}', "no string field `text`"),
        (b'{"text": null}', "empty text"),
        (b'{"Text": "x"}', "no string field `text`"),
        (b'["text"]', "no string field `text`"),
        (b'"text"', "no string field `text`"),
        (b'{"text": ""}', "empty text"),
        (b'{"text": " \\n\\u3000"}', "empty text"),
        (b'{"text": "' + b"x" * 1001 + b'"}', "longer than max_doc_bytes"),
        (b'{"text": "' + "ü".encode() * 501 + b'"}', "longer than max_doc_bytes"),
        (b'{"text": "' + b"x" * 300_000 + b'"}', "longer than max_doc_bytes"),
        (b'{"text": "x"}', "no usable field `id`"),
        (b'{"text": "x", "id": true}', "no usable field `id`"),
        (b'{"text": "x", "id": 1, "group": {}}', "no usable field `group`"),
        (b'{"text": "x", "id": 1, "group": ["a"]}', "no usable field `group`"),
        (b'{"text": "x", "id": 1, "group": "a", "order": null}', "no usable field `order`"),
        (
            b'{"text": "x", "id": 1, "group": "a", "order": 9223372036854775808}',
            "no text or whole number of 64 bits in field `order`",
        ),
    ],
)
def test_what_cannot_be_used_is_counted_with_its_line(line: bytes, reason: str, tmp_path: Path) -> None:
    good = as_lines([{"text": "Good.", "id": 1, "group": "g", "order": 2}])
    (tmp_path / "a.jsonl").write_bytes(good + b"\n" + line + b"\n \t\n" + good)
    found = read(tmp_path / "a.jsonl", Fields(id="id", group="group", order="order"), 1000)
    assert found == [Record(1, b"Good.", "1", "g", 2), Bad(3, reason), Record(5, b"Good.", "1", "g", 2)]


def test_what_is_unusual_but_right_is_read(tmp_path: Path) -> None:
    lines = (
        b'{"text": "x", "n": NaN, "s": "\\ud800"}',
        b'{"text": "' + b"\\u0416" * 50_000 + b'"}',
        b'{"text": "\\u0000"}',
    )
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(lines))
    texts = [one.text for one in read(tmp_path / "a.jsonl", Fields(), 100_000) if isinstance(one, Record)]
    assert texts == [b"x", "Ж".encode() * 50_000, b"\x00"]


def damaged(folder: Path, ending: str) -> Iterator[tuple[Path, int]]:
    """Compressed files that are cut short or changed, and the lines that are whole in each at least."""
    rows = [{"text": hashlib.sha512(bytes([number])).hexdigest() * 9} for number in range(200)]
    compress = gzip.compress if ending == "gz" else zstandard.ZstdCompressor(write_checksum=True).compress
    first, second = (compress(as_lines(part)) for part in (rows[:120], rows[120:]))
    changed = bytearray(first + second)
    changed[len(first) + len(second) // 2] ^= 255
    cases = [(first + second[:size], 120) for size in (1, 7, len(second) // 2, len(second) - 1)]
    cases += [(first[: len(first) // 2], 0), (b"", 0), (b"no such file", 0)]
    cases += [(first + second + b"more", 200), (first + b"more", 120), (bytes(changed), 120)]
    for number, (data, at_least) in enumerate(cases):
        path = folder / f"{number}.jsonl.{ending}"
        path.write_bytes(data)
        yield path, at_least


@pytest.mark.parametrize("ending", ["gz", "zst"])
def test_a_damaged_file_gives_what_is_whole_and_the_line_of_its_end(ending: str, tmp_path: Path) -> None:
    lengths: set[int] = set()
    for path, at_least in damaged(tmp_path, ending):
        reader = Reader(only_input(path), Fields(), 10**6)
        *whole, last = reader
        assert isinstance(last, Damage)
        assert last.line == len(whole) + 1
        assert last.reason.startswith(f"cannot be read after line {len(whole)} (")
        assert all(isinstance(one, Record) for one in whole)
        assert len(whole) >= at_least
        assert reader.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        for skip in (at_least, len(whole), len(whole) + 1):
            assert read(path, Fields(), skip=skip) == [*whole, last][skip:]
        lengths.add(len(whole))
    assert {0, 120, 200} <= lengths


def zeros(name: str) -> Iterator[bytes]:
    """Gigabytes of nothing, in some thousand bytes."""
    compressor = zlib.compressobj(wbits=31) if name.endswith("gz") else zstandard.ZstdCompressor().compressobj()
    for _ in range(256 if name.endswith("gz") else 2048):
        yield compressor.compress(bytes(1 << 20))
    yield compressor.flush()


@pytest.mark.parametrize("name", ["a.jsonl.zst", "a.jsonl.gz", "a.txt.zst", "a.txt.gz"])
def test_a_file_that_grows_without_end_is_refused_by_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"".join(zeros(name)))
    assert (tmp_path / name).stat().st_size < 1 << 20
    tracemalloc.start()
    refused(tmp_path / name, rf"{name} grows to more than 500 times its size when it is decompressed: leave", 10**9)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300 * 2**20


@pytest.mark.parametrize("name", ["a.jsonl.zst", "a.jsonl.gz"])
def test_much_repetition_in_little_text_is_fine(name: str, tmp_path: Path) -> None:
    data = as_lines([{"text": "x" * 10**7}] * 6)
    packed = gzip.compress(data, 9) if name.endswith("gz") else zstandard.compress(data)
    assert len(data) / len(packed) > 500
    (tmp_path / name).write_bytes(packed)
    assert [len(one.text) for one in read(tmp_path / name, Fields(), 10**7) if isinstance(one, Record)] == [10**7] * 6


def test_a_huge_window_is_refused_by_name(tmp_path: Path) -> None:
    for window_log, refusal in ((27, False), (28, True)):
        parameters = zstandard.ZstdCompressionParameters(window_log=window_log, hash_log=10, chain_log=10)
        compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
        (tmp_path / "a.jsonl.zst").write_bytes(compressor.compress(as_lines(ROWS)) + compressor.flush())
        if refusal:
            refused(tmp_path / "a.jsonl.zst", r"a\.jsonl\.zst needs a window of more than 128 MiB: compress it again")
        else:
            assert read(tmp_path / "a.jsonl.zst") == EXPECTED


def test_a_table_that_grows_without_end_is_refused_by_name(tmp_path: Path) -> None:
    plain: dict[str, Any] = {"compression": "zstd", "use_dictionary": False, "write_statistics": False}
    pq.write_table(pa.table({"text": ["x" * 2**27], "id": [1]}), tmp_path / "a.parquet", **plain)
    refused(tmp_path / "a.parquet", r"a\.parquet grows to more than 500 times its size", 2**30)
    pq.write_table(pa.table({"text": ["x" * 2**27, "y"]}), tmp_path / "a.parquet", row_group_size=1, **plain)
    refused(tmp_path / "a.parquet", r"a\.parquet grows to more than 500 times its size", 2**30)
    assert read(tmp_path / "a.parquet", Fields(), skip=1) == [Record(2, b"y", None, None, None)], "nobody looks at it"
    pq.write_table(pa.table({"text": ["x"], "bytes": [bytes(2**27)]}), tmp_path / "b.parquet", **plain)
    assert read(tmp_path / "b.parquet", Fields()) == [Record(1, b"x", None, None, None)]


def peak_bytes(path: Path, max_doc_bytes: int) -> tuple[int, list[Record | Bad | Damage]]:
    """What reading takes at most."""
    reader = Reader(only_input(path), Fields(), max_doc_bytes)
    tracemalloc.start()
    try:
        found = list(reader)
        return tracemalloc.get_traced_memory()[1], found
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("ending", ["jsonl", "jsonl.zst"])
def test_a_huge_line_is_never_held(ending: str, tmp_path: Path) -> None:
    line = b'{"text": "' + np.random.default_rng(0).bytes(25 * 10**6).hex().encode() + b'"}\n'
    data = as_lines([{"text": "a"}]) + line * 2 + as_lines([{"text": "b"}])
    (tmp_path / f"a.{ending}").write_bytes(data if ending == "jsonl" else zstandard.compress(data))
    peak, found = peak_bytes(tmp_path / f"a.{ending}", 1000)
    too_long = "longer than max_doc_bytes"
    assert [one.text if isinstance(one, Record) else one for one in found] == [
        b"a", Bad(2, too_long), Bad(3, too_long), b"b",
    ]  # fmt: skip
    assert peak < 8 * 2**20 < len(line)


def test_a_huge_text_is_never_held(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"Text. " * 10**7)
    peak, found = peak_bytes(tmp_path / "a.txt", 1000)
    assert found == [Bad(1, "longer than max_doc_bytes")]
    assert peak < 8 * 2**20


def test_a_row_group_is_never_held(tmp_path: Path) -> None:
    texts = [np.random.default_rng(number).bytes(500_000).hex() for number in range(60)]
    pq.write_table(pa.table({"text": texts}), tmp_path / "a.parquet", use_dictionary=False, write_batch_size=1)
    before = pa.total_allocated_bytes()
    most = 0
    found: list[tuple[int, int]] = []
    for one in Reader(only_input(tmp_path / "a.parquet"), Fields(), 10**6):
        most = max(most, pa.total_allocated_bytes() - before)
        found.append((one.line, len(one.text) if isinstance(one, Record) else 0))
    assert found == [(line, 10**6) for line in range(1, 61)]
    assert 0 < most < 30 * 2**20


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        ("a.txt", b"\xef\xbb\xbf Text.\n\nMore.\n", b" Text.\n\nMore.\n"),
        ("a.md", b"# Title", b"# Title"),
        ("a.txt.gz", gzip.compress(b"Text.", mtime=0), b"Text."),
        ("a.txt.zst", zstandard.compress(b"Te") + zstandard.compress(b"xt."), b"Text."),
        ("a.txt", b"x" * 100, b"x" * 100),
        ("a.txt", b"x" * 101, "longer than max_doc_bytes"),
        ("a.txt", b" \n\n", "empty text"),
        ("a.txt", b"", "empty text"),
        ("a.txt", b"Text.\xff", "not UTF-8"),
        ("a.txt.gz", gzip.compress(b"Text.", mtime=0)[:-1], Damage(1, "cannot be read to its end (it ends too early)")),
        ("a.txt.zst", zstandard.compress(b"Text.")[:-1], Damage(1, "cannot be read to its end (it ends too early)")),
    ],
)
def test_a_file_of_text_is_one_record(name: str, data: bytes, found: bytes | str | Damage, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    reader = Reader(only_input(path), FIELDS, 100)
    expected = Record(1, found, str(path), None, None) if isinstance(found, bytes) else found
    expected = Bad(1, found) if isinstance(found, str) else expected
    assert list(reader) == [expected]
    assert reader.sha256 == hashlib.sha256(data).hexdigest()
    assert read(path, skip=1) == []


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.dictionary(pa.int32(), pa.string()),
        pa.dictionary(pa.int8(), pa.large_string()),
        pa.binary(),
    ],
    ids=str,
)
def test_tables_hold_text_in_many_types(kind: pa.DataType, tmp_path: Path) -> None:
    texts = ["Text 湖🪵", None, "", " ", "x" * 101, "Text 湖🪵"]
    array = pa.array(texts, pa.binary() if pa.types.is_binary(kind) else pa.string()).cast(kind)
    pq.write_table(pa.table({"text": array, "n": pa.array(range(6), pa.uint8())}), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet", Fields(order="n"), 100) == [
        Record(1, texts[0].encode(), None, None, 0),
        Bad(2, "empty text"),
        Bad(3, "empty text"),
        Bad(4, "empty text"),
        Bad(5, "longer than max_doc_bytes"),
        Record(6, texts[0].encode(), None, None, 5),
    ]


@pytest.mark.parametrize("write", [write_lines, write_parquet, write_dataset])
def test_a_field_can_serve_twice(write: Write, tmp_path: Path) -> None:
    found = read(write(tmp_path), Fields(text="body", id="name", group="name"))
    assert found == [replace(one, group=one.id, order=None) for one in EXPECTED]


def test_bad_values_of_a_table_are_counted(tmp_path: Path) -> None:
    wrong = pa.array([b"\xff", b"x", b"x"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"text": wrong, "id": ["a", None, "c"]}), tmp_path / "a.parquet")
    found = read(tmp_path / "a.parquet", Fields(id="id"))
    assert found == [
        Bad(1, "not UTF-8"), Record(2, b"x", None, None, None), Record(3, b"x", "c", None, None),
    ]  # fmt: skip


def test_a_damaged_row_group_is_told_with_its_rows_unless_it_is_skipped(tmp_path: Path) -> None:
    path = write_parquet(tmp_path)
    data = bytearray(path.read_bytes())
    start = pq.read_metadata(path).row_group(1).column(1).dictionary_page_offset
    data[start : start + 30] = b"\xff" * 30
    path.write_bytes(data)
    whole = read(path)
    assert [*whole[:13], *whole[14:]] == [*EXPECTED[:13], *EXPECTED[26:]]
    assert isinstance(whole[13], Damage)
    assert whole[13].line == 14
    assert whole[13].reason.startswith("has lost rows 14 to 26 (")
    for skip in (0, 5, 13, 14, 26, 40):
        assert read(path, skip=skip) == [one for one in whole if one.line > skip]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"body": ["x"], "n": [1]}, r"a\.parquet has no column 'text': name one of body, n$"),
        ({"text": ["x"], "n": [1]}, r"a\.parquet has no column 'id': name one of text, n$"),
        (
            {"text": [[1]], "id": [1]},
            r"column 'text' of .*a\.parquet must hold text, got list<element: int64>: name ano",
        ),
        ({"text": [1], "id": [1]}, r"column 'text' of .*a\.parquet must hold text, got int64"),
        (
            {"text": ["x"], "id": [[1]]},
            r"column 'id' of .*a\.parquet must hold text, numbers, dates or UUIDs, got list",
        ),
        (
            {"text": ["x"], "id": [True]},
            r"column 'id' of .*a\.parquet must hold text, numbers, dates or UUIDs, got bool",
        ),
    ],
)
def test_a_table_without_the_columns_is_refused(table: dict[str, Any], message: str, tmp_path: Path) -> None:
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    refused(tmp_path / "a.parquet", message, fields=Fields(id="id"))


def test_a_dataset_without_the_column_is_refused(tmp_path: Path) -> None:
    refused(
        write_dataset(tmp_path),
        r"saved/data-\S*arrow has no column 'text': name one of body, name, repo, path$",
        fields=Fields(),
    )


def test_a_dataset_that_cannot_be_read_to_its_end_fails(tmp_path: Path) -> None:
    for size, error in ((None, None), (-9, LcdataError)):
        (tmp_path / "a.jsonl").write_bytes(as_lines(ROWS)[:size])
        source = Input(f"datasets:{tmp_path}?split=train", "dataset", None, 0, "main")
        with nullcontext() if error is None else pytest.raises(error, match=r"^inputs: datasets:.* cannot be read \("):
            assert list(Reader(source, FIELDS, 10**6)) == EXPECTED


def refused(path: Path, message: str, max_doc_bytes: int = 10**6, fields: Fields | None = None) -> None:
    """Assert that the file is refused in one line, and not only after much of it was held."""
    with pytest.raises(UsageError, match=f"^inputs: .*{message}") as caught:
        read(path, fields or Fields(), max_doc_bytes)
    assert "\n" not in str(caught.value)


def test_the_real_corpus_is_read_whole() -> None:
    path = Path(__file__).parents[4] / "shared" / "corpus" / "code_repos.jsonl.zst"
    if not path.is_file():
        pytest.skip("the corpus is not there")
    found = read(path, Fields(group="repo", order="path"))
    assert [one.line for one in found] == list(range(1, 7665))
    assert sum(len(one.text) for one in found if isinstance(one, Record)) == 57_659_549
