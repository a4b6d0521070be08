"""A corpus in, a token store out: exact ids, every document once, everything left out counted and named."""

import gzip
import hashlib
import json
import random
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from conftest import Run
from tokenizers import Tokenizer as Reference
from tokenizers import models

from lcdata.packers.files.token_store import TokenFile, token_path
from lcdata.packers.tokens import tokenizer as tokenizer_module
from lcdata.packers.tokens.tokenizer import Tokenizer, load_tokenizer
from lcdata.pipelines.corpora.ingest import ingest
from lcdata.pipelines.corpora.store import StoredCorpus, open_corpus
from lcdata.pipelines.run.where import Where
from lcdata.schemas.corpus import IngestRecipe
from lcdata.schemas.errors import LcdataError
from lcdata.schemas.tokens import TokenizerChoice

WORDS = (
    "the",
    "row",
    "of",
    "a",
    "dataset",
    "holds",
    "<|endoftext|>",
    "naïve",
    "日本語",
    "def",
    "f(x):",
    "return",
    "x\n",
)


def text(seed: int, num_words: int) -> str:
    """Some text."""
    return " ".join(random.Random(seed).choices(WORDS, k=num_words))


def write_jsonl(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Write JSON lines."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def stored_ids(corpus: StoredCorpus) -> dict[str, list[int]]:
    """The tokens of every document by its id, read by the index."""
    found: dict[str, list[int]] = {}
    for record in corpus.index("id", "tokens", "bucket", "unit", "row_group", "row").to_pylist():
        path = token_path(corpus.buckets.low(record["bucket"]), record["unit"])
        names, ends, flat = TokenFile(corpus.path, path).row_group(record["row_group"])
        row = record["row"]
        assert names[row] == record["id"]
        assert record["id"] not in found
        found[record["id"]] = flat[ends[row] : ends[row + 1]].tolist()
        assert len(found[record["id"]]) == record["tokens"]
        assert corpus.buckets.of(np.array([record["tokens"]]))[0] == record["bucket"]
    return found


def manifest_of(folder: Path) -> dict[str, Any]:
    """A corpus's manifest."""
    return json.loads((folder / "corpus.json").read_text())


TEXTS = {f"doc{number}": text(number, 5 + 40 * number) for number in range(60)}


def as_jsonl(path: Path) -> Path:
    write_jsonl(path / "a.jsonl", [{"name": name, "text": one} for name, one in TEXTS.items()])
    return path / "a.jsonl"


def as_gzip(path: Path) -> Path:
    (path / "a.jsonl.gz").write_bytes(gzip.compress(as_jsonl(path).read_bytes()))
    return path / "a.jsonl.gz"


def as_zstd(path: Path) -> Path:
    (path / "a.jsonl.zst").write_bytes(zstandard.compress(as_jsonl(path).read_bytes()))
    return path / "a.jsonl.zst"


def as_parquet(path: Path) -> Path:
    pq.write_table(pa.table({"name": list(TEXTS), "text": list(TEXTS.values())}), path / "a.parquet", row_group_size=7)
    return path / "a.parquet"


def as_folder(path: Path) -> Path:
    names = list(TEXTS)
    for part in range(3):
        records = [{"name": name, "text": TEXTS[name]} for name in names[part::3]]
        write_jsonl(path / f"part{part}.jsonl", records)
    return path


FORMATS = [as_jsonl, as_gzip, as_zstd, as_parquet, as_folder]


@pytest.mark.parametrize("write", FORMATS, ids=lambda write: write.__name__)
def test_every_format_gives_each_document_with_the_ids_of_tokenizers(
    write: Callable[[Path], Path], tmp_path: Path, lcdata: Run, small: str
) -> None:
    (tmp_path / "in").mkdir()
    source = write(tmp_path / "in")
    done = lcdata("ingest", source, "--name", "c", "--id", "name", "--tokenizer", small)
    assert done.returncode == 0, done.stderr
    tokenizer = load_tokenizer(TokenizerChoice(source=small))
    corpus = open_corpus(tmp_path / "store" / "c")
    expected = {name: tokenizer.encode_reference(one).tolist() for name, one in TEXTS.items()}
    assert all(tokenizer.identity.eos_id not in ids for ids in expected.values()), "text must not make control tokens"
    assert stored_ids(corpus) == expected
    assert corpus.manifest.tokens == sum(map(len, expected.values()))
    assert corpus.manifest.documents == corpus.manifest.documents_read == len(TEXTS)
    assert corpus.manifest.bytes == sum(len(one.encode()) for one in TEXTS.values())
    assert corpus.manifest.audited >= 1
    hashes = dict(zip(*(corpus.index("id", "sha256")[name].to_pylist() for name in ("id", "sha256")), strict=True))
    assert hashes == {name: hashlib.sha256(one.encode()).digest() for name, one in TEXTS.items()}


def test_buckets_are_folders_by_true_token_counts(tmp_path: Path, lcdata: Run, small: str) -> None:
    source = as_jsonl(tmp_path)
    done = lcdata("ingest", source, "--name", "c", "--tokenizer", small, "--buckets", "100,2k,1M")
    assert done.returncode == 0, done.stderr
    manifest = manifest_of(tmp_path / "store" / "c")
    assert [bucket["low"] for bucket in manifest["buckets"]] == [0, 100, 2048]
    assert sum(bucket["documents"] for bucket in manifest["buckets"]) == len(TEXTS)
    for bucket in manifest["buckets"]:
        files = list((tmp_path / f"store/c/tokens/bucket={bucket['low']}").glob("*.parquet"))
        lengths = [len(ids) for file in files for ids in pq.read_table(file)["input_ids"].to_pylist()]
        assert len(lengths) == bucket["documents"] > 0
        assert sum(lengths) == bucket["tokens"]
        assert min(lengths) >= bucket["low"]
        assert bucket["high"] is None or max(lengths) < bucket["high"]


def test_the_files_of_a_repository_become_one_document_in_order_of_their_paths(
    tmp_path: Path, lcdata: Run, small: str
) -> None:
    files = [("b", "z.py", "last"), ("a", "m.py", "only one\n"), ("b", "a/b.py", "first\n"), ("b", "a/c.py", "next")]
    for number, chosen in enumerate((files[:2], files[2:])):
        write_jsonl(
            tmp_path / f"{number}.jsonl", [{"repo": repo, "path": path, "text": one} for repo, path, one in chosen]
        )
    done = lcdata("ingest", "0.jsonl", "1.jsonl", "--name", "c", "--group-by", "repo", "--tokenizer", small)
    assert done.returncode == 0, done.stderr
    tokenizer = load_tokenizer(TokenizerChoice(source=small))
    decoded = {
        name: tokenizer.reference.decode(ids) for name, ids in stored_ids(open_corpus(tmp_path / "store/c")).items()
    }
    assert decoded == {
        "a": "=== m.py ===\nonly one\n",
        "b": "=== a/b.py ===\nfirst\n=== a/c.py ===\nnext\n=== z.py ===\nlast",
    }
    index = open_corpus(tmp_path / "store/c").index("id", "parts").to_pylist()
    assert {record["id"]: record["parts"] for record in index} == {"a": 1, "b": 3}


@pytest.mark.parametrize(("order", "expected"), [("order", "two ten "), ("given", "ten two ")])
def test_chapters_are_ordered_by_number_or_as_given(
    order: str, expected: str, tmp_path: Path, lcdata: Run, small: str
) -> None:
    chapters = [{"book": "b", "chapter": 10, "text": "ten "}, {"book": "b", "chapter": 2, "text": "two "}]
    write_jsonl(tmp_path / "a.jsonl", chapters)
    options = ("--group-by", "book", "--order-by", "chapter", "--order", order, "--header", "")
    done = lcdata("ingest", "a.jsonl", "--name", "c", *options, "--tokenizer", small)
    assert done.returncode == 0, done.stderr
    tokenizer = load_tokenizer(TokenizerChoice(source=small))
    (ids,) = stored_ids(open_corpus(tmp_path / "store/c")).values()
    first, second = expected.split()
    assert tokenizer.reference.decode(ids) == f"{first} \n{second} "


def test_exact_duplicates_are_dropped_and_counted(tmp_path: Path, lcdata: Run, small: str) -> None:
    names = [*range(20), 3, 3, 7]
    write_jsonl(tmp_path / "a.jsonl", [{"text": TEXTS[f"doc{number}"]} for number in names])
    assert lcdata("ingest", "a.jsonl", "--name", "c", "--tokenizer", small).returncode == 0
    manifest = manifest_of(tmp_path / "store/c")
    assert manifest["dropped"] == {"exact duplicate": 3}
    assert manifest["documents"] == 20
    assert manifest["documents_read"] == 23
    assert manifest["dropped_bytes"]["exact duplicate"] == sum(len(TEXTS[f"doc{n}"].encode()) for n in (3, 3, 7))
    lines = sorted(open_corpus(tmp_path / "store/c").index("line")["line"].to_pylist())
    assert lines == list(range(1, 21)), "the first of several is kept"


def test_what_cannot_be_used_is_counted_and_named_and_stops_the_ingest_above_a_share(
    tmp_path: Path, lcdata: Run, small: str
) -> None:
    lines = [json.dumps({"text": one}).encode() for one in TEXTS.values()]
    lines[3], lines[5], lines[9] = b'{"text": "cut', b'{"text": 7}', b'{"text": "\xff"}'
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(lines))
    stopped = lcdata("ingest", "a.jsonl", "--name", "c", "--tokenizer", small)
    assert stopped.returncode == 2
    assert "3 of 60 records cannot be used (5.00%), more than --max-bad 0.10%" in stopped.stderr
    for place in ("a.jsonl:4 ", "a.jsonl:6 ", "a.jsonl:10 "):
        assert place in stopped.stderr
    assert not (tmp_path / "store/c").exists()
    done = lcdata("ingest", "a.jsonl", "--name", "c", "--tokenizer", small, "--max-bad", "5%")
    assert done.returncode == 0, done.stderr
    manifest = manifest_of(tmp_path / "store/c")
    assert sum(manifest["bad"].values()) == 3
    assert [bad["line"] for bad in manifest["first_bad"]] == [4, 6, 10]
    assert manifest["documents"] + sum(manifest["bad"].values()) == manifest["records"] == 60
    assert "a.jsonl:4" in done.stdout


