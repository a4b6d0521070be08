"""Gates of a recipe: judged from the manifest, told by `build`, and no part of the data."""

import json
from pathlib import Path

import pytest
from conftest import Run

from lcdata.pipelines.proving.gates import judge
from lcdata.pipelines.recipes.recipe_file import read_recipe
from lcdata.schemas.errors import UsageError
from lcdata.schemas.gates import QualityGates
from lcdata.schemas.manifest import read_manifest

RECIPE = """
name: some
seq_length: 512
tokenizer: {{source: {tokenizer}}}
{gates}
mix: [{{task: kv, length: 256..512, n: 12}}]
"""


def write(folder: Path, tokenizer: str, gates: str = "") -> Path:
    """A recipe with gates."""
    path = folder / "some.yaml"
    path.write_text(RECIPE.format(tokenizer=tokenizer, gates=gates))
    return path


def test_gates_are_no_part_of_the_data(tmp_path: Path, small: str, lcdata: Run) -> None:
    write(tmp_path, small)
    assert lcdata("build", "some.yaml", "--out", "without").returncode == 0
    write(tmp_path, small, "gates: {min_fill: 1%, max_left_out: 0}")
    assert lcdata("build", "some.yaml", "--out", "with").returncode == 0
    without, having = (read_manifest(tmp_path / name) for name in ("without", "with"))
    assert without.fingerprint == having.fingerprint
    assert (tmp_path / "without" / "lcdata.json").read_bytes() == (tmp_path / "with" / "lcdata.json").read_bytes()


def test_a_gate_that_does_not_hold_ends_with_3_and_keeps_the_dataset(tmp_path: Path, small: str, lcdata: Run) -> None:
    write(tmp_path, small, "gates: {min_fill: 100%, max_share_error: 0}")
    refused = lcdata("build", "some.yaml", "--json")
    assert refused.returncode == 3
    *_, judged = map(json.loads, refused.stdout.splitlines())
    assert judged["event"] == "gates"
    assert [(gate["gate"], gate["holds"]) for gate in judged["gates"]] == [
        ("min_fill", False),
        ("max_share_error", True),
    ]
    again = lcdata("build", "some.yaml")
    assert again.returncode == 3
    assert "broken  min_fill 1: " in again.stdout
    assert lcdata("verify", "some").returncode == 0


@pytest.mark.parametrize(
    ("gates", "holds"),
    [
        ({"min_fill": 0.5}, True),
        ({"min_fill": 0.9999}, False),
        ({"max_repeats": 1}, True),
        ({"max_repeated_chars": 0}, True),
        ({"min_audited": 0.01}, True),
        ({"min_audited": 1}, False),
        ({"max_left_out": 0}, True),
        ({"max_share_error": 0}, True),
        ({"min_remade": 8}, True),
        ({"min_remade": 9}, False),
    ],
)
def test_each_gate_judges(tmp_path: Path, small: str, lcdata: Run, gates: dict[str, float], holds: bool) -> None:
    write(tmp_path, small)
    assert lcdata("build", "some.yaml").returncode == 0
    judged = judge("some", read_manifest(tmp_path / "some"), QualityGates.model_validate(gates), remade=8)
    assert [gate.holds for gate in judged.gates] == [holds]
    assert judged.holds == holds


@pytest.mark.parametrize(
    ("gates", "problem"),
    [
        ("gates: {min_fil: 1%}", "Did you mean 'min_fill'?"),
        ("gates: {min_fill: 120%}", "min_fill: must be a share"),
        ("gates: {}", "must name a gate"),
    ],
)
def test_gates_that_cannot_be_meant_are_refused(tmp_path: Path, small: str, gates: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem.replace("?", r"\?")):
        read_recipe(write(tmp_path, small, gates))


def test_a_build_that_would_be_the_same_is_not_made(tmp_path: Path, small: str, lcdata: Run) -> None:
    write(tmp_path, small)
    assert lcdata("build", "some.yaml", "--out", "first").returncode == 0
    same = lcdata("build", "some.yaml", "--out", "second", "--unless-same", "first", "--json")
    assert same.returncode == 0
    *_, done = map(json.loads, same.stdout.splitlines())
    assert (done["out"], done["built"]) == ("first", False)
    assert not (tmp_path / "second").exists()
    other = lcdata("build", "some.yaml", "--out", "second", "--unless-same", "first", "--set", "seed=7")
    assert other.returncode == 0
    assert (tmp_path / "second" / "lcdata.json").is_file()
    for path in (tmp_path / "second" / "data").rglob("*.parquet"):
        path.unlink()
    damaged = lcdata("build", "some.yaml", "--out", "third", "--unless-same", "second", "--set", "seed=7")
    assert damaged.returncode == 0
    assert (tmp_path / "third" / "lcdata.json").is_file()
