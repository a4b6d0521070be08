"""What an ingest loses is measured, named and refused unless it is allowed."""

import gzip
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
import zstandard
from conftest import Run

from lcdata.generators.sources.inputs import find_inputs
from lcdata.pipelines.build import build
from lcdata.pipelines.corpora import read
from lcdata.pipelines.corpora.ingest import ingest
from lcdata.schemas.corpus import Gates, IngestRecipe
from lcdata.schemas.errors import UsageError
from lcdata.schemas.events.event import Event
from lcdata.schemas.events.ingesting import PartRead


def lines(first: int, count: int) -> bytes:
    rows = [{"text": f"Document {number} tells about river {number * 7}."} for number in range(first, first + count)]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def manifest_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "corpus.json").read_text())


def test_files_cut_in_half_stop_an_ingest_and_are_named_with_what_they_gave(
    tmp_path: Path, lcdata: Run, small: str
) -> None:
    (tmp_path / "in").mkdir()
    for number in range(3):
        data = lines(number * 400, 400)
        packed = zstandard.compress(data[:9000]) + zstandard.compress(data[9000:])
        cut = len(zstandard.compress(data[:9000])) + 40
        (tmp_path / f"in/{number}.jsonl.zst").write_bytes(packed[:cut] if number else packed)
    command = ("ingest", "in", "--name", "c", "--tokenizer", small)
    gave = data[:9000].count(b"\n")
    for allowed in ("0", "1", "33%", "0.5"):
        failed = lcdata(*command, "--max-bad", "100%", "--allow-damaged-files", allowed)
        assert failed.returncode == 2, failed.stderr
        assert "lcdata: 2 of 3 files are damaged: in/1.jsonl.zst cannot be read after line" in failed.stderr
        assert f"(it ends too early), gave {gave} records; in/2.jsonl.zst cannot" in failed.stderr
        assert failed.stderr.splitlines()[-1].endswith("or go on with what they still give by --allow-damaged-files 2")
        assert not (tmp_path / "store/c").exists()
    done = lcdata(*command, "--allow-damaged-files", "67%")
    assert done.returncode == 0, done.stderr
    assert "2 damaged (files, in part)" in done.stdout
    assert f"damaged in/2.jsonl.zst cannot be read after line {gave} (it ends too early), gave {gave}" in " ".join(
        done.stdout.split()
    )
    manifest = manifest_of(tmp_path / "store/c")
    assert [(one["url"], one["records"]) for one in manifest["damaged"]] == [
        ("in/1.jsonl.zst", gave), ("in/2.jsonl.zst", gave),
    ]  # fmt: skip
    assert manifest["bad"] == {}
    assert manifest["documents"] == manifest["records"] == 400 + 2 * gave
    assert lcdata("verify", "store").returncode == 0
    again = lcdata(*command)
    assert again.returncode == 2, "a finished corpus keeps no other promise"
    assert "2 of 3 files are damaged" in again.stderr
    events = [json.loads(line) for line in lcdata(*command, "--allow-damaged-files", "2", "--json").stdout.splitlines()]
    assert len(events[-1]["manifest"]["damaged"]) == 2


@pytest.mark.parametrize("value", ["lots", "-1", "1.5", "101%", ""])
def test_what_may_be_damaged_is_a_number_or_a_share(value: str, tmp_path: Path, lcdata: Run) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(0, 1))
    failed = lcdata("ingest", "a.jsonl", "--name", "c", f"--allow-damaged-files={value}")
    assert failed.returncode == 2
    assert "--allow-damaged-files must be a number such as 3 or a share such as 0.3 or 30%, got" in failed.stderr


def test_a_finished_corpus_meets_another_gate(tmp_path: Path, lcdata: Run, small: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(0, 50) + b'{"text": ""}\n')
    command = ("ingest", "a.jsonl", "--name", "c", "--tokenizer", small)
    assert lcdata(*command, "--max-bad", "5%").returncode == 0
    stricter = lcdata(*command)
    assert stricter.returncode == 2
    assert "1 of 51 records cannot be used (1.96%), more than --max-bad 0.10%: a.jsonl:51 empty text" in stricter.stderr