def test_documents_over_a_size_are_left_out_by_name(tmp_path: Path, lcdata: Run, small: str) -> None:
    files = [
        {"repo": repo, "path": f"{number}", "text": "x" * 900} for repo in "ab" for number in range(1 + (repo == "b"))
    ]
    write_jsonl(tmp_path / "a.jsonl", files)
    options = ("--group-by", "repo", "--max-doc-bytes", "1500", "--tokenizer", small)
    done = lcdata("ingest", "a.jsonl", "--name", "c", *options)
    assert done.returncode == 0, done.stderr
    assert "b is left out: it is longer than --max-doc-bytes" in done.stderr
    manifest = manifest_of(tmp_path / "store/c")
    assert manifest["dropped"] == {"longer than max_doc_bytes": 1}
    assert manifest["documents"] == 1


def test_a_second_ingest_does_nothing_and_another_one_is_refused(tmp_path: Path, lcdata: Run, small: str) -> None:
    source = as_jsonl(tmp_path)
    command = ("ingest", source, "--name", "c", "--tokenizer", small)
    assert lcdata(*command).returncode == 0
    before = (tmp_path / "store/c/corpus.json").stat().st_mtime_ns
    source.touch()
    again = lcdata(*command)
    assert again.returncode == 0, again.stderr
    assert "is stored already, nothing to do" in again.stdout
    assert (tmp_path / "store/c/corpus.json").stat().st_mtime_ns == before
    other = lcdata(*command, "--buckets", "4k")
    assert other.returncode == 2
    assert "c is stored and was made otherwise: recipe.buckets was" in other.stderr
    source.write_text(source.read_text().replace("dataset", "databank"))
    changed = lcdata(*command)
    assert changed.returncode == 2
    assert "made otherwise: inputs." in changed.stderr


