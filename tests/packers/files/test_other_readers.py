"""Readers of Rust and JavaScript read rows whole and by ranges, and Lance and Vortex keep them."""

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lcdata.packers.files.arrays import int32_lists
from lcdata.packers.files.parquet import row_writer
from lcdata.schemas.tables import row_schema

SCHEMA = row_schema()
NODE = Path(__file__).with_name("readers")
RANGES = [(0, 5), (7, 5), (133, 2), (500, 1)]


@pytest.fixture(scope="module")
def table() -> pa.Table:
    """600 rows of 1 to 400 random numbers or of numbers that count, in every column."""
    rng = np.random.default_rng(1)
    lengths = rng.integers(1, 400, 600)
    rows = [
        np.arange(length) if number % 3 else rng.integers(0, 2**17, length) for number, length in enumerate(lengths)
    ]
    values = np.concatenate(rows).astype(np.int32)
    columns = [int32_lists([0, *np.cumsum(lengths).tolist()], values) for _ in SCHEMA.names]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


@pytest.fixture(scope="module")
def file(table: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows in one row group, of many pages, so that a range starts inside of a page."""
    path = tmp_path_factory.mktemp("readers") / "rows.parquet"
    with path.open("wb") as sink, row_writer(sink, with_labels=True) as writer:
        writer.write_table(table)
    return path


@pytest.mark.parametrize("reader", ["parquet-wasm", "hyparquet"])
@pytest.mark.parametrize(("first", "count"), RANGES)
def test_javascript_reads_any_range(reader: str, first: int, count: int, file: Path, table: pa.Table) -> None:
    if shutil.which("node") is None or not (NODE / "node_modules").is_dir():
        pytest.skip("its packages are not installed: `make readers` installs them where there is Node.js")
    command = ["node", "read.mjs", reader, str(file), str(first), str(count)]
    done = subprocess.run(command, cwd=NODE, capture_output=True, text=True)
    assert json.loads(done.stdout or "null") == table.slice(first, count).to_pylist(), done.stderr


@pytest.mark.needs("datafusion", "arro3.io")
def test_rust_reads_all_and_any_range(file: Path, table: pa.Table) -> None:
    import arro3.io
    import datafusion

    assert pa.table(arro3.io.read_parquet(file).read_all()).cast(SCHEMA).equals(table)
    context = datafusion.SessionContext()
    context.register_parquet("rows", str(file))
    for first, count in RANGES:
        found = context.sql(f"SELECT * FROM rows OFFSET {first} LIMIT {count}").collect()
        assert pa.Table.from_batches(found).cast(SCHEMA).equals(table.slice(first, count))


IN_LANCE = """
import sys

import lance
import pyarrow.parquet as pq

folder, *some = sys.argv[1:]
dataset = lance.write_dataset(pq.read_table(f"{folder}/rows.parquet"), f"{folder}/rows.lance")
pq.write_table(dataset.to_table(), f"{folder}/all.parquet")
pq.write_table(dataset.take([int(row) for row in some]), f"{folder}/some.parquet")
"""


def test_lance_keeps_rows(file: Path, table: pa.Table) -> None:
    """In a process of its own: once it is imported, no process can fork without a warning."""
    if find_spec("lance") is None:
        pytest.skip("lance is not installed: `make readers` installs it")
    some = np.random.default_rng(0).permutation(table.num_rows)[:9].tolist()
    subprocess.run([sys.executable, "-c", IN_LANCE, str(file.parent), *map(str, some)], check=True)
    assert pq.read_table(file.parent / "all.parquet").cast(SCHEMA).equals(table)
    assert pq.read_table(file.parent / "some.parquet").cast(SCHEMA).equals(table.take(some))


@pytest.mark.needs("vortex")
def test_vortex_keeps_rows(table: pa.Table, tmp_path: Path) -> None:
    import vortex

    path = str(tmp_path / "rows.vortex")
    vortex.io.write(vortex.array(table), path)
    assert pa.table(vortex.open(path).to_arrow()).cast(SCHEMA).equals(table)


@pytest.mark.needs("fastparquet")
@pytest.mark.filterwarnings("ignore:Exception ignored")  # it leaves the file open
def test_fastparquet_refuses_rows(file: Path) -> None:
    """It knows BYTE_STREAM_SPLIT of no integers; a version that does ends the sentence on it in docs/formats.md."""
    import fastparquet

    with pytest.raises(NotImplementedError, match="Encoding 9"):
        fastparquet.ParquetFile(str(file)).to_pandas()
