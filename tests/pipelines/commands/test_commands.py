"""What every command does alike: JSON, quiet, verbose, completion, overwriting, ready recipes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from conftest import Run

from lcdata.schemas.events.kinds import events_schema

RECIPES = Path(__file__).parents[3] / "recipes"
GEN = ("gen", "--task", "kv", "--length", "1k", "--n", "5", "--workers", "0", "--out", "out")


def events(text: str) -> list[dict[str, Any]]:
    """The events of a command, each as its schema says."""
    found = [json.loads(line) for line in text.splitlines()]
    validator = jsonschema.Draft202012Validator(events_schema())
    for event in found:
        validator.validate(event)
        assert next(iter(event)) == "event"
    return found


@pytest.fixture
def corpus(tmp_path: Path, lcdata: Run, small: str) -> str:
    """A stored corpus of some short documents."""
    lines = [json.dumps({"text": f"{number} " + "some words " * 40}) for number in range(40)]
    (tmp_path / "texts.jsonl").write_text("\n".join(lines))
    done = lcdata("ingest", "texts.jsonl", "--name", "texts", "--tokenizer", small, "--json")
    assert [event["event"] for event in events(done.stdout)][-1] == "ingested", done.stderr
    return "store/texts"


def test_every_command_tells_programs_typed_events(lcdata: Run, small: str, corpus: str, tmp_path: Path) -> None:
    """One event shape for all: `event`, then what it says."""
    built = events(lcdata(*GEN, "--tokenizer", small, "--json").stdout)
    assert [event["event"] for event in built] == ["planning", "plan", "progress", "shard", "done"]
    (tmp_path / "recipe.yaml").write_text(
        yaml.safe_dump({"name": "r", "seq_length": "1k", "tokens": "4k", "mix": [{"corpus": corpus}]})
    )
    (tmp_path / "replies.jsonl").write_text('{"index": 0, "prediction": "7"}\n')
    exported = events(lcdata("export", "out", "--to", "eval", "--json").stdout)
    last = {
        ("build", "recipe.yaml", "--out", "two"): "done",
        ("build", "recipe.yaml", "--print-config"): "recipe",
        ("plan", "recipe.yaml"): "plan",
        ("recipes",): "recipe",
        ("tasks",): "task",
        ("tasks", "vt"): "task",
        ("tasks", "kv", "--templates"): "templates",
        ("show", "kv", "--length", "500", "--tokenizer", small): "sample",
        ("inspect", "out"): "dataset",
        ("inspect", "store"): "corpus",
        ("verify", "out"): "verdict",
        ("report", "out"): "reported",
        ("verify", "store"): "corpus_verdict",
        ("doctor", "--tokenizer", small): "finding",
        ("export", "out", "--to", "documents"): "exported",
        ("score", "replies.jsonl", "--references", exported[-1]["path"]): "score",
    }
    for arguments, kind in last.items():
        done = lcdata(*arguments, LCDATA_JSON="1")
        assert done.returncode == 0, done.stderr
        assert events(done.stdout)[-1]["event"] == kind


def test_errors_and_warnings_are_events_too(lcdata: Run, small: str) -> None:
    for arguments, environment in (((*GEN, "--nonsense", "--json"), {}), ((*GEN, "--n", "0"), {"LCDATA_JSON": "true"})):
        failed = lcdata(*arguments, "--tokenizer", small, **environment)
        assert failed.returncode == 2
        (error,) = events(failed.stdout)
        assert (error["event"], error["exit_code"]) == ("error", 2)
        assert failed.stderr == f"lcdata: {error['message']}\n"
    assert lcdata(*GEN, "--n", "0", LCDATA_JSON="0").stdout == ""


def test_quiet_says_nothing_but_what_was_asked_for(lcdata: Run, small: str, tmp_path: Path) -> None:
    built = lcdata(*GEN, "--tokenizer", small, "-q")
    assert (built.returncode, built.stdout, built.stderr) == (0, "", "")
    assert (tmp_path / "out/lcdata.json").is_file()
    assert lcdata("verify", "out", "--quiet").stdout == ""
    assert lcdata("export", "out", "--to", "text", "-q").stderr == ""
    assert "5 of 1k in 5 rows" in lcdata("inspect", "out", "-q").stdout
    told = events(lcdata(*GEN, "--tokenizer", small, "-q", "--json", "--out", "two").stdout)
    assert [event["event"] for event in told] == ["done"]
    file = next((tmp_path / "out/data").rglob("*.parquet"))
    file.write_bytes(file.read_bytes()[:-9])
    broken = lcdata("verify", "out", "-q")
    assert broken.returncode == 3
    assert broken.stdout.startswith("broken  data/")


def test_verbose_says_what_takes_time(lcdata: Run, small: str) -> None:
    told = lcdata(*GEN, "--tokenizer", small, "--verbose").stderr
    for step in ("tokenizer loaded and tried in ", "planned in ", "made in ", "published in ", "kv-1k: planning\n"):
        assert step in told
    assert "is safe: 5 documents, " in told
    assert "planned in" not in lcdata(*GEN, "--tokenizer", small, "--out", "two").stderr


def test_overwriting_replaces_another_dataset_and_leaves_the_same_alone(
    lcdata: Run, small: str, tmp_path: Path
) -> None:
    assert lcdata(*GEN, "--tokenizer", small).returncode == 0
    before = (tmp_path / "out/lcdata.json").stat().st_mtime_ns
    same = lcdata(*GEN, "--tokenizer", small, "--overwrite")
    assert "nothing to do" in same.stdout
    assert (tmp_path / "out/lcdata.json").stat().st_mtime_ns == before
    refused = lcdata(*GEN, "--tokenizer", small, "--seed", 1)
    assert "replace it with --overwrite" in refused.stderr
    assert lcdata(*GEN, "--tokenizer", small, "--seed", 1, "--overwrite").returncode == 0
    assert json.loads((tmp_path / "out/lcdata.json").read_text())["recipe"]["seed"] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
    (tmp_path / "out/lcdata.json").write_text('{"format": 1}')
    assert lcdata(*GEN, "--tokenizer", small).returncode == 1
    assert lcdata(*GEN, "--tokenizer", small, "--overwrite").returncode == 0
    assert lcdata("verify", "out").returncode == 0
    shutil.rmtree(tmp_path / "out")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine")
    foreign = lcdata(*GEN, "--tokenizer", small, "--overwrite")
    assert foreign.returncode == 2
    assert (tmp_path / "out/mine.txt").read_text() == "mine"


def test_overwriting_drops_another_half_built_dataset_and_goes_on_with_the_same(
    lcdata: Run, small: str, tmp_path: Path
) -> None:
    work = tmp_path / ".out.lcdata"
    assert lcdata(*GEN, "--tokenizer", small).returncode == 0
    (work / "dataset").mkdir(parents=True)
    (work / "dataset" / "left").write_text("over")
    (work / "plan.json").write_text("{}")
    refused = lcdata(*GEN, "--tokenizer", small, "--seed", 1, "--out", "out")
    assert refused.returncode == 2
    shutil.rmtree(tmp_path / "out")
    half = lcdata(*GEN, "--tokenizer", small)
    assert half.returncode == 2
    assert "half built from another plan" in half.stderr
    assert "--overwrite" in half.stderr
    assert lcdata(*GEN, "--tokenizer", small, "--overwrite").returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
    assert lcdata("verify", "out").returncode == 0


def test_overwriting_a_corpus(lcdata: Run, small: str, corpus: str, tmp_path: Path) -> None:
    ingest = ("ingest", "texts.jsonl", "--name", "texts", "--tokenizer", small)
    assert "stored already" in lcdata(*ingest, "--overwrite").stdout
    changed = (tmp_path / "texts.jsonl").read_text() + '\n{"text": "one more"}\n'
    (tmp_path / "texts.jsonl").write_text(changed)
    refused = lcdata(*ingest)
    assert refused.returncode == 2
    assert "replace it with --overwrite" in refused.stderr
    assert lcdata(*ingest, "--overwrite").returncode == 0
    assert json.loads((tmp_path / corpus / "corpus.json").read_text())["documents"] == 41
    assert lcdata("verify", "store").returncode == 0
    assert sorted(path.name for path in (tmp_path / "store").iterdir()) == ["texts"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_by_a_script(lcdata: Run, shell: str) -> None:
    script = lcdata("completion", shell).stdout
    assert "_LCDATA_COMPLETE" in script
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0


def test_bash_completes_commands_tasks_presets_and_settings(lcdata: Run, tmp_path: Path) -> None:
    """The script itself, in a real bash with a command of that name."""
    command = tmp_path / "bin" / "lcdata"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m lcdata "$@"\n')
    command.chmod(0o755)
    lines = {
        "lcdata i": {"ingest", "inspect"},
        "lcdata gen --task n": {"niah"},
        "lcdata gen --task niah --preset multikey_3": {"multikey_3", "multikey_3_hard"},
        "lcdata gen --task kv --set dict": {"dict_size="},
        "lcdata recipes --copy prolong-": {"prolong-64k", "prolong-512k"},
        "lcdata export --to megatron": {"megatron", "megatron-bridge"},
        "lcdata schema ev": {"events"},
    }
    script = lcdata("completion", "bash").stdout
    for line, wanted in lines.items():
        words = " ".join(f"'{word}'" for word in line.split())
        asked = f"COMP_WORDS=({words}); COMP_CWORD={len(line.split()) - 1}; _lcdata_completion lcdata"
        program = f'PATH="{command.parent}:$PATH"\n{script}\n{asked}\nprintf "%s\\n" "${{COMPREPLY[@]}}"'
        done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=False)
        assert set(done.stdout.split()) == wanted, (line, done.stderr)


def test_recipes_travel_with_the_package_and_can_be_copied(lcdata: Run, tmp_path: Path) -> None:
    listed = lcdata("recipes").stdout
    names = [line.split()[0] for line in listed.split("\n\n")[0].splitlines()]
    assert names == sorted(path.stem for path in RECIPES.glob("*.yaml"))
    assert max(map(len, listed.splitlines())) <= 80
    assert lcdata("recipes", "--copy", "ruler-like").returncode == 0
    copied = (tmp_path / "ruler-like.yaml").read_text().splitlines()
    written = (RECIPES / "ruler-like.yaml").read_text().replace("recipes/", "").splitlines()
    assert copied == [line for line in written if "$schema" not in line]
    assert "exists already" in lcdata("recipes", "--copy", "ruler-like").stderr
    assert lcdata("build", "ruler-like.yaml", "--print-config").returncode == 0
    wrong = lcdata("recipes", "--copy", "rulers")
    assert wrong.returncode == 2
    assert "ruler-like" in wrong.stderr


@pytest.mark.parametrize("name", [path.stem for path in sorted(RECIPES.glob("*.yaml"))])
def test_a_copied_recipe_says_nothing_that_is_true_in_a_checkout_alone(lcdata: Run, name: str, tmp_path: Path) -> None:
    told = lcdata("recipes", "--copy", name, "--out", "mine.yaml").stdout
    copied = (tmp_path / "mine.yaml").read_text()
    assert "schema.json" not in copied
    assert "recipes/" not in copied
    assert "lcdata build mine.yaml" in copied
    tried = lcdata("build", "mine.yaml", "--print-config")
    if "ingest:" not in copied:
        assert (tried.returncode, "change it" in told) == (0, True), tried.stderr
        return
    line = 1 + next(number for number, line in enumerate(copied.splitlines()) if "inputs: []" in line)
    assert f"mine.yaml: name your inputs on line {line}, then lcdata build mine.yaml" in told
    assert tried.stderr == f"lcdata: mine.yaml:{line}: ingest.0.inputs: must not be empty\n"
    assert lcdata("build", "mine.yaml", "--print-config", "--set", "ingest.0.inputs=[books]").returncode == 0


def test_counts_of_one_are_in_the_singular(lcdata: Run, small: str) -> None:
    done = lcdata("gen", "--task", "kv", "--length", "1k", "--n", "1", "--tokenizer", small, "--out", "one")
    assert "1 of 1k in 1 row of at most 1k" in done.stdout
    assert "in 1 shard" in done.stdout
    assert "1 sample of 1k tokens (1,024), 1 row in 1 shard" in done.stderr
    assert "one holds: 1 row, 1 document, " in lcdata("verify", "one").stdout