MISTAKES = [
    (("ingest", "missing.jsonl", "--name", "c"), 2, "missing.jsonl"),
    (("ingest", "a.jsonl", "--name", "../c"), 2, "--name must be letters, digits"),
    (("ingest", "a.jsonl", "--name", "c", "--buckets", "4k,1k"), 2, "--buckets must rise"),
    (
        ("ingest", "a.jsonl", "--name", "c", "--max-bad", "lots"),
        2,
        "--max-bad must be a share such as 0.3 or 30%",
    ),
    (("ingest", "a.jsonl", "--name", "c", "--max-doc-bytes", "big"), 2, "--max-doc-bytes must be a count"),
    (("ingest", "a.jsonl", "--name", "c", "--text", "body"), 2, "no string field"),
    (("ingest", "a.jsonl", "--name", "c", "--tokenizer", "no/such/file.json"), 2, "no/such/file.json"),
    (("inspect", "store"), 2, "store"),
    (("gen", "--corpus", "store/c", "--length", "4k", "--tokens", "1k"), 2, "c is no stored corpus"),
    (("gen", "--corpus", "store/c", "--length", "4k"), 2, "--corpus needs --tokens"),
    (("gen", "--corpus", "store/c", "--length", "4k", "--tokens", "1k", "--n", "3"), 2, "--n is for --task"),
    (("gen", "--task", "kv", "--length", "4k", "--n", "3", "--tokens", "1k"), 2, "--tokens is for --corpus"),
    (("gen", "--corpus", "store/c=2", "--length", "4k", "--tokens", "1k"), 2, "--corpus must be a share such as"),
    (("gen", "--corpus", "store/c", "--length", "4k", "--tokens", "1k", "--loss", "all"), 2, "--loss is for --task"),
    (("gen", "--corpus", "c", "--length", "4k..8k", "--tokens", "1k"), 2, "--length must be a length"),
    (("gen", "--length", "4k"), 2, "gen needs --task NAME or --corpus PATH"),
    (("plan", "no.yaml"), 2, "no.yaml cannot be read"),
]


