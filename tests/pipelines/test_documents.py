"""Rows from organic documents: every token where it belongs, and every token accounted for."""

import json
import random
import shutil
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import TRAINED
from killing import ending
from sealing import rewrite_manifest

from lcdata.packers.files.token_store import TokenFile, token_path
from lcdata.pipelines.corpora.store import open_corpus

Contents = Callable[[Path], dict[str, bytes]]

SEQ_LENGTH = 1024
SIZES = {"code": (6000, 300, 40), "web": (400, 40, 300)}
"""Longest, median and number of documents of each corpus, in words."""


@dataclass(frozen=True)
class Store:
    """A token store and what is in it."""

    path: Path
    documents: dict[str, dict[str, list[int]]]
    """Tokens by corpus and id."""

    @property
    def num_tokens(self) -> int:
        """Of all documents."""
        return sum(len(ids) for some in self.documents.values() for ids in some.values())


@pytest.fixture(scope="module")
def store(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Two corpora, one of long and one of short documents, under a tokenizer with BOS."""
    return make_store(tmp_path_factory.mktemp("with-bos"), trained / "sentencepiece-like")


@pytest.fixture(scope="module", params=[*TRAINED, "several-ends"])
def each_store(request: pytest.FixtureRequest, trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The same under a tokenizer with BOS, one without, and one with several tokens before and after a document."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param in TRAINED:
        return make_store(folder, trained / request.param)
    ends = ("--bos", "<s>", "--bos", "<unk>", "--eos", "<unk></s>", "--eos", "</s>")
    return make_store(folder, trained / "sentencepiece-like", *ends)


def make_store(folder: Path, tokenizer: Path, *options: str) -> Store:
    """Write and ingest the corpora."""
    chance = random.Random(1)
    for name, (most, usual, count) in SIZES.items():
        with open(folder / f"{name}.jsonl", "w") as lines:
            for number in range(count):
                size = min(most, int(chance.lognormvariate(np.log(usual), 1)) + 2)
                text = f"{name} {number} " + " ".join(chance.choices(["dataset", "row", "{7: 8}", "Привет"], k=size))
                lines.write(json.dumps({"text": text, "id": f"{name}-{number}"}) + "\n")
        where = ("--name", name, "--id", "id", "--tokenizer", tokenizer, "--workers", "0", *options)
        run(folder, "ingest", f"{name}.jsonl", *where)
    return Store(folder / "store", {name: stored(folder / "store" / name) for name in SIZES})


def run(folder: Path, *arguments: object) -> str:
    """Run lcdata; returns what it prints."""
    command = [sys.executable, "-m", "lcdata", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def stored(path: Path) -> dict[str, list[int]]:
    """Tokens of every document of a corpus by id."""
    corpus = open_corpus(path)
    found: dict[str, list[int]] = {}
    for record in corpus.index("id", "bucket", "unit", "row_group", "row").to_pylist():
        file = token_path(corpus.buckets.low(record["bucket"]), record["unit"])
        _, ends, flat = TokenFile(corpus.path, file).row_group(record["row_group"])
        found[record["id"]] = flat[ends[record["row"]] : ends[record["row"] + 1]].tolist()
    return found


def draw(store: Store, out: Path, *options: object) -> dict[str, Any]:
    """Build a dataset of both corpora; returns its manifest."""
    corpora = [option for name in SIZES for option in ("--corpus", store.path / name)]
    run(store.path.parent, "gen", *corpora, "--length", SEQ_LENGTH, "--out", out, "--workers", 0, *options)
    manifest = json.loads((out / "lcdata.json").read_text())
    return {**manifest, **manifest["stages"][0]}


def records(out: Path) -> list[tuple[dict[str, Any], list[int]]]:
    """Every record of the document table with its tokens, cut out of the rows by it."""
    found: list[tuple[dict[str, Any], list[int]]] = []
    for data in sorted(out.glob("data/*/*.parquet")):
        rows = pq.read_table(data)["input_ids"].to_pylist()
        for record in pq.read_table(next(out.glob(f"docs/*/{data.name}"))).to_pylist():
            start = record["start"]
            found.append((record, rows[record["row"]][start : start + record["length"]]))
    return found


def test_one_epoch_holds_every_token_of_every_document_once(each_store: Store, tmp_path: Path) -> None:
    store = each_store
    manifest = draw(store, tmp_path / "out", "--tokens", store.num_tokens)
    bos, eos = manifest["tokenizer"]["bos_ids"], manifest["tokenizer"]["eos_ids"]
    pieces: dict[tuple[str, str], list[tuple[int, list[int]]]] = defaultdict(list)
    for record, ids in records(tmp_path / "out"):
        assert record["repeat"] == 0
        assert record["continued"] == (record["source_offset"] > 0)
        assert ids[: len(bos)] == bos
        pieces[record["source"], record["source_id"]].append((record["source_offset"], ids[len(bos) :]))
    assert any(len(some) > 2 for some in pieces.values()), "some documents must be longer than rows"
    for (corpus, name), some in pieces.items():
        some.sort()
        for (offset, content), (following, _) in pairwise(some):
            assert offset + len(content) == following
        joined = [token for _, content in some for token in content]
        assert joined == [*store.documents[corpus][name], *eos]
    assert len(pieces) == sum(map(len, store.documents.values()))
    ledger = [bucket for account in manifest["corpora"] for bucket in account["buckets"]]
    assert all(bucket["tokens"] == bucket["used"] == bucket["drawn"] for bucket in ledger)
    assert "holds" in run(tmp_path, "verify", "out", "--samples", 50)


@pytest.mark.parametrize("policy", ["split", "truncate", "drop"])
def test_used_and_unused_and_dropped_are_what_came_in(policy: str, store: Store, tmp_path: Path) -> None:
    tokens = int(store.num_tokens * 0.4)
    manifest = draw(store, tmp_path / "out", "--tokens", tokens, "--long-documents", policy)
    counted: dict[str, int] = defaultdict(int)
    for record, ids in records(tmp_path / "out"):
        ends = len(manifest["tokenizer"]["bos_ids"]) + (ids[-1] == manifest["tokenizer"]["eos_ids"][-1])
        counted[record["source"]] += len(ids) - ends
        assert len(ids) <= SEQ_LENGTH
    for account in manifest["corpora"]:
        documents = store.documents[account["name"]]
        assert sum(bucket["tokens"] for bucket in account["buckets"]) == sum(map(len, documents.values()))
        assert sum(bucket["drawn"] for bucket in account["buckets"]) == counted[account["name"]]
        for bucket in account["buckets"]:
            assert bucket["tokens"] == bucket["used"] + bucket["unused"] + sum(bucket["dropped"].values())
    dropped = [bucket["dropped"] for account in manifest["corpora"] for bucket in account["buckets"]]
    assert any(dropped) == (policy != "split")
    assert "holds" in run(tmp_path, "verify", "out")


def test_repeats_come_after_all_others_and_each_in_another_order(store: Store, tmp_path: Path) -> None:
    manifest = draw(store, tmp_path / "out", "--tokens", int(store.num_tokens * 2.5))
    repeats: dict[tuple[str, str, int], list[int]] = defaultdict(list)
    for record, _ in records(tmp_path / "out"):
        repeats[record["source"], record["source_id"], record["source_offset"]].append(record["repeat"])
    assert {tuple(sorted(some)) for some in repeats.values()} == {(0, 1), (0, 1, 2)}
    assert any("drawn" in note for note in manifest["notes"]) is False
    assert "holds" in run(tmp_path, "verify", "out")


def test_rows_hold_only_what_trainers_read_and_the_loss_is_on_all(store: Store, tmp_path: Path) -> None:
    import datasets

    manifest = draw(store, tmp_path / "out", "--tokens", store.num_tokens)
    rows = datasets.load_dataset(str(tmp_path / "out"), manifest["recipe"]["name"], split="train")
    assert rows.column_names == ["input_ids", "position_ids", "seq_lengths"]
    assert len(rows) == manifest["rows"]
    for row in rows:
        assert sum(row["seq_lengths"]) == len(row["input_ids"]) <= SEQ_LENGTH
        assert row["position_ids"] == [place for length in row["seq_lengths"] for place in range(length)]
    assert manifest["loss_tokens"] == manifest["tokens"] - manifest["documents"]
    assert manifest["row_fill"] > 0.98


def test_shares_and_strategies_are_met(store: Store, tmp_path: Path) -> None:
    corpora = ("--corpus", f"{store.path}/code=30%", "--corpus", f"{store.path}/web=70%")
    options = ("--length", SEQ_LENGTH, "--tokens", "400k", "--json", "--dry-run")
    for strategy in (["per-source"], ["weights", "--bucket-weight", "0=0.6", "--bucket-weight", "512=0.4"]):
        long_from = ["--long-from", "512"] if strategy == ["per-source"] else []
        told = run(tmp_path, "gen", *corpora, *options, "--upsample", *strategy, *long_from)
        plan = json.loads(told.splitlines()[-1])
        code, web = plan["stages"][0]["corpora"]
        assert abs(code["share"] - 0.3) < 0.005
        assert abs(web["share"] - 0.7) < 0.005
        buckets = [(bucket["low"], bucket) for bucket in web["buckets"]]
        long = sum(bucket["drawn"] for low, bucket in buckets if low >= 512)
        available = {True: 0, False: 0}
        for low, bucket in buckets:
            available[low >= 512] += bucket["tokens"]
        wanted = 0.4 if long_from == [] else available[True] / (available[True] + 0.1 * available[False])
        assert abs(long / sum(bucket["drawn"] for _, bucket in buckets) - wanted) < 0.005


def test_what_cannot_be_met_is_an_error_or_the_nearest_mixture(store: Store, tmp_path: Path) -> None:
    corpora = ("--corpus", f"{store.path}/code=15%", "--corpus", f"{store.path}/web=85%", "--length", SEQ_LENGTH)
    options = (*corpora, "--tokens", int(store.num_tokens * 0.9), "--max-repeats", 1)
    command = [sys.executable, "-m", "lcdata", "gen", *map(str, options), "--out", "out", "--workers", "0"]
    failed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert failed.returncode == 2
    assert "--best-effort" in failed.stderr
    done = subprocess.run([*command, "--best-effort"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "instead of" in done.stderr
    (stage,) = json.loads((tmp_path / "out/lcdata.json").read_text())["stages"]
    assert stage["notes"]
    assert all(record["repeat"] == 0 for record, _ in records(tmp_path / "out"))


def test_seeds_share_no_order_and_the_same_seed_is_the_same(store: Store, tmp_path: Path, contents: Contents) -> None:
    tokens = ("--tokens", store.num_tokens // 2)
    for out, seed in (("a", 1), ("b", 1), ("c", 2)):
        draw(store, tmp_path / out, *tokens, "--seed", seed, "--name", "same")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    first, other = ([record["source_id"] for record, _ in records(tmp_path / out)] for out in ("a", "c"))
    assert first != other
    assert set(first) != set(other)


@pytest.mark.cluster
def test_any_number_of_workers_packs_the_same_bytes(store: Store, tmp_path: Path, contents: Contents) -> None:
    options = ("--tokens", store.num_tokens * 4, "--shard-rows", 100)
    draw(store, tmp_path / "none", *options)
    draw(store, tmp_path / "two", *options, "--workers", 2)
    assert len(list((tmp_path / "two").glob("data/*/*.parquet"))) > 3
    assert contents(tmp_path / "none") == contents(tmp_path / "two")


def test_a_killed_build_goes_on(store: Store, tmp_path: Path, contents: Contents) -> None:
    options = ("--tokens", store.num_tokens * 4, "--shard-rows", 50)
    draw(store, tmp_path / "whole", *options)
    corpora = [option for name in SIZES for option in ("--corpus", str(store.path / name))]
    line = ["gen", *corpora, "--length", SEQ_LENGTH, "--out", tmp_path / "out", "--workers", 0, *options]
    command = ending([sys.executable, "-m", "lcdata", *map(str, line)], 1)
    killed = subprocess.run(command, cwd=store.path.parent, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    draw(store, tmp_path / "out", *options)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


DAMAGES = {
    "the ledger does not balance": ("unused",),
    "tokens drawn": ("drawn",),
    "has other tokens than it has": ("tokens", "unused"),
}


@pytest.mark.parametrize("problem", DAMAGES)
def test_verify_finds_a_ledger_that_is_wrong(problem: str, store: Store, tmp_path: Path) -> None:
    draw(store, tmp_path / "out", "--tokens", store.num_tokens // 2)
    manifest = json.loads((tmp_path / "out/lcdata.json").read_text())
    bucket = next(bucket for bucket in manifest["stages"][0]["corpora"][0]["buckets"] if bucket["drawn"])
    for name in DAMAGES[problem]:
        bucket[name] += 1
    rewrite_manifest(tmp_path / "out/lcdata.json", manifest)
    command = [sys.executable, "-m", "lcdata", "verify", "out"]
    checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert checked.returncode == 3
    assert problem in checked.stdout


def test_verify_compares_documents_with_their_store(store: Store, tmp_path: Path) -> None:
    copied = Store(tmp_path / "store", store.documents)
    shutil.copytree(store.path, copied.path)
    draw(copied, tmp_path / "out", "--tokens", store.num_tokens // 2)
    for file in copied.path.glob("*/tokens/*/*.parquet"):
        table = pq.read_table(file)
        lists = [[(token + 1) % 900 for token in ids] for ids in table["input_ids"].to_pylist()]
        changed = pa.array(lists, table.schema.field("input_ids").type)
        pq.write_table(table.set_column(1, table.schema.field(1), changed), file, row_group_size=len(table))
    command = [sys.executable, "-m", "lcdata", "verify", "out", "--samples", "5"]
    checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert checked.returncode == 3
    assert "differs from what" in checked.stdout


def test_verify_checks_the_rest_where_a_corpus_is_gone_and_compares_it_where_it_is_now(
    store: Store, tmp_path: Path
) -> None:
    copied = Store(tmp_path / "store", store.documents)
    shutil.copytree(store.path, copied.path)
    draw(copied, tmp_path / "out", "--tokens", store.num_tokens // 2)
    copied.path.rename(tmp_path / "moved")
    command = [sys.executable, "-m", "lcdata", "verify", "out", "--samples", "5", "--json"]

    def verified(*options: str) -> tuple[int, dict[str, Any]]:
        checked = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, text=True, check=False)
        return checked.returncode, json.loads(checked.stdout)

    code, verdict = verified()
    assert (code, verdict["regenerated"]) == (0, 0)
    assert len(verdict["left_out"]) == len(SIZES)
    assert all("--store" in reason for reason in verdict["left_out"])
    code, verdict = verified("--store", "moved")
    assert (code, verdict["regenerated"], verdict["left_out"]) == (0, 5, [])
    manifest = tmp_path / "moved/web/corpus.json"
    rewrite_manifest(manifest, {**json.loads(manifest.read_text()), "fingerprint": "0" * 64})
    code, verdict = verified("--store", "moved", "--samples", "all")
    assert code == 0
    assert 0 < verdict["regenerated"] < verdict["documents"]
    assert ["ingested anew" in reason for reason in verdict["left_out"]] == [True]
    data = next((tmp_path / "out/data").rglob("*.parquet"))
    data.write_bytes(data.read_bytes()[:-1] + b"x")
    assert verified()[0] == 3


def test_corpora_of_two_tokenizers_are_refused(store: Store, tmp_path: Path, trained: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "some text"}) + "\n")
    run(tmp_path, "ingest", "a.jsonl", "--name", "other")
    corpora = ("--corpus", str(store.path / "web"), "--corpus", "store/other")
    command = [sys.executable, "-m", "lcdata", "gen", *corpora, "--length", "1k", "--tokens", "1k"]
    failed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert failed.returncode == 2
    assert "were ingested with different tokenizers" in failed.stderr


def test_a_finished_build_is_done_until_its_corpus_changes(store: Store, tmp_path: Path) -> None:
    copied = Store(tmp_path / "store", store.documents)
    shutil.copytree(store.path, copied.path)
    draw(copied, tmp_path / "out", "--tokens", store.num_tokens // 2)
    before = (tmp_path / "out/lcdata.json").stat().st_mtime_ns
    draw(copied, tmp_path / "out", "--tokens", store.num_tokens // 2)
    assert (tmp_path / "out/lcdata.json").stat().st_mtime_ns == before
    manifest = copied.path / "web/corpus.json"
    rewrite_manifest(manifest, {**json.loads(manifest.read_text()), "fingerprint": "0" * 64})
    with pytest.raises(subprocess.CalledProcessError) as failed:
        draw(copied, tmp_path / "out", "--tokens", store.num_tokens // 2)
    assert "was ingested anew since" in failed.value.stderr
    shutil.rmtree(copied.path)
    draw(copied, tmp_path / "out", "--tokens", store.num_tokens // 2)
    assert (tmp_path / "out/lcdata.json").stat().st_mtime_ns == before
