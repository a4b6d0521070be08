"""What a user asks for in vain: one line that says what to do instead, before any work."""

import json
from pathlib import Path

import pytest
from conftest import Run

GEN = ("gen", "--task", "niah", "--length", "1k", "--n", "4", "--workers", "0", "--out", "out")


@pytest.fixture
def corpora(tmp_path: Path, lcdata: Run, small: str) -> Path:
    """A store of a corpus of short documents and one of a single long one."""
    (tmp_path / "short.jsonl").write_text("\n".join(json.dumps({"text": f"{n} " + "a b " * 20}) for n in range(40)))
    (tmp_path / "long.jsonl").write_text(json.dumps({"text": "many words " * 30_000}))
    for name in ("short", "long"):
        assert lcdata("ingest", f"{name}.jsonl", "--name", name, "--tokenizer", small).returncode == 0
    return tmp_path / "store"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--set", "absent=yes"), "niah: absent: must be a number, got 'yes'"),
        (("--set", "absent=true"), "niah: absent must not be true"),
        (("--set", "num_keys=1", "--set", "num_keys=2"), "--set num_keys is given 2 times: give it once"),
        (("--length", "1e12"), "documents and rows have at most 2,147,483,647 tokens: make them shorter"),
        (("--length", "2e9"), "a sample of 2,000,000,000 tokens takes about 800.0 GB of memory"),
        (("--n", "1e17"), "a plan of 100,000,000,000,000,000 documents takes about 10.0 EB of memory"),
    ],
)
def test_what_cannot_be_is_refused(lcdata: Run, small: str, options: tuple[str, ...], message: str) -> None:
    for mode in ((), ("--dry-run",)):
        refused = lcdata(*GEN, "--tokenizer", small, *options, *mode)
        assert refused.returncode == 2, refused.stdout
        assert message in refused.stderr
        assert len(refused.stderr.splitlines()) <= 2


def test_a_finished_dataset_hides_no_mistake(lcdata: Run, small: str) -> None:
    assert lcdata(*GEN, "--tokenizer", small).returncode == 0
    for options, message in {
        ("--set", "num_kyes=2"): "niah: unknown setting 'num_kyes'. Did you mean 'num_keys'?",
        ("--template", "nope"): "niah has no template 'nope'",
        ("--tokenizer", "nowhere.json"): "no tokenizer at 'nowhere.json'",
        ("--set", "num_keys=2"): "is finished and was made from another recipe",
    }.items():
        refused = lcdata(*GEN, "--tokenizer", small, *options)
        assert refused.returncode == 2
        assert message in refused.stderr


def test_too_few_tokens_for_any_document_are_named(lcdata: Run, corpora: Path) -> None:
    for mode in ((), ("--dry-run",)):
        refused = lcdata("gen", "--corpus", corpora / "short", "--length", "4k", "--tokens", "1", *mode)
        assert refused.returncode == 2
        assert "no document is so short that 1 token could be it: ask for more" in refused.stderr


def test_more_documents_than_memory_can_plan_are_refused(lcdata: Run, corpora: Path) -> None:
    refused = lcdata("gen", "--corpus", corpora / "short", "--length", "4k", "--tokens", "1000T")
    assert refused.returncode == 2
    assert "of memory" in refused.stderr


def test_inspect_shows_the_ends_of_a_long_document_and_whose_it_is(lcdata: Run, corpora: Path) -> None:
    assert (
        lcdata("gen", "--corpus", corpora / "long", "--length", "1M", "--tokens", "400k", "--out", "out").returncode
        == 0
    )
    shown = lcdata("inspect", "out").stdout
    assert len(shown) < 5000
    assert "tokens …" in shown
    assert "long: long.jsonl:1 from token 0 on" in shown
