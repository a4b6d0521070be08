"""Curricula: stages that mix tasks and corpora by share, each row and mask as its component wants it."""

import json
import random
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow.parquet as pq
import pytest
import yaml
from conftest import Run
from killing import ending

from lcdata.pipelines.corpora.ingest import ingest
from lcdata.pipelines.recipes.json_schema import recipe_schema
from lcdata.pipelines.run.where import Where
from lcdata.schemas.corpus import IngestRecipe

Contents = Callable[[Path], dict[str, bytes]]
RECIPES = Path(__file__).parents[2] / "recipes"
STAGES = """
name: curriculum
seed: 5
stages:
  - name: short
    seq_length: 1k
    tokens: 150k
    mix:
      - {task: kv, length: 400..1k, share: 20%}
      - {task: niah, name: needles, preset: single_1, length: 400..1k, share: 15%, loss: all}
      - {corpus: code}
      - {corpus: web}
  - name: long
    seq_length: 4k
    tokens: 400k
    shard_rows: 16
    upsample: {strategy: per-source, long_from: 512}
    mix:
      - {task: kv, length: 500..4k, share: 25%}
      - {corpus: code, share: 50%}
      - {corpus: web, share: 25%}
"""


@pytest.fixture(scope="module")
def store(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two corpora, one of long and one of short documents, under a tokenizer with BOS."""
    folder, chance = tmp_path_factory.mktemp("mixtures"), random.Random(3)
    for name, (usual, count) in {"code": (600, 80), "web": (60, 900)}.items():
        lines = [
            json.dumps(
                {"id": f"{name}-{number}", "text": f"{name} {number} " + " ".join(chance.choices("abcdefg", k=k))}
            )
            for number in range(count)
            for k in [int(chance.lognormvariate(0, 1) * usual) + 1]
        ]
        (folder / f"{name}.jsonl").write_text("\n".join(lines))
        recipe = {
            "name": name,
            "inputs": [str(folder / f"{name}.jsonl")],
            "fields": {"id": "id"},
            "tokenizer": {"source": str(trained / "sentencepiece-like")},
        }
        ingest(IngestRecipe.model_validate(recipe), folder / "store", where=Where(0))
    return folder / "store"


@pytest.fixture(scope="module")
def recipe(store: Path, trained: Path) -> Path:
    """The curriculum in a file, with that tokenizer."""
    content = yaml.safe_load(STAGES) | {"tokenizer": {"source": str(trained / "sentencepiece-like")}}
    (store.parent / "recipe.yaml").write_text(yaml.safe_dump(content))
    return store.parent / "recipe.yaml"


@pytest.fixture(scope="module")
def built(recipe: Path, store: Path) -> Path:
    """The curriculum, built."""
    command = [sys.executable, "-m", "lcdata", "build", recipe, "--store", store, "--out", "out", "--workers", "0"]
    subprocess.run(list(map(str, command)), cwd=store.parent, check=True)
    return store.parent / "out"


def manifest_of(folder: Path) -> dict[str, Any]:
    """What a finished dataset says of itself."""
    return json.loads((folder / "lcdata.json").read_text())


def documents(folder: Path, stage: str) -> list[tuple[dict[str, Any], list[int], list[int]]]:
    """Every record of a stage's document table with its tokens and labels."""
    found: list[tuple[dict[str, Any], list[int], list[int]]] = []
    for data in sorted((folder / "data" / stage).glob("*.parquet")):
        rows = pq.read_table(data).to_pylist()
        for record in pq.read_table(folder / "docs" / stage / data.name).to_pylist():
            cut = slice(record["start"], record["start"] + record["length"])
            row = rows[record["row"]]
            found.append((record, row["input_ids"][cut], row["labels"][cut]))
    return found


def test_shares_are_met_within_half_a_point_and_the_dataset_verifies(built: Path, lcdata: Run) -> None:
    short, long = manifest_of(built)["stages"]
    wanted = {"kv": 0.2, "needles": 0.15}
    assert {one["name"]: one["wanted_share"] for one in short["tasks"]} == wanted
    assert {one["name"]: one["wanted_share"] for one in long["corpora"]} == pytest.approx(
        {"code": 0.5, "web": 0.25}, abs=1e-5
    )
    for stage in (short, long):
        assert abs(sum(one["share"] for one in (*stage["tasks"], *stage["corpora"])) - 1) < 1e-5
        for one in (*stage["tasks"], *stage["corpora"]):
            assert abs(one["share"] - one["wanted_share"]) < 0.005, one["name"]
    assert short["row_fill"] > 0.98
    done = lcdata("verify", built, "--samples", "80")
    assert done.returncode == 0, done.stdout
    assert "80 documents made again" in done.stdout


def test_each_document_has_the_loss_of_its_component(built: Path) -> None:
    seen = set[str]()
    for record, ids, labels in documents(built, "short"):
        seen.add(record["source"])
        start = record["prompt_length"] if record["source"] == "kv" else 1
        assert labels == [-100] * start + ids[start:]
        assert (record["sample"] is None) == (record["source"] in ("code", "web"))
    assert seen == {"kv", "needles", "code", "web"}


def test_no_sample_is_made_twice_and_stages_draw_in_orders_of_their_own(built: Path) -> None:
    short, long = documents(built, "short"), documents(built, "long")
    samples = [record["sample"] for record, _, _ in (*short, *long) if record["source"] == "kv"]
    assert sorted(samples) == list(range(len(samples)))
    first = next(one for one in manifest_of(built)["stages"][1]["tasks"] if one["name"] == "kv")["first"]
    assert min(record["sample"] for record, _, _ in long if record["source"] == "kv") == first > 0
    whole = [{record["source_id"] for record, _, _ in stage if record["source"] == "web"} for stage in (short, long)]
    assert whole[0] - whole[1], "the second stage takes other documents first"
    assert whole[1] - whole[0]


def test_components_are_spread_evenly_over_the_shards(built: Path) -> None:
    shards = manifest_of(built)["stages"][1]["shards"]
    assert len(shards) > 4
    for name in ("kv", "code", "web"):
        tokens = [shard["sources"][name]["tokens"] for shard in shards]
        assert max(tokens) < 1.5 * sum(tokens) / len(tokens), name


@pytest.mark.cluster
def test_any_number_of_workers_builds_the_same_bytes(
    built: Path, lcdata: Run, recipe: Path, store: Path, tmp_path: Path, contents: Contents
) -> None:
    done = lcdata("build", recipe, "--store", store, "--out", "two", "--workers", 2)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "two") == contents(built)


