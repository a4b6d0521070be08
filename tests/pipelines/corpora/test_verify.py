"""`lcdata verify STORE`: what was written, and an index that describes it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Run
from sealing import rewrite_manifest


@pytest.fixture
def corpus(tmp_path: Path, lcdata: Run, small: str) -> Path:
    """A stored corpus."""
    lines = [json.dumps({"text": f"document {number} " * (number % 50 + 1)}) for number in range(300)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    assert lcdata("ingest", "a.jsonl", "--name", "c", "--tokenizer", small, "--buckets", "100,200").returncode == 0
    return tmp_path / "store/c"


def test_a_store_holds(corpus: Path, lcdata: Run) -> None:
    checked = lcdata("verify", "store")
    assert checked.returncode == 0, checked.stdout
    assert "store/c holds: 3 files, 300 documents" in checked.stdout
    told = json.loads(lcdata("verify", "store", "--json").stdout)
    assert (told["event"], told["path"], told["holds"]) == ("corpus_verdict", str(corpus), True)
    assert (told["files"], told["documents"], told["problems"]) == (3, 300, [])


def _cut(corpus: Path) -> None:
    file = next(corpus.glob("tokens/*/*.parquet"))
    file.write_bytes(file.read_bytes()[:-1])


def _remove(corpus: Path) -> None:
    next(corpus.glob("tokens/*/*.parquet")).unlink()


def _change_index(corpus: Path) -> None:
    (corpus / "index.parquet").write_bytes(b"PAR1")


def _unbalance(corpus: Path) -> None:
    manifest = json.loads((corpus / "corpus.json").read_text())
    rewrite_manifest(corpus / "corpus.json", {**manifest, "documents_read": 301})


def _swap(corpus: Path) -> None:
    """Put one bucket's file in another's place, hashes and all."""
    manifest = json.loads((corpus / "corpus.json").read_text())
    one, other = manifest["files"][:2]
    first, second = (corpus / file["path"] for file in (one, other))
    data = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(data)
    one["path"], other["path"] = other["path"], one["path"]
    rewrite_manifest(corpus / "corpus.json", manifest)


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (_cut, "is missing or damaged"),
        (_remove, "is missing or damaged"),
        (_change_index, "index.parquet is missing or damaged"),
        (_unbalance, "the ledger does not balance"),
        (_swap, "holds other documents than the index says"),
    ],
)
def test_damage_is_found(damage: Callable[[Path], None], problem: str, corpus: Path, lcdata: Run) -> None:
    damage(corpus)
    checked = lcdata("verify", "store/c")
    assert checked.returncode == 3
    assert problem in checked.stdout
