"""`niah`: solved by finding the sentences; `solve` and `CASES` also serve the contract test."""

import hashlib
import os
import random
import re
import tempfile
from pathlib import Path
from string import ascii_lowercase

import numpy as np
import pytest
from chance import chisquare

from lcdata.generators.material.fact_needles import FACTS
from lcdata.generators.material.list_needles import LISTS
from lcdata.generators.material.needles import NeedleWording
from lcdata.generators.niah import Niah
from lcdata.generators.registry import build_task
from lcdata.schemas.errors import UsageError
from lcdata.schemas.sample import Sample
from lcdata.schemas.stream import stream

_FOLDER = Path(tempfile.gettempdir()) / f"lcdata-tests-{os.getuid()}"
"""Always the same, because cases are named by their settings, and workers must agree on the names."""


def corpus_of(text: str, name: str) -> str:
    """A file that holds the text, and is named by it: suites of several checkouts may run at once."""
    _FOLDER.mkdir(exist_ok=True)
    named = _FOLDER / f"{hashlib.sha256(text.encode()).hexdigest()[:12]}-{name}"
    whole = named.with_name(f"{named.name}.{os.getpid()}")
    whole.write_text(text, encoding="utf-8")
    os.replace(whole, named)
    return str(named)


def prose() -> str:
    """Paragraphs of sentences of words that nobody has read, some of them not in ASCII."""
    chance = random.Random(0)
    words = ["".join(chance.choices(ascii_lowercase, k=chance.randint(2, 9))) for _ in range(2000)] + ["früh", "楊 🎻"]
    drawn = chance.choices(words, k=180_000)
    sentences = [" ".join(drawn[first : first + 9]).capitalize() + "." for first in range(0, len(drawn), 9)]
    return "\n\n".join(" ".join(sentences[first : first + 5]) for first in range(0, len(sentences), 5))


CORPUS = corpus_of(prose(), "corpus.txt")

CASES = (
    {},
    Niah.presets["single_3"],
    Niah.presets["multikey_3"],
    Niah.presets["multivalue"],
    {"haystack": "prose", "num_keys": 6, "num_values": 2, "num_queries": 3, "key_type": "uuids", "value_type": "words"},
    {"haystack": "needles", "key_type": "numbers", "absent": 0.5},
    {"needle_type": "list", "haystack": "prose"},
    {"needle_type": "list", "haystack": "needles", "num_keys": 4, "num_queries": 2, "absent": 0.3},
    {"haystack": "essay", "corpus": CORPUS, "num_keys": 2},
)

_FACT = r"[a-z]+-[a-z]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{7}"
_CITY = r"[A-Z][a-z]{8,}"
_OUTINGS = r"1\) ([^,]+), 2\) ([^,]+), 3\) ([^,]+), 4\) ([^,]+) and 5\) ([^,.]+)"


def solve(prompt: str) -> tuple[str, ...]:
    """The values of the asked keys, found by matching every needle of every wording in the text."""
    context, _, question = prompt.rstrip("\n").rpartition("\n\n")
    said: dict[str, list[str]] = {}
    for wording in (*FACTS, *LISTS):
        for match in re.finditer(_pattern(wording), context):
            key, *values = filter(None, match.groups())
            said.setdefault(key, []).extend(values)
    asked = re.findall(f"{_CITY}|{_FACT}", question)
    assert asked
    return tuple(value for key in asked for value in said.get(key, ["not mentioned"]))


def _pattern(wording: NeedleWording) -> str:
    is_fact = wording in FACTS
    pattern = re.escape(wording.needle).replace(r"\{kind\}", r"\w+")
    pattern = pattern.replace(r"\{key\}", f"({_FACT if is_fact else _CITY})")
    return pattern.replace(r"\{value\}", f"({_FACT})" if is_fact else _OUTINGS)


def make(index: int, num_units: int, **settings: object) -> Sample:
    """A sample in one of the wordings, without any tokenizer."""
    task = build_task("niah", settings)
    wording = task.templates[index % len(task.templates)]
    return task.draft(stream("niah", 5, index), wording, num_units).render(num_units)


def question(sample: Sample) -> str:
    """What the prompt ends with."""
    return sample.prompt.rstrip("\n").rpartition("\n\n")[2]