def test_a_killed_build_goes_on_in_the_stage_where_it_was(
    built: Path, recipe: Path, store: Path, tmp_path: Path, contents: Contents
) -> None:
    options = ("--store", str(store), "--out", "killed", "--workers", "0")
    command = [sys.executable, "-m", "lcdata", "build", str(recipe), *options]
    killed = subprocess.run(ending(command, 3), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert "going on: " in again.stderr
    assert contents(tmp_path / "killed") == contents(built)


def test_concat_fills_rows_and_keeps_every_token(lcdata: Run, store: Path, tmp_path: Path) -> None:
    tokens = sum(json.loads(path.read_text())["tokens"] for path in store.glob("*/corpus.json"))
    corpora = ("--corpus", store / "code", "--corpus", store / "web", "--length", 512, "--shard-rows", 60)
    done = lcdata("gen", *corpora, "--tokens", tokens, "--packing", "concat", "--out", "out", "--labels", "always")
    assert done.returncode == 0, done.stderr
    checked = lcdata("verify", "out", "--samples", "60")
    assert checked.returncode == 0, checked.stdout
    manifest = manifest_of(tmp_path / "out")
    (stage,), bos = manifest["stages"], manifest["tokenizer"]["bos_ids"][0]
    assert len(stage["shards"]) > 2
    pieces: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for record, ids, _ in documents(tmp_path / "out", stage["name"]):
        is_last = ids[-1] == manifest["tokenizer"]["eos_ids"][-1]
        assert ids[0] == bos
        pieces[record["source_id"]].append((record["source_offset"], len(ids) - 1 - is_last))
    assert sum(length for some in pieces.values() for _, length in some) == tokens
    for some in pieces.values():
        ends = 0
        for offset, length in sorted(some):
            assert offset == ends, "pieces follow each other without a gap"
            ends += length
    rows = [sum(row) for row in pq.read_table(tmp_path / "out" / "data")["seq_lengths"].to_pylist()]
    assert sum(length == 512 for length in rows) > 0.6 * len(rows)
    assert sum(rows) / (512 * len(rows)) > 0.98


def test_samples_of_all_tasks_are_exported_under_numbers_of_their_own(built: Path, lcdata: Run, tmp_path: Path) -> None:
    done = lcdata("export", built, "--to", "eval", "--out", "eval.jsonl")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (tmp_path / "eval.jsonl").read_text().splitlines()]
    assert [line["index"] for line in lines] == list(range(len(lines)))
    assert len(lines) == sum(task["samples"] for stage in manifest_of(built)["stages"] for task in stage["tasks"])
    replies = [json.dumps({"index": line["index"], "prediction": ", ".join(line["outputs"])}) for line in lines]
    (tmp_path / "replies.jsonl").write_text("\n".join(replies))
    scored = lcdata("score", "replies.jsonl", "--data", built, "--match", "substring", "--json")
    assert scored.returncode == 0, scored.stderr
    overall = json.loads(scored.stdout.splitlines()[-1])
    assert (overall["n"], overall["measures"]["string_match_all"]) == (len(lines), 1.0)