@pytest.mark.parametrize(("command", "code", "message"), MISTAKES, ids=lambda value: str(value)[:60])
def test_a_mistake_is_one_line_with_its_cure(
    command: tuple[str, ...], code: int, message: str, tmp_path: Path, lcdata: Run
) -> None:
    as_jsonl(tmp_path)
    failed = lcdata(*command)
    assert failed.returncode == code, failed.stderr
    assert message in failed.stderr
    lines = [line for line in failed.stderr.splitlines() if line.startswith("lcdata:")]
    assert len(lines) == 1, failed.stderr
    assert "Traceback" not in failed.stderr


def test_a_store_shows_documents_tokens_and_a_histogram(tmp_path: Path, lcdata: Run, small: str) -> None:
    source = as_jsonl(tmp_path)
    assert lcdata("ingest", source, "--name", "one", "--tokenizer", small).returncode == 0
    assert lcdata("ingest", source, "--name", "two", "--tokenizer", small, "--buckets", "100").returncode == 0
    shown = lcdata("inspect", "store")
    assert shown.returncode == 0, shown.stderr
    assert "█" in shown.stdout
    for label in ("<1k", "1k–2k", "<100", "≥100"):
        assert label in shown.stdout
    records = [json.loads(line) for line in lcdata("inspect", "store", "--json").stdout.splitlines()]
    assert [record["manifest"]["recipe"]["name"] for record in records] == ["one", "two"]
    lengths = sorted(open_corpus(tmp_path / "store/one").index("tokens")["tokens"].to_pylist())
    assert records[0]["longest"] == lengths[-1]
    assert records[0]["percentiles"]["50"] == lengths[29]
    assert sum(bucket["tokens"] for bucket in records[0]["buckets"]) == sum(lengths)


