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
from chance import chisquare, ks_2samp

from lcdata.generators.material.associations import RELATIONS, Relation
from lcdata.generators.material.fact_needles import FACTS
from lcdata.generators.material.frames import SENTENCE
from lcdata.generators.material.identifiers import identifiers
from lcdata.generators.material.list_needles import LISTS
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
    {"haystack": "prose", "distractors": "near", "num_keys": 12, "key_type": "numbers", "absent": 0.4},
    {**Niah.presets["multikey_2_hard"], "value_type": "words", "absent": 0.2},
    {"haystack": "needles", "distractors": "near", "key_type": "uuids", "num_keys": 2, "num_queries": 2},
    {"needle_type": "list", "haystack": "needles", "distractors": "near", "absent": 0.3},
    {"needle_type": "association", "haystack": "prose", "num_keys": 11},
    {"needle_type": "association", "num_keys": 12, "absent": 0.4},
    {"haystack": "code", "num_keys": 8, "num_values": 2},
    {"haystack": "logs", "distractors": "near", "num_keys": 4},
    {"haystack": "table", "num_keys": 4, "key_type": "numbers"},
    {"haystack": "json", "needle_type": "list", "num_keys": 3},
    {"haystack": "chat", "needle_type": "association", "num_keys": 6},
)
SINGLE = tuple(case for case in CASES if "distractors" not in case and case.get("needle_type") != "association")
"""Those whose answers stand in the text once."""
BENCHMARKS = {name: preset for name, preset in Niah.presets.items() if not name.endswith(("_hard", "association"))}

_FACT = r"[a-z]+-[a-z]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{7}"
_CITY = r"[A-Z][a-z]{8,}"
_OUTINGS = r"1\) ([^,]+), 2\) ([^,]+), 3\) ([^,]+), 4\) ([^,]+) and 5\) ([^,.]+)"


def solve(prompt: str) -> tuple[str, ...]:
    """The values of the asked keys, found by matching every form of the needles of every wording in the text."""
    context, _, question = prompt.rstrip("\n").rpartition("\n\n")
    for relation in RELATIONS:
        if asked := re.search(_filled(relation.question), question):
            return (_associated(relation, context, asked["x"]),)
    said: dict[int, tuple[str, list[str]]] = {}
    for wording in (*FACTS, *LISTS):
        for pattern in (wording.needle, *wording.forms):
            for match in re.finditer(_pattern(pattern, is_fact=wording in FACTS), context):
                key, *values = filter(None, match.groups())
                said[match.start()] = key, values
    asked = re.findall(f"{_CITY}|{_FACT}", question)
    assert asked
    in_order = [said[at] for at in sorted(said)]
    stated = {key: [value for other, values in in_order if other == key for value in values] for key in asked}
    return tuple(value for key in asked for value in stated[key] or ["not mentioned"])


def _filled(pattern: str) -> str:
    pattern = re.escape(pattern)
    return pattern.replace(r"\{name\}", "(?P<name>[A-Z][a-z]+ [A-Z][a-z]+)").replace(r"\{x\}", "(?P<x>[^?]+?)")


def _associated(relation: Relation, context: str, asked: str) -> str:
    """Who is said to have to do with the thing that what is asked follows from."""
    thing = next(thing for thing, follows in relation.pairs if follows == asked)
    found = [match["name"] for match in re.finditer(_filled(relation.statement), context) if match["x"] == thing]
    assert len(found) <= 1
    return found[0] if found else "nobody"


def _pattern(needle: str, *, is_fact: bool) -> str:
    pattern = re.escape(needle).replace(r"\{kind\}", r"\w+")
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
def test_the_text_alone_gives_the_answers(settings: dict[str, object]) -> None:
    for index in range(27):
        sample = make(index, 60, **settings)
        assert solve(sample.prompt) == sample.answers


@pytest.mark.parametrize("settings", [*SINGLE, *BENCHMARKS.values()], ids=str)
def test_the_text_has_no_answer_twice(settings: dict[str, object]) -> None:
    for index in range(27):
        sample = make(index, 60, **settings)
        for value in sample.answers:
            assert sample.prompt.count(value) == (1 if value != "not mentioned" or settings.get("absent") else 0)


def test_presets_are_rulers_eight_helmets_three_and_the_pressure_test() -> None:
    assert len(BENCHMARKS) == 12
    assert {f"{name}_hard" for name in BENCHMARKS} - set(Niah.presets) == {"mk_2_hard", "mk_3_hard", "mv_hard"}
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
        assert re.fullmatch(_pattern(FACTS[1].needle, is_fact=True), sample.text[start:end])
        assert value in sample.text[start:end]