def test_what_a_folder_holds_and_is_not_read_is_told(tmp_path: Path, lcdata: Run, small: str) -> None:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.jsonl").write_bytes(lines(0, 3))
    (folder / "b.json.gz").write_bytes(gzip.compress(lines(3, 3)))
    for name in ("c.docx", "sub/d.pdf", ".hidden"):
        (folder / name).write_bytes(b"?")
    (folder / "broken.jsonl").symlink_to("nowhere.jsonl")
    (folder / "linked").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "pipe.jsonl")
    done = lcdata("ingest", "in", "--name", "c", "--tokenizer", small)
    assert done.returncode == 0, done.stderr
    counts = {
        "a broken link": 1, "a linked folder": 1, "hidden": 1, "no regular file": 1, "of an ending that is not read": 2,
    }  # fmt: skip
    manifest = manifest_of(tmp_path / "store/c")
    assert manifest["passed_over"] == counts
    assert {one["url"] for one in manifest["first_passed_over"]} == {
        f"in/{name}" for name in ("c.docx", "sub/d.pdf", ".hidden", "broken.jsonl", "linked", "pipe.jsonl")
    }
    assert manifest["documents"] == 6
    assert "2 of an ending that is not read (not read)" in " ".join(done.stdout.split())
    assert "in/broken.jsonl a broken link" in " ".join(done.stdout.split())
    assert "warning: not all that lies among the inputs is read: 1 a broken link, " in done.stderr
    again = lcdata("ingest", "in", "--name", "c", "--tokenizer", small)
    assert again.returncode == 0
    assert "1 a broken link" in " ".join(again.stdout.split())


def test_folders_that_may_not_be_read_or_are_met_by_a_glob_are_told(tmp_path: Path) -> None:
    for folder in ("a/open", "a/shut"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "x.jsonl").write_bytes(lines(0, 1))
    (tmp_path / "a/y.jsonl").write_bytes(lines(0, 1))
    (tmp_path / "a/shut").chmod(0)
    is_root = os.geteuid() == 0
    if is_root:
        for folder in (tmp_path, *tmp_path.parents):
            if folder.is_relative_to(tempfile.gettempdir()) and folder != Path(tempfile.gettempdir()):
                folder.chmod(0o755)
        os.seteuid(65534)
    try:
        found = find_inputs([str(tmp_path / "a")])
    finally:
        if is_root:
            os.seteuid(0)
        (tmp_path / "a/shut").chmod(0o755)
    assert [one.url for one in found.inputs] == [f"{tmp_path}/a/open/x.jsonl", f"{tmp_path}/a/y.jsonl"]
    assert found.passed_over == [(f"{tmp_path}/a/shut", "a folder that may not be read")]
    globbed = find_inputs([f"{tmp_path}/a/*"])
    assert [one.url for one in globbed.inputs] == [f"{tmp_path}/a/y.jsonl"]
    assert [reason for _, reason in globbed.passed_over] == ["a folder, which a glob does not enter"] * 2
    assert find_inputs([f"{tmp_path}/a/**/*"]).passed_over == []


