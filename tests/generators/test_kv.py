"""`kv`: solved by reading the prompt alone; `solve` and `CASES` also serve the contract test."""

import re

import numpy as np
import pytest
from chance import chisquare

from lcdata.generators.kv import WORDINGS
from lcdata.generators.registry import build_task
from lcdata.schemas.errors import UsageError
from lcdata.schemas.sample import Sample
from lcdata.schemas.stream import stream

CASES = (
    {},
    {"answer_template": False, "dict_size": "1..6", "value_digits": "1..6"},
    {"subkeys": 3, "sharing": 1.0},
    {"subkeys": 2, "shuffle_asked": True, "sharing": 0.5, "key_digits": 4},
    {"absent": 1.0},
    {"absent": 0.5, "key_digits": "5..6"},
)

_DICTIONARY = re.compile(r"(\d+)\D*?\{(.*)\}$")


def solve(prompt: str) -> tuple[str, ...]:
    """The value and the dictionary that the prompt asks for, found by reading every dictionary in it."""
    lines = prompt.split("\n")
    dictionaries = [match for line in lines if (match := _DICTIONARY.search(line))]
    question = prompt[prompt.rindex("}\n") :]
    in_order = "in any order" not in question
    entries = [
        (_integers(key), value, match[1])
        for match in dictionaries
        for key, value in re.findall(r"(\([^)]*\)|\d+): (\d+)", match[2])
    ]
    asked = _integers(question)[: len(entries[0][0])]
    found = [
        (value, number)
        for key, value, number in entries
        if key == asked or (not in_order and sorted(key) == sorted(asked))
    ]
    assert len(found) <= 1, "the asked key is in more than one place"
    return found[0] if found else ("Not found",)


def _integers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def make(index: int, num_units: int, **settings: object) -> Sample:
    """A sample in one of the wordings, without any tokenizer."""
    task = build_task("kv", settings)
    return task.draft(stream("kv", 5, index), WORDINGS[index % len(WORDINGS)], num_units).render(num_units)


def test_there_are_eight_wordings_beside_the_seed() -> None:
    assert len({wording.id for wording in WORDINGS} - {"seed"}) >= 8
    assert len({wording.question for wording in WORDINGS}) == len(WORDINGS)


def test_the_seed_wording_is_the_papers() -> None:
    prompt = build_task("kv", {}).draft(stream("kv", 0, 0), WORDINGS[0], 3).render(3).prompt
    assert prompt.startswith("Do a task using the list of dictionaries below.\n\nDictionary [1] {")
    key = re.search(r"value of key (\d+) and", prompt)
    assert key is not None
    assert prompt.endswith(
        "Above is a list of dictionaries such that each key and value is an integer. "
        f"Report the value of key {key[1]} and the dictionary it is in. Answer in the following template:\n"
        f"The value of key {key[1]} is <fill-in-value> and it is in Dictionary [<fill-in-dictionary-name>].\n"
    )


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_the_prompt_alone_gives_the_answer(settings: dict[str, object]) -> None:
    for index in range(27):
        sample = make(index, 40, **settings)
        assert solve(sample.prompt) == sample.answers


def test_fewer_units_are_a_prefix_of_the_same_haystack() -> None:
    draft = build_task("kv", {"absent": 1.0}).draft(stream("kv", 0, 1), WORDINGS[0], 60)
    short, long = (draft.render(units).context.splitlines() for units in (20, 60))
    assert (len(short), len(long)) == (20, 60)
    assert 16 <= sum(map(str.__eq__, short, long)) < 20, "but for what stands at a depth of its own"


def test_a_drafts_characters_are_known_before_it_is_rendered() -> None:
    for settings in CASES:
        draft = build_task("kv", settings).draft(stream("kv", 0, 2), WORDINGS[1], 300)
        for units in (1, 50, 300):
            assert abs(draft.render(units).chars_with_room - int(draft.chars[units])) <= 12


def test_keys_of_a_sample_are_all_different() -> None:
    for num_units in (10, 1000, 6000):
        prompt = make(0, num_units).prompt
        keys = [int(key) for key in re.findall(r"[{ ](\d+): ", prompt)]
        assert len(keys) == len(set(keys)) >= 3 * num_units