def test_a_datasets_folder_is_read(tmp_path: Path, lcdata: Run, small: str) -> None:
    import datasets

    rows = datasets.Dataset.from_dict({"text": list(TEXTS.values())})
    rows.save_to_disk(str(tmp_path / "saved"))
    done = lcdata("ingest", "saved", "--name", "c", "--tokenizer", small)
    assert done.returncode == 0, done.stderr
    assert manifest_of(tmp_path / "store/c")["documents"] == len(TEXTS)


def test_objects_in_s3_are_ingested(bucket: Any, tmp_path: Path, lcdata: Run, small: str) -> None:
    for number, name in enumerate(TEXTS):
        record = {"name": name, "text": TEXTS[name]}
        bucket.pipe(f"corpus/in/{number}.jsonl.zst", zstandard.compress(json.dumps(record).encode()))
    done = lcdata("ingest", "s3://corpus/in", "--name", "c", "--id", "name", "--tokenizer", small, "--workers", "0")
    assert done.returncode == 0, done.stderr
    tokenizer = load_tokenizer(TokenizerChoice(source=small))
    found = stored_ids(open_corpus(tmp_path / "store/c"))
    assert found == {name: tokenizer.encode_reference(one).tolist() for name, one in TEXTS.items()}
    missing = lcdata("ingest", "s3://corpus/none", "--name", "d", "--tokenizer", small)
    assert missing.returncode == 1
    assert "there is no s3://corpus/none: check its spelling and place" in missing.stderr


def test_documents_without_tokens_are_counted(tmp_path: Path, lcdata: Run, small: str) -> None:
    content = json.loads((Path(small) / "tokenizer.json").read_text())
    content["normalizer"] = {"type": "Replace", "pattern": {"String": "~"}, "content": ""}
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    write_jsonl(tmp_path / "a.jsonl", [{"text": one} for one in ("~~~", "one", "~~", "two ~")])
    done = lcdata("ingest", "a.jsonl", "--name", "c", "--tokenizer", "tokenizer.json")
    assert done.returncode == 0, done.stderr
    manifest = manifest_of(tmp_path / "store/c")
    assert manifest["dropped"] == {"no tokens": 2}
    assert manifest["dropped_bytes"] == {"no tokens": 5}
    assert (manifest["documents"], manifest["documents_read"]) == (2, 4)
    assert lcdata("verify", "store").returncode == 0
    write_jsonl(tmp_path / "b.jsonl", [{"text": "~~~"}])
    none = lcdata("ingest", "b.jsonl", "--name", "d", "--tokenizer", "tokenizer.json")
    assert none.returncode == 2
    assert "makes no tokens of any document" in none.stderr


LIMIT = {"direction": "Right", "max_length": 16, "strategy": "LongestFirst", "stride": 0}


def small_with(folder: Path, small: str, **changes: Any) -> Path:
    """The small tokenizer with other content in its file."""
    folder.mkdir()
    content = json.loads((Path(small) / "tokenizer.json").read_text())
    (folder / "tokenizer.json").write_text(json.dumps(content | changes))
    (folder / "tokenizer_config.json").write_bytes((Path(small) / "tokenizer_config.json").read_bytes())
    return folder


