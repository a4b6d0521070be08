"""No set holds what another asks or answers, and no sample the randomness of another's length or settings."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

import lcdata
from lcdata.generators.material.essay import Corpus
from lcdata.generators.registry import build_task, stream_name, tasks
from lcdata.schemas.errors import UsageError
from lcdata.schemas.sample import Sample
from lcdata.schemas.split import Split, of_split
from lcdata.schemas.stream import stream

CASES: list[tuple[str, Mapping[str, Any]]] = [
    ("kv", {}),
    ("kv", {"subkeys": 2, "sharing": 0}),
    ("kv", {"subkeys": 3, "shuffle_asked": True, "absent": 0.3}),
    ("json_kv", {}),
    ("niah", {"haystack": "needles", "num_queries": 2}),
    ("niah", {"num_keys": 12, "distractors": "near", "haystack": "prose"}),
    ("niah", {"key_type": "numbers", "value_type": "words", "num_keys": 6, "distractors": "near"}),
    ("niah", {"needle_type": "list", "num_keys": 4}),
    ("niah", {"needle_type": "association", "num_keys": 9, "absent": 0.2}),
    ("vt", {}),
    ("vt", {"distractors": "near", "num_chains": 8}),
    ("cwe", {"freq_common": 6}),
    ("cwe", {"words": "english", "freq_common": 6, "num_common": 4}),
    ("fwe", {}),
    ("mdqa", {}),
    ("mdqa", {"hops": 2}),
]
SPLITS: tuple[Split, ...] = get_args(Split)
_INDEX_OF_DICTIONARY = 1
"""Place of kv's answer that is no value: the number of a dictionary is soon the same."""


def drawn(name: str, settings: Mapping[str, Any], split: Split, count: int) -> list[Sample]:
    """Samples of a set, each set of a seed of its own."""
    task = build_task(name, settings, split)
    seed = SPLITS.index(split)
    return [task.draft(stream(name, seed, index), task.templates[0], 40).render(30) for index in range(count)]


def said(name: str, sample: Sample) -> set[str]:
    """What a sample asks for and what it is answered, where it is not absent."""
    asked = next((sample.facts[fact] for fact in ("question", "asked", "key", "value") if fact in sample.facts), ())
    if name == "kv":
        asked = [tuple(sorted(sample.facts["key"]))]
    answers = [answer for place, answer in enumerate(sample.answers) if name != "kv" or place != _INDEX_OF_DICTIONARY]
    if sample.facts.get("absent"):
        answers = []
    return {f"asked {one}" for one in ([asked] if isinstance(asked, str | int) else asked)} | set(answers)


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_sets_share_no_question_and_no_answer(name: str, settings: Mapping[str, Any]) -> None:
    train, validation, test = (
        {one for sample in drawn(name, settings, split, 60) for one in said(name, sample)} for split in SPLITS
    )
    assert min(map(len, (train, validation, test))) > 10
    assert not train & validation
    assert not train & test
    assert not validation & test


def test_every_task_is_tried() -> None:
    assert {name for name, _ in CASES} == set(tasks())


def test_what_is_drawn_belongs_to_its_set() -> None:
    """Not by chance: values of three and four digits are soon drawn twice."""
    for split in SPLITS:
        values = [int(sample.answers[0]) for sample in drawn("kv", {}, split, 100)]
        assert of_split(np.array(values), split).all()
        assert len(set(values)) > 80


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("vt", {"length": "1k"}, {"length": "2k"}),
        ("niah", {"length": "1k"}, {"length": "1k", "haystack": "prose"}),
        ("mdqa", {"length": "2k"}, {"length": "3k"}),
        ("cwe", {"length": "2k", "freq_common": 6}, {"length": "2k", "freq_common": 7}),
    ],
)
def test_lengths_and_settings_share_no_randomness(
    name: str, one: dict[str, Any], other: dict[str, Any], small: str
) -> None:
    def answers(settings: dict[str, Any]) -> list[tuple[str, ...]]:
        return [
            sample.answers
            for sample in lcdata.samples(name, n=8, seed=7, tokenizer=small, engine="tokenizers", **settings)
        ]

    assert not set(answers(one)) & set(answers(other))
    assert answers(one) == answers(one)


def test_defaults_that_are_written_change_nothing() -> None:
    assert stream_name(build_task("vt", {"num_chains": 4})) == stream_name(build_task("vt", {}))
    assert stream_name(build_task("vt", {"num_chains": 5})) != stream_name(build_task("vt", {}))


def test_a_corpus_may_be_called_otherwise(tmp_path: Path, small: str) -> None:
    text = " ".join(f"Sentence {number} stands here." for number in range(400))
    (tmp_path / "one.txt").write_text(text)
    shutil.copy(tmp_path / "one.txt", tmp_path / "two.txt")
    one, two = (
        lcdata.samples("niah", "1k", n=4, tokenizer=small, haystack="essay", corpus=f"{tmp_path}/{file}.txt")
        for file in ("one", "two")
    )
    assert [sample.text for sample in one] == [sample.text for sample in two]


def test_sets_have_parts_of_a_corpus_for_themselves() -> None:
    text = "".join(f"Sentence {number:04}. " for number in range(1003))
    whole = Corpus.of(text.encode())
    parts = [whole.part(split) for split in SPLITS]
    assert all(parts)
    assert b"".join(part.data for part in parts if part) == whole.data
    assert [len(part.bytes_before) - 1 for part in parts if part] == [602, 201, 200]
    ends = 0
    for part in parts:
        assert part is not None
        for index in range(50):
            for num in (3, 150, 700):
                drawn = part.excerpt(stream("test", 0, index), num)
                stretches = drawn.facts(num)["corpus_stretches"]
                assert isinstance(stretches, list)
                again = "".join(text[start:end] for start, end in stretches)
                assert sorted(set(again.split(". "))) == sorted(set(drawn.text.split(". ")))
                assert all(ends <= start < end <= ends + len(part.data) for start, end in stretches)
        ends += len(part.data)


def test_a_corpus_may_be_too_short_to_be_parted(tmp_path: Path) -> None:
    (tmp_path / "short.txt").write_text("One sentence.")
    settings = {"haystack": "essay", "corpus": str(tmp_path / "short.txt")}
    assert drawn("niah", settings, "train", 1)
    with pytest.raises(UsageError, match="has too few sentences to have a part of split test: name a longer one"):
        drawn("niah", settings, "test", 1)


def test_values_may_be_too_few_to_be_parted() -> None:
    settings = {"value_digits": "1"}
    assert {sample.answers[0] for sample in drawn("kv", settings, "train", 60)} <= {"1", "2", "6", "7", "8"}
    with pytest.raises(UsageError, match="kv: no value below 10 is of split"):
        drawn("kv", settings, "test", 1)


def test_split_is_no_setting() -> None:
    with pytest.raises(UsageError, match="kv: split is no setting: write it beside the task, or --split test"):
        build_task("kv", {"split": "test"})