def test_empty_shards_lose_nothing(tmp_path: Path, lcdata: Run, small: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    (tmp_path / "in").mkdir()
    pq.write_table(pa.table({"text": ["One.", "Two."]}), tmp_path / "in/0.parquet")
    pq.write_table(pa.table({"text": pa.nulls(0)}), tmp_path / "in/1.parquet")
    pq.write_table(pa.table({"text": pa.nulls(7)}), tmp_path / "in/2.parquet")
    pq.write_table(pa.table({}), tmp_path / "in/3.parquet")
    done = lcdata("ingest", "in", "--name", "c", "--tokenizer", small)
    assert done.returncode == 0, done.stderr
    manifest = manifest_of(tmp_path / "store/c")
    assert (manifest["documents"], manifest["records"]) == (2, 9)
    assert manifest["bad"] == {"in a column without any value": 7}
    assert lcdata("verify", "store").returncode == 0


def test_gates_are_refused_where_nothing_is_ingested(tmp_path: Path, lcdata: Run) -> None:
    (tmp_path / "mix.yaml").write_text("name: m\nseq_length: 1k\nmix:\n  - {task: kv, length: 1k, n: 2}\n")
    for option in ("--max-bad=1%", "--allow-damaged-files=1"):
        failed = lcdata("build", "mix.yaml", option)
        assert failed.returncode == 2
        assert f"{option.partition('=')[0]} is for recipes that ingest: leave it out" in failed.stderr


def test_inputs_without_a_document_are_refused_with_what_was_met(tmp_path: Path, lcdata: Run, small: str) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": ""}\n{"text": 7}\n')
    (tmp_path / "b.jsonl.gz").write_bytes(b"no gzip")
    options = ("--name", "c", "--tokenizer", small, "--max-bad", "100%", "--allow-damaged-files", "100%")
    refused = lcdata("ingest", "a.jsonl", "b.jsonl.gz", *options)
    assert refused.returncode == 2
    said = refused.stderr.splitlines()[-1]
    assert "1 empty text; 1 no string field `text`; b.jsonl.gz cannot be read" in said
    assert said.endswith(": check the inputs, --text and --id")


def test_a_build_has_the_gates_of_its_ingest(tmp_path: Path, lcdata: Run, small: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(0, 50) + b'{"text": ""}\n')
    (tmp_path / "b.jsonl.gz").write_bytes(b"no gzip")
    recipe = {
        "name": "m",
        "seq_length": 256,
        "tokens": 500,
        "tokenizer": {"source": small},
        "mix": [{"corpus": "c"}],
        "ingest": [{"name": "c", "inputs": ["a.jsonl", "b.jsonl.gz"]}],
    }
    (tmp_path / "mix.yaml").write_text(json.dumps(recipe))
    for options, said in {
        (): "1 of 2 files is damaged: b.jsonl.gz",
        ("--allow-damaged-files", "1"): "1 of 51 records cannot be used",
        ("--max-bad", "2%"): "1 of 2 files is damaged: b.jsonl.gz",
    }.items():
        refused = lcdata("build", "mix.yaml", *options)
        assert refused.returncode == 2
        assert said in refused.stderr
    there: dict[str, Any] = {"store": tmp_path / "third", "workers": 0}
    with pytest.raises(UsageError, match="1 of 51 records"):
        build(tmp_path / "mix.yaml", tmp_path / "python", allow_damaged_files=0.5, **there)
    assert build(tmp_path / "mix.yaml", tmp_path / "python", allow_damaged_files=1, max_bad=0.02, **there).num_documents
    done = lcdata("build", "mix.yaml", "--allow-damaged-files", "50%", "--max-bad", "2%", "--store", "other")
    assert done.returncode == 0, done.stderr
    assert manifest_of(tmp_path / "other/c")["damaged"][0]["url"] == "b.jsonl.gz"


class _StoppedError(Exception):
    """Stops an ingest in the middle."""


def test_damage_that_was_met_before_an_ingest_stopped_is_not_forgotten(
    tmp_path: Path, small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    monkeypatch.setattr(read, "PART_BYTES", 1 << 14)
    table = pa.table({"text": [f"Document {number:03} {'more ' * 60}" for number in range(400)]})
    options: dict[str, Any] = {"compression": "none", "use_dictionary": False, "row_group_size": 50}
    pq.write_table(table, tmp_path / "a.parquet", write_page_checksum=True, **options)
    data = bytearray((tmp_path / "a.parquet").read_bytes())
    data[data.index(b"Document 070") + 2] ^= 1
    (tmp_path / "a.parquet").write_bytes(data)
    recipe = IngestRecipe.model_validate(
        {"name": "c", "inputs": [str(tmp_path / "a.parquet")], "tokenizer": {"source": small}}
    )
    parts = 0

    def stop(event: Event) -> None:
        nonlocal parts
        parts += isinstance(event, PartRead)
        if parts == 4:
            raise _StoppedError

    with pytest.raises(_StoppedError):
        ingest(recipe, tmp_path / "store", stop)
    with pytest.raises(UsageError, match=r"1 of 1 files is damaged: .* has lost rows 51 to 100 .*, gave 350 records"):
        ingest(recipe, tmp_path / "store")
    done = ingest(recipe, tmp_path / "store", gates=Gates(damaged_files=1))
    assert (done.manifest["documents"], len(done.manifest["damaged"])) == (350, 1)