def test_there_are_eight_wordings_beside_the_seed() -> None:
    for wordings, seed in ((FACTS, "seed"), (LISTS, "guide")):
        assert wordings[0].id == seed
        assert len({wording.needle for wording in wordings[1:]}) >= 8
        assert len({wording.id for wording in wordings}) == len(wordings)
    sample = make(0, 3, haystack="needles")
    key, value = sample.facts["asked"][0], sample.answers[0]
    assert f"One of the special magic numbers for {key} is: {value}." in sample.prompt
    assert sample.prompt.endswith(f"What is the special magic number for {key} mentioned in the provided text?\n")


@pytest.mark.parametrize("settings", [*CASES, *Niah.presets.values()], ids=str)
def test_the_text_alone_gives_the_answers_and_only_those(settings: dict[str, object]) -> None:
    for index in range(27):
        sample = make(index, 60, **settings)
        assert solve(sample.prompt) == sample.answers
        for value in sample.answers:
            assert sample.prompt.count(value) == (1 if value != "not mentioned" or settings.get("absent") else 0)


def test_presets_are_rulers_eight_helmets_three_and_the_pressure_test() -> None:
    assert len(Niah.presets) == 12
    assert [len(make(1, 40, **Niah.presets[name]).answers) for name in ("multivalue", "multiquery")] == [4, 4]
    assert len(solve(make(1, 40, **Niah.presets["multikey_1"]).prompt)) == 1
    assert [make(1, 40, **Niah.presets[name]) for name in ("mk_2", "mk_3", "mv")] == [
        make(1, 40, **Niah.presets[name]) for name in ("multikey_2", "multikey_3", "multivalue")
    ]
    depths = [make(index, 400, **Niah.presets["pressure_test"]).depth[0] for index in range(200)]
    assert {round(depth, 1) for depth in depths} == {step / 10 for step in range(11)}
    assert np.abs(np.array(depths) * 10 - np.round(np.array(depths) * 10)).max() < 0.2


def test_evidence_is_the_needles_sentence() -> None:
    sample = make(1, 50, num_keys=3, num_values=2, num_queries=2, haystack="prose")
    assert len(sample.evidence_spans) == len(sample.answers) == 4
    for (start, end), value in zip(sample.evidence_spans, sample.answers, strict=True):
        assert re.fullmatch(_pattern(FACTS[1]), sample.text[start:end])
        assert value in sample.text[start:end]


def test_a_list_is_one_sentence_and_five_answers() -> None:
    for index in range(9):
        sample = make(index, 50, needle_type="list", num_keys=3, num_queries=2, haystack="prose")
        assert (len(sample.evidence_spans), len(sample.answers)) == (2, 10)
        for number, (start, end) in enumerate(sample.evidence_spans):
            assert re.fullmatch(_pattern(LISTS[index]), sample.text[start:end])
            assert all(item in sample.text[start:end] for item in sample.answers[5 * number : 5 * number + 5])
        numbered = [sample.text[start - 3 : end] for start, end in sample.answer_spans]
        assert numbered == [f"{place % 5 + 1}) {item}" for place, item in enumerate(sample.answers)]


def test_other_cities_are_in_the_same_words() -> None:
    sample = make(2, 40, needle_type="list", num_keys=4)
    assert len(re.findall(_pattern(LISTS[2]), sample.prompt)) == 4


def test_questions_agree_in_number_with_keys_and_values() -> None:
    plural = re.compile(r"(?:locker|badge|station|crate|ticket|sample|beacon)s|\b(?:are|do) (?!stamped)")
    for index, wording in enumerate(FACTS):
        one = question(make(index, 9))
        many = question(make(index, 9, num_values=3)).replace("What are all", "All")
        each = question(make(index, 9, num_queries=2))
        assert [len(re.findall(_FACT, text)) for text in (one, many, each)] == [1, 1, 2]
        assert [bool(plural.search(text)) for text in (one, many, each)] == [False, False, True], wording.id
        assert "number" in one
        assert "numbers" not in one
        assert re.search(r"numbers|(?:every|each|by) number", many)


def test_depths_put_the_asked_needle_where_they_say() -> None:
    for depth in (0.0, 0.5, 1.0):
        assert make(3, 200, depths=[depth], haystack="prose").depth[0] == pytest.approx(depth, abs=0.01)
    drawn = [make(index, 50, depths=[0.0, 1.0], num_keys=3).depth[0] for index in range(60)]
    assert {round(depth) for depth in drawn} == {0, 1}
    assert all(depth < 0.1 or depth > 0.9 for depth in drawn)