def test_a_list_is_one_sentence_and_five_answers() -> None:
    for index in range(9):
        sample = make(index, 50, needle_type="list", num_keys=3, num_queries=2, haystack="prose")
        assert (len(sample.evidence_spans), len(sample.answers)) == (2, 10)
        for number, (start, end) in enumerate(sample.evidence_spans):
            assert re.fullmatch(_pattern(LISTS[index].needle, is_fact=False), sample.text[start:end])
            assert all(item in sample.text[start:end] for item in sample.answers[5 * number : 5 * number + 5])
        numbered = [sample.text[start - 3 : end] for start, end in sample.answer_spans]
        assert numbered == [f"{place % 5 + 1}) {item}" for place, item in enumerate(sample.answers)]


def test_other_cities_are_in_the_same_words() -> None:
    sample = make(2, 40, needle_type="list", num_keys=4)
    assert len(re.findall(_pattern(LISTS[2].needle, is_fact=False), sample.prompt)) == 4


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
        assert make(3, 200, depths=[depth], haystack="prose").depth[0] == pytest.approx(depth, abs=0.02)
    drawn = [make(index, 50, depths=[0.0, 1.0], num_keys=3).depth[0] for index in range(60)]
    assert {round(depth) for depth in drawn} == {0, 1}
    assert all(depth < 0.1 or depth > 0.9 for depth in drawn)


def test_values_of_one_key_come_in_any_order_of_drawing() -> None:
    """RULER's constant permutation: the first drawn value always stood third in the text."""
    ranks = [0, 0, 0, 0]
    for index in range(400):
        draft = build_task("niah", {"num_values": 4}).draft(stream("niah", 1, index), FACTS[0], 30)
        rng = stream("niah", 1, index)
        identifiers("words", rng, 2, split="train")
        first = identifiers("numbers", rng, 4, split="train").strings()[0]
        ranks[draft.render(30).answers.index(first)] += 1
    assert chisquare(ranks).pvalue > 1e-4


def test_an_absent_key_is_in_an_aside_alone_and_the_answer_says_so() -> None:
    for settings in ({}, {"needle_type": "list"}):
        samples = [make(index, 30, absent=0.5, haystack="needles", **settings) for index in range(200)]
        absent = [sample for sample in samples if sample.facts["absent"]]
        assert 60 < len(absent) < 140
        for sample in absent:
            assert sample.answers == ("not mentioned",)
            assert sample.answer.endswith(" is not mentioned.")
            key = sample.facts["asked"][0]
            assert (sample.context.count(key), sample.prompt.count(key)) == (1, 2)
            assert sample.evidence_spans == ()
            assert sample.facts["needles"] == []
        assert any(sample.facts["needles"] for sample in samples)


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_a_drafts_characters_are_known_before_it_is_rendered(settings: dict[str, object]) -> None:
    task = build_task("niah", settings)
    draft = task.draft(stream("niah", 0, 1), task.templates[2], 80)
    for units in (1, 40, 80):
        sample = draft.render(units)
        in_lines = 0 if draft.frame is SENTENCE else sample.facts["num_needles"] + sample.facts["num_decoys"]
        assert abs(sample.chars_with_room - int(draft.chars[units])) <= 2 + 120 * in_lines


