"""Wordings of a user's own are taken as they are, or refused in one line that says what is wrong."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Run

from lcdata.generators.registry import build_task, tasks
from lcdata.generators.templates import choose_templates, read_templates
from lcdata.schemas.errors import UsageError

MINE = {
    "id": "mine",
    "head": "Some notes follow.\n\n",
    "needle": "Note on {key}: {value}.",
    "one": "What does the note on {keys} say?",
    "many": "What do the notes on {keys} say?",
    "each": "What do the notes on {keys} say?",
    "absent": "There is no note on {key}: {values}.",
    "fact": "The note on {key} says {values}.",
}


@pytest.mark.parametrize("name", tasks())
def test_every_wording_can_be_written_to_yaml_and_read_back(lcdata: Run, tmp_path: Path, name: str) -> None:
    printed = lcdata("tasks", name, "--templates")
    assert printed.returncode == 0, printed.stderr
    (tmp_path / "own.yaml").write_text(printed.stdout)
    task = build_task(name, {})
    assert list(choose_templates(task, read_templates(tmp_path / "own.yaml"))) == list(task.templates)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nedle": "x"}, "niah: template 'mine' has an unknown field 'nedle'. Did you mean 'needle'?"),
        ({"needle": None}, "niah: template 'mine' lacks 'needle'"),
        (
            {"needle": "Note on {key}: {valeu}."},
            "needle has an unknown slot {valeu}. Known there: {key}, {kind}, {value}",
        ),
        ({"needle": "Note on {key}."}, "needle must contain {value}"),
        ({"needle": "Note on {key: {value}."}, "needle is not a pattern"),
        ({"needle": "Note on {key.__class__}: {value}."}, "needle has an unknown slot {key.__class__}"),
        ({"needle": 7}, "needle must be text, got 7"),
    ],
    ids=str,
)
def test_a_wording_that_cannot_be_used_is_one_line(change: dict[str, Any], message: str) -> None:
    wording = {key: value for key, value in {**MINE, **change}.items() if value is not None}
    with pytest.raises(UsageError) as caught:
        choose_templates(build_task("niah", {}), [wording])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [("a: [", "is not YAML"), ("just words", "must hold a list"), ("[]", "must hold a list"), (None, "cannot be read")],
)
def test_a_file_that_holds_no_wordings_is_one_line(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "own.yaml").write_text(content)
    with pytest.raises(UsageError, match=message):
        read_templates(tmp_path / "own.yaml")


def test_two_wordings_need_two_ids() -> None:
    with pytest.raises(UsageError, match="two templates 'mine'"):
        choose_templates(build_task("niah", {}), [MINE, MINE])


def test_named_wordings_are_used_and_no_others(lcdata: Run, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(yaml.safe_dump([MINE, {**MINE, "id": "other", "head": "Others follow.\n\n"}]))
    arguments = ("show", "niah", "--length", "600", "--templates", "own.yaml")
    shown = lcdata(*arguments, "--template", "other")
    assert "Others follow." in shown.stdout
    assert "template other" in shown.stdout
    refused = lcdata(*arguments, "--template", "mien")
    assert refused.returncode == 2
    assert "niah has no template 'mien'. Did you mean 'mine'? Known: mine, other" in refused.stderr


def test_a_build_with_ones_own_wording_verifies_without_the_file(lcdata: Run, tmp_path: Path, small: str) -> None:
    (tmp_path / "own.yaml").write_text(yaml.safe_dump([MINE]))
    arguments = ("--task", "niah", "--length", "600", "--n", "6", "--templates", "own.yaml", "--tokenizer", small)
    built = lcdata("gen", *arguments, "--out", "d", "--workers", "0")
    assert built.returncode == 0, built.stderr
    (tmp_path / "own.yaml").unlink()
    checked = lcdata("verify", "d")
    assert checked.returncode == 0, checked.stdout + checked.stderr