def test_values_of_one_key_come_in_any_order_of_drawing() -> None:
    """RULER's constant permutation: the first drawn value always stood third in the text."""
    ranks = [0, 0, 0, 0]
    for index in range(400):
        draft = build_task("niah", {"num_values": 4}).draft(stream("niah", 1, index), FACTS[0], 30)
        _, (values,) = draft._draw_names(stream("niah", 1, index), 2, 4)
        ranks[draft.render(30).answers.index(values.strings()[0])] += 1
    assert chisquare(ranks).pvalue > 1e-4


def test_an_absent_key_is_nowhere_and_the_answer_says_so() -> None:
    for settings in ({}, {"needle_type": "list"}):
        samples = [make(index, 30, absent=0.5, haystack="needles", **settings) for index in range(200)]
        absent = [sample for sample in samples if sample.facts["absent"]]
        assert 60 < len(absent) < 140
        for sample in absent:
            assert sample.answers == ("not mentioned",)
            assert sample.answer.endswith(" is not mentioned.")
            assert sample.prompt.count(sample.facts["asked"][0]) == 1
            assert sample.evidence_spans == ()
            assert sample.facts["needles"] == []
        assert any(sample.facts["needles"] for sample in samples)


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_a_drafts_characters_are_known_before_it_is_rendered(settings: dict[str, object]) -> None:
    task = build_task("niah", settings)
    draft = task.draft(stream("niah", 0, 1), task.templates[2], 80)
    assert all(abs(len(draft.render(units).text) - int(draft.chars[units])) <= 2 for units in (1, 40, 80))


def test_a_corpus_never_holds_an_asked_key_or_a_value() -> None:
    for settings in ({"num_values": 2}, {"key_type": "numbers"}, {"needle_type": "list", "num_keys": 2}):
        clean = corpus_of("A sentence like any other. " * 50, "clean.txt")
        needles = [make(index, 20, haystack="essay", corpus=clean, **settings).facts for index in range(9)]
        clashes = [[*facts["asked"], *facts["needles"][0]["values"]] for facts in needles]
        full = corpus_of("".join(f"Here it says {name} too. " for names in clashes for name in names), "full.txt")
        for index, names in enumerate(clashes):
            sample = make(index, 200, haystack="essay", corpus=full, **settings)
            assert all(name in sample.prompt for name in names)
            assert solve(sample.prompt) == sample.answers
            assert all(sample.prompt.count(value) == 1 for value in sample.answers)
            stated = sum(needle["key"] == sample.facts["asked"][0] for needle in sample.facts["needles"])
            assert sample.prompt.count(sample.facts["asked"][0]) == stated + 1


def test_an_essay_starts_anywhere_and_says_where() -> None:
    corpus = Path(CORPUS).read_text(encoding="utf-8")
    assert {"ü", "楊", "🎻"} < set(corpus)
    samples = [make(index, 20, haystack="essay", corpus=CORPUS, depths=[1.0]) for index in range(30)]
    starts = [sample.facts["corpus_start"] for sample in samples]
    assert len(set(starts)) == 30
    assert min(starts) < len(corpus) / 4 < len(corpus) * 3 / 4 < max(starts)
    for sample, start in zip(samples, starts, strict=True):
        haystack = sample.prompt.partition("\n\n")[2][: sample.evidence_spans[0][0] // 2]
        assert len(haystack) > 500
        assert corpus[start:].startswith(haystack)
        assert sample.facts["repeated_chars"] == 0


def test_the_corpus_is_an_input_of_a_build() -> None:
    assert build_task("niah", {"haystack": "essay", "corpus": CORPUS}).input_files() == (Path(CORPUS),)
    assert build_task("niah", {}).input_files() == ()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"haystack": "essay"},
            r"^niah: corpus: haystack=essay is cut from a corpus: name a file of .*, or a folder of \.txt files$",
        ),
        ({"corpus": "a.txt"}, r"^niah: corpus: is only read where haystack is essay, got haystack=noise"),
        ({"haystack": "essays"}, r"^niah: haystack: "),
        ({"needle_type": "list", "num_values": 2}, r"^niah: needle_type=list has one list for each city: leave out"),
    ],
)
def test_settings_that_clash_are_refused_in_one_line(settings: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        build_task("niah", settings)
    assert "\n" not in str(caught.value)
    assert ": :" not in str(caught.value)