@pytest.mark.parametrize("engine", ["fastokens", "tokenizers"])
def test_a_tokenizer_that_truncates_loses_nothing(tmp_path: Path, lcdata: Run, small: str, engine: str) -> None:
    write_jsonl(tmp_path / "a.jsonl", [{"name": name, "text": one} for name, one in TEXTS.items()])
    truncating = small_with(tmp_path / "truncating", small, truncation=LIMIT)
    done = lcdata("ingest", "a.jsonl", "--name", "x", "--id", "name", "--tokenizer", truncating, "--engine", engine)
    assert done.returncode == 0, done.stderr
    assert "the truncation to 16 tokens, which is switched off" in done.stderr
    tokenizer = load_tokenizer(TokenizerChoice(source=small))
    found = stored_ids(open_corpus(tmp_path / "store" / "x"))
    assert found == {name: tokenizer.encode_reference(one).tolist() for name, one in TEXTS.items()}
    assert max(map(len, found.values())) > 1000


def few_letters(folder: Path) -> Path:
    """A vocabulary of letters alone, which leaves all else out without a token."""
    folder.mkdir()
    reference = Reference(models.BPE({word: number for number, word in enumerate(["</s>", *"abcdefghij"])}, []))
    reference.add_special_tokens(["</s>"])
    reference.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text('{"eos_token": "</s>"}')
    return folder


def test_what_the_vocabulary_cannot_write_is_counted_and_gated(tmp_path: Path, lcdata: Run) -> None:
    write_jsonl(tmp_path / "a.jsonl", [{"text": "abc " * 50}, {"text": "abc1" * 4}, {"text": "日本"}, {"text": "1é"}])
    command = ("ingest", "a.jsonl", "--name", "x", "--tokenizer", few_letters(tmp_path / "few"))
    done = lcdata(*command)
    assert done.returncode == 2, done.stderr
    line = done.stderr.splitlines()[-1]
    assert "cannot write 8 places of texts of 162 tokens, more than --max-unwritten 0.10%, the first of them in" in line
    assert "a.jsonl:" in line
    assert ": use another --tokenizer, or allow more with --max-unwritten" in line
    assert not (tmp_path / "store" / "x").exists()
    done = lcdata(*command, "--max-unwritten", "5%")
    assert done.returncode == 0, done.stderr
    manifest = manifest_of(tmp_path / "store" / "x")
    assert (manifest["unwritten"], manifest["documents_unwritten"]) == (8, 3)
    assert manifest["dropped"] == {"no tokens": 2}
    assert "8 places in 3 documents that the vocabulary cannot write" in " ".join(done.stdout.split())


def test_the_first_long_document_of_a_unit_is_audited_whole(
    small: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that cuts texts encodes every window of one rightly."""

    class Truncating:
        def __init__(self, tokenizer: Tokenizer) -> None:
            self._tokenizer = tokenizer

        def encode_batch_flat(self, texts: list[str], split_special_tokens: bool) -> tuple[bytes, bytes]:
            ids = [self._tokenizer.encode_reference(one)[:6000].astype(np.int32) for one in texts]
            return np.concatenate(ids).tobytes(), np.cumsum([0, *map(len, ids)]).astype(np.int64).tobytes()

    write_jsonl(tmp_path / "a.jsonl", [{"text": "short"}, {"text": text(9, 12_000)}])
    honest = load_tokenizer(TokenizerChoice(source=small))
    monkeypatch.setattr(tokenizer_module, "_fast_engine", lambda _: Truncating(honest))
    monkeypatch.setattr(Tokenizer, "tried", lambda self: self)
    recipe = IngestRecipe(name="x", inputs=(str(tmp_path / "a.jsonl"),), tokenizer=TokenizerChoice(source=small))
    with pytest.raises(LcdataError, match=r"audit: .*a.jsonl:2 has other ids under tokenizers"):
        ingest(recipe, tmp_path / "store", where=Where(0))
