"""A reply is rated alike by a sample, by its reference and by the line of an evaluation file."""

import json
from pathlib import Path

import pytest
from conftest import Run

from lcdata.pipelines.making.sequence import samples
from lcdata.pipelines.scoring.reply import score
from lcdata.schemas.errors import UsageError


def test_a_sample_its_reference_and_its_line_give_the_same_measures(lcdata: Run, small: str, tmp_path: Path) -> None:
    settings = ("--set", "num_values=2")
    options = ("--task", "niah", "--length", "1k", "--n", 3, "--tokenizer", small, "--out", "out", *settings)
    assert lcdata("gen", *options).returncode == 0
    assert lcdata("export", "out", "--to", "eval", "--out", "eval.jsonl").returncode == 0
    lines = [json.loads(line) for line in (tmp_path / "eval.jsonl").read_text().splitlines()]
    for sample, line in zip(samples("niah", "1k", n=3, tokenizer=small, num_values=2), lines, strict=True):
        assert sample.prompt == line["input"]
        for reply, recall in ((sample.answer, 1.0), (sample.answers[0], 0.5), ("I do not know.", 0.0)):
            found = score(sample, reply)
            assert found == score(sample.reference, reply) == score(line, reply)
            assert (found["recall"], found["exact"]) == (recall, float(recall == 1))
            assert score(sample, reply, "substring") == score(line, reply, match="substring")
            assert score(sample, reply, "substring")["string_match_all"] == recall


def test_the_main_measure_comes_first() -> None:
    reference = {"outputs": ["42"]}
    assert [next(iter(score(reference, "42", match))) for match in ("exact", "substring")] == [
        "exact",
        "string_match_all",
    ]


@pytest.mark.parametrize(
    ("reference", "match", "message"),
    [
        (
            {"index": 3},
            "exact",
            r'reference: outputs: field required; it is such as \{"index": 0, "outputs": \["42"\]\}',
        ),
        ({"outputs": []}, "exact", r"reference: outputs: value should have at least 1 item"),
        ({"outputs": ["42"]}, "fuzzy", r"match must be exact, last-answer, substring, two-way or task, got 'fuzzy'"),
    ],
)
def test_what_cannot_be_meant_is_refused(reference: dict[str, object], match: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        score(reference, "42", match)