def test_a_corpus_never_holds_an_asked_key_or_a_value() -> None:
    for settings in ({"num_values": 2}, {"key_type": "numbers"}, {"needle_type": "list", "num_keys": 2}):
        clean = corpus_of("A sentence like any other. " * 50, "clean.txt")
        needles = [make(index, 20, haystack="essay", corpus=clean, **settings).facts for index in range(9)]
        clashes = [[*facts["asked"], *facts["needles"][0]["values"]] for facts in needles]
        full = corpus_of("".join(f"Here it says {name} too. " for names in clashes for name in names) * 3, "full.txt")
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
    assert min(starts) < len(corpus) / 8 < len(corpus) * 0.4 < max(starts), "in the three fifths to train on"
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
        ({"distractors": "none", "num_keys": 2}, r"^niah: distractors=none has no other keys: leave out num_keys"),
        ({"distractors": "none", "haystack": "needles"}, r"^niah: distractors=none has no other keys"),
        ({"needle_type": "association", "num_keys": 20}, r"^niah: needle_type=association has at most 19 keys"),
        ({"needle_type": "association", "num_queries": 2}, r"^niah: needle_type=association asks for one person"),
        ({"needle_type": "list", "num_values": 2}, r"^niah: needle_type=list has one list for each city: leave out"),
    ],
)
def test_settings_that_clash_are_refused_in_one_line(settings: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        build_task("niah", settings)
    assert "\n" not in str(caught.value)
    assert ": :" not in str(caught.value)


NEAR = tuple(preset for name, preset in Niah.presets.items() if name.endswith("_hard"))


@pytest.mark.parametrize("settings", NEAR, ids=str)
def test_near_keys_share_a_half_with_each_other(settings: dict[str, object]) -> None:
    for index in range(5, 9):
        keys = keys_of(make(index, 100, **settings))
        assert len(keys) >= 16
        halves = [(key[: len(key) // 3], key[-len(key) // 3 :]) for key in keys]
        alike = [sum(one[0] == other[0] or one[1] == other[1] for other in halves) > 1 for one in halves]
        assert np.mean(alike) > 0.7


def keys_of(sample: Sample) -> list[str]:
    """Keys of all needles in the text, each once."""
    keys: dict[str, None] = {}
    for wording in (*FACTS, *LISTS):
        for pattern in (wording.needle, *wording.forms):
            for match in re.finditer(_pattern(pattern, is_fact=wording in FACTS), sample.context):
                keys[match[1]] = None
    return list(keys)


def test_near_numbers_are_others_with_digits_swapped() -> None:
    swapped = 0
    for index in range(9):
        keys = set(keys_of(make(index, 20, distractors="near", num_keys=40, key_type="numbers")))
        swapped += sum(key[-1] != key[-2] and f"{key[:-2]}{key[-1]}{key[-2]}" in keys for key in keys)
    assert swapped > 20


def test_near_needles_are_worded_in_several_ways_and_decoys_name_keys_and_values_again() -> None:
    of_asked: list[int] = []
    for index in range(1, 200):
        sample = make(index, 20, distractors="near", num_keys=24)
        wording = FACTS[index % 9]
        counts = [len(re.findall(_pattern(form, is_fact=True), sample.context)) for form in wording.forms]
        assert all(counts) or wording.id == "seed"
        assert sample.facts["num_decoys"] == 24 or wording.id == "seed"
        of_asked.append(sample.context.count(sample.facts["asked"][0]))
    assert {1, 2} <= set(of_asked) <= set(range(1, 7))


def test_a_near_key_that_is_absent_is_in_the_text_as_often_as_one_that_is_not() -> None:
    samples = [make(index, 20, distractors="near", num_keys=16, absent=0.5) for index in range(300)]
    mentioned = [
        [sample.context.count(sample.facts["asked"][0]) for sample in samples if sample.facts["absent"] == absent]
        for absent in (True, False)
    ]
    assert min(map(min, mentioned)) == 1 < min(map(max, mentioned))
    assert ks_2samp(*mentioned).pvalue > 1e-4


def test_associations_are_at_least_sixty_and_unambiguous() -> None:
    assert sum(len(relation.pairs) for relation in RELATIONS) >= 60
    for relation in RELATIONS:
        for side in (0, 1):
            assert len({pair[side] for pair in relation.pairs}) == len(relation.pairs)
        for thing, follows in relation.pairs:
            shared = _content(relation.statement.format(name="", x=thing)) & _content(
                relation.question.format(x=follows)
            )
            assert not shared, shared


def _content(text: str) -> set[str]:
    """The words of a text that tell something, without endings."""
    small = {"a", "an", "by", "in", "is", "the", "of", "who", "whose", "one", "with", "and", "on", "as", "they", "at"}
    return {word.rstrip("s") for word in set(re.findall("[a-z]+", text.lower())) - small}


def test_an_association_has_the_words_of_its_question_beside_somebody_else() -> None:
    relations: set[str] = set()
    for index in range(60):
        sample = make(index, 30, needle_type="association", num_keys=10, haystack="prose")
        (asked,), (person,) = sample.facts["asked"], sample.answers
        (span,) = sample.evidence_spans
        evidence = sample.text[slice(*span)]
        assert person in evidence
        assert asked not in evidence
        assert sample.context.count(person) == 1
        sentences = [sentence for sentence in re.split(r"(?<=\.)\s+", sample.context) if asked in sentence]
        assert sentences
        assert not any(person in sentence for sentence in sentences)
        relations.add(sample.facts["relation"])
    assert relations == {relation.id for relation in RELATIONS}