def test_keys_are_widened_when_a_length_needs_more_of_them() -> None:
    widest = {units: max(map(int, re.findall(r"[{ ](\d+): ", make(0, units).prompt))) for units in (500, 3000, 20000)}
    assert widest[500] < 10**4 < widest[3000] < 10**5 < widest[20000] < 10**6


def test_digits_that_are_too_few_are_refused_with_the_cure() -> None:
    with pytest.raises(UsageError, match=r"kv: 1,\d+ different integers are needed .* use a greater key_digits"):
        make(0, 400, key_digits="1..2")


def keys_of(sample: Sample) -> list[list[int]]:
    """Every key of several subkeys in the text."""
    context = sample.context
    return [_integers(key) for key in re.findall(r"\(([\d, ]+)\): \d", context)]


def test_keys_of_a_group_share_some_subkeys_but_never_all() -> None:
    in_common: list[int] = []
    for index in range(20):
        sample = make(index, 60, subkeys=3, sharing=1.0)
        asked = set(sample.facts["key"])
        others = [len(set(key) & asked) for key in keys_of(sample) if set(key) != asked]
        assert len(others) == sample.facts["num_pairs"] - 1
        assert set(others) <= {0, 1, 2}
        assert np.mean(np.array(others) > 0) > 0.3
        in_common += others
    assert {1, 2} <= set(in_common)


@pytest.mark.parametrize("settings", [case for case in CASES if "subkeys" in case], ids=str)
def test_subkeys_of_the_asked_key_are_no_more_frequent_than_others(settings: dict[str, object]) -> None:
    """The place of the asked key in the order of keys by how often their subkeys occur is any."""
    ranks: list[float] = []
    for index in range(600):
        sample = make(index, 30, **settings)
        keys = keys_of(sample)
        counts = np.bincount(np.array(keys).ravel())
        scores = counts[np.array(keys)].sum(axis=1)
        own = scores[keys.index(sample.facts["key"])]
        ranks.append(float((scores < own).mean() + (scores == own).mean() / 2))
    assert abs(np.mean(ranks) - 0.5) < 5 * np.std(ranks) / len(ranks) ** 0.5 < 0.06


def test_no_two_keys_are_of_the_same_integers() -> None:
    for settings in ({"subkeys": 2, "sharing": 1.0}, {"subkeys": 3, "sharing": 0.3, "key_digits": 3}, {"subkeys": 5}):
        for index in range(40):
            sample = make(index, 100, **settings)
            keys = [frozenset(key) for key in keys_of(sample)]
            assert len(set(keys)) == len(keys) == sample.facts["num_pairs"]
            assert all(len(key) == settings["subkeys"] for key in keys)


def test_subkeys_that_are_too_few_are_refused_with_the_cure() -> None:
    with pytest.raises(UsageError, match=r"^kv: [1\d,]+ different keys of 2 subkeys are too many .* key_digits"):
        make(0, 300, subkeys=2, sharing=1.0, key_digits="1..2")
    with pytest.raises(UsageError, match=r"^kv: 24 different integers are needed for keys, but 1 digits give only 9"):
        make(0, 3, subkeys=2, key_digits=1)


def test_absent_keys_have_their_share_and_every_prompt_allows_for_them() -> None:
    samples = [make(index, 5, absent=0.3) for index in range(400)]
    absent = [sample.facts["absent"] for sample in samples]
    assert 0.2 < np.mean(absent) < 0.4
    assert all("If there is none, answer: Not found" in sample.prompt for sample in samples)
    assert all(sample.evidence_spans == () for sample in samples if sample.facts["absent"])


def test_neither_dictionary_nor_pair_nor_first_digit_is_favoured() -> None:
    samples = [make(index, 10, dict_size=4) for index in range(1500)]
    for name, values in {
        "dictionary": [sample.facts["dictionary"] - 1 for sample in samples],
        "pair": [sample.facts["pair"] - 1 for sample in samples],
        "digit": [int(str(sample.facts["value"])[0]) - 1 for sample in samples],
    }.items():
        counts = np.bincount(values)
        assert len(counts) > 3
        assert chisquare(counts).pvalue > 1e-4, name