def test_changes_from_flags_and_environment_reach_their_place(lcdata: Run, recipe: Path, store: Path) -> None:
    options = ("build", recipe, "--store", store, "--print-config")
    changed = lcdata(*options, "--set", "seed=9", "--set", "stages.1.mix.0.share=25.1%", "--set", "stages.0.tokens=1M")
    config = yaml.safe_load(changed.stdout)
    assert (config["seed"], config["stages"][1]["mix"][0]["share"]) == (9, 0.251)
    assert config["stages"][0]["tokens"] == 10**6
    assert yaml.safe_load(lcdata(*options, LCDATA_SET="seed=7").stdout)["seed"] == 7
    assert yaml.safe_load(lcdata(*options, "--set", "seed=8", LCDATA_SET="seed=7").stdout)["seed"] == 8
    for wrong, message in {
        "seed": "must be PLACE=VALUE",
        "stages.7.tokens=1": "7 must be a number from 0 to 1 here",
        "stages.0.token=1": "with --set stages.0.token: stages.0.token: is no field of a stage. Did you mean 'tokens'?",
        "tokens=1M": "say of which stage, stages.0.tokens to stages.1",
        "stages.1.mix.0.share=10%": "stages.1: the shares add up to 85 %: make them 100 %, or leave that of web out",
        "name.x=1": "there is nothing in which x could be",
    }.items():
        refused = lcdata(*options, "--set", wrong)
        assert refused.returncode == 2
        assert message in refused.stderr


def test_a_printed_recipe_is_the_same_recipe(
    built: Path, lcdata: Run, recipe: Path, store: Path, tmp_path: Path
) -> None:
    printed = lcdata("build", recipe, "--store", store, "--print-config").stdout
    (tmp_path / "printed.yaml").write_text(printed)
    again = lcdata("build", "printed.yaml", "--out", built)
    assert again.returncode == 0, again.stderr
    assert "finished already" in again.stdout
    assert (built / "recipe.yaml").read_text() == printed


def test_build_stores_the_corpora_that_the_recipe_names(lcdata: Run, tmp_path: Path, small: str) -> None:
    (tmp_path / "notes.txt").write_text("some words of one's own " * 400)
    content = {
        "name": "notes",
        "seq_length": "1k",
        "tokens": "8k",
        "output": "out",
        "push": "someone/notes",
        "tokenizer": {"source": small},
        "ingest": [{"name": "notes", "inputs": ["notes.txt"]}],
        "mix": [{"task": "kv", "length": "500", "share": 0.5}, {"corpus": "notes", "share": 0.5}],
    }
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(content))
    done = lcdata("build", "recipe.yaml")
    assert done.returncode == 0, done.stderr
    assert 'load_dataset("someone/notes", "notes", split="train")' in (tmp_path / "out/README.md").read_text()
    assert "lcdata push out" in done.stdout
    assert (tmp_path / "store/notes/corpus.json").is_file()
    again = lcdata("build", "recipe.yaml", "--out", "other")
    assert again.returncode == 0, again.stderr
    assert "is stored already, nothing to do" in again.stdout
    assert lcdata("verify", "other").returncode == 0


def test_what_cannot_be_mixed_is_refused(lcdata: Run, recipe: Path, store: Path) -> None:
    for change, message in {
        "stages.0.tokens=1k": "kv: its share of short is 200 tokens, less than a sample of",
        "tokenizer.source=embedded": "the tasks would be made with embedded: name the corpora's in the recipe",
        "stages.0.mix.1.share=90%": "the shares add up to 110 % and leave nothing to code, web",
    }.items():
        refused = lcdata("plan", recipe, "--store", store, "--set", change)
        assert refused.returncode == 2, refused.stdout
        assert message in refused.stderr


def test_the_schema_takes_every_recipe_and_refuses_mistakes() -> None:
    written = json.loads((RECIPES / "recipe.schema.json").read_text())
    assert written == recipe_schema(), "run `make gallery`"
    validator = jsonschema.Draft202012Validator(written)
    recipes = [yaml.safe_load(path.read_text()) for path in RECIPES.glob("*.yaml")]
    assert len(recipes) >= 7
    for content in (*recipes, yaml.safe_load(STAGES)):
        assert list(validator.iter_errors(content)) == []
    for mistake in (
        {"name": "x"},
        {"name": "x", "seq_length": "4k", "mix": [{"task": "kvv", "length": "1k", "n": 1}]},
        {"name": "x", "seq_length": "4k", "mix": [{"task": "niah", "preset": "kv", "length": "1k", "n": 1}]},
        {"name": "x", "seq_length": "4k", "mix": [{"task": "kv", "settings": {"dictsize": 3}, "length": "1k", "n": 1}]},
    ):
        assert list(validator.iter_errors(mistake)), mistake
