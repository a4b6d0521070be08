"""`lcdata verify STORE`: what was written, and an index that describes it."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Run
from sealing import rewrite_manifest

from lcdata.pipelines.corpora.store import open_corpus
from lcdata.schemas.errors import QualityError


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


def test_a_flipped_bit_of_the_index_is_never_planned_with(corpus: Path, lcdata: Run, small: str) -> None:
    chance, index = random.Random(3), corpus / "index.parquet"
    whole = index.read_bytes()
    for place in [*chance.sample(range(len(whole)), 40), *range(len(whole) - 40, len(whole))]:
        broken = bytearray(whole)
        broken[place] ^= 1 << chance.randrange(8)
        index.write_bytes(broken)
        with pytest.raises(QualityError, match=rf"{index} is damaged, .*`lcdata ingest` with --overwrite"):
            _ = open_corpus(corpus).sizes
    ingest = ("ingest", "a.jsonl", "--name", "c", "--tokenizer", small, "--buckets", "100,200")
    draw = lcdata("gen", "--corpus", "store/c", "--length", "128", "--tokens", "2k", "--out", "drawn")
    assert draw.returncode == 3
    assert draw.stderr.splitlines()[-1].startswith(f"lcdata: {index} is damaged")
    assert lcdata("verify", "store").returncode == 3
    assert lcdata(*ingest, "--overwrite").returncode == 0
    assert index.read_bytes() == whole
    assert lcdata("verify", "store").returncode == 0


def test_a_flipped_bit_of_the_manifest_is_found(corpus: Path) -> None:
    chance, manifest = random.Random(4), corpus / "corpus.json"
    whole = manifest.read_bytes()
    for place in range(0, len(whole), 3):
        broken = bytearray(whole)
        broken[place] ^= 1 << chance.randrange(8)
        manifest.write_bytes(broken)
        with pytest.raises(QualityError, match=r"corpus\.json is damaged, it is not as it was written"):
            open_corpus(corpus)


def test_a_corpus_that_is_not_whole_is_not_called_stored(corpus: Path, lcdata: Run, small: str) -> None:
    ingest = ("ingest", "a.jsonl", "--name", "c", "--tokenizer", small, "--buckets", "100,200")
    file = next(corpus.glob("tokens/*/*.parquet"))
    whole = file.read_bytes()
    file.unlink()
    again = lcdata(*ingest)
    assert again.returncode == 2
    assert f"is not whole: its file {file.relative_to(corpus)} is missing or damaged" in again.stderr
    assert lcdata(*ingest, "--overwrite").returncode == 0
    assert file.read_bytes() == whole


def test_a_damaged_file_of_tokens_is_named_with_the_cure(corpus: Path, lcdata: Run) -> None:
    for file in corpus.glob("tokens/*/*.parquet"):
        data = bytearray(file.read_bytes())
        data[len(data) // 3] ^= 1
        file.write_bytes(data)
    draw = lcdata("gen", "--corpus", "store/c", "--length", "128", "--tokens", "2k", "--out", "drawn")
    assert draw.returncode == 3
    line = draw.stderr.splitlines()[-1]
    assert line.startswith(f"lcdata: {corpus}/tokens/")
    assert "`lcdata ingest` with --overwrite stores it again" in line


def _cut(corpus: Path) -> None:
    file = next(corpus.glob("tokens/*/*.parquet"))
    file.write_bytes(file.read_bytes()[:-1])


def _remove(corpus: Path) -> None:
    next(corpus.glob("tokens/*/*.parquet")).unlink()


def _change_index(corpus: Path) -> None:
    (corpus / "index.parquet").write_bytes(b"PAR1")


def _add(corpus: Path) -> None:
    (corpus / "tokens/.hidden").mkdir()


def _refinger(corpus: Path) -> None:
    manifest = json.loads((corpus / "corpus.json").read_text())
    manifest["recipe"]["header"] = ""
    rewrite_manifest(corpus / "corpus.json", manifest)


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
        (_add, "tokens/.hidden does not belong to the corpus"),
        (_refinger, "the fingerprint is not that of its recipe"),
        (_unbalance, "the ledger does not balance"),
        (_swap, "holds other documents than the index says"),
    ],
)
def test_damage_is_found(damage: Callable[[Path], None], problem: str, corpus: Path, lcdata: Run) -> None:
    damage(corpus)
    checked = lcdata("verify", "store/c")
    assert checked.returncode == 3
    assert problem in checked.stdout
