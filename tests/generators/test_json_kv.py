"""`json_kv`: solved by parsing the object; `solve` and `CASES` also serve the contract test."""

import json
import re
import uuid

from lcdata.generators.json_kv import WORDINGS, JsonKV
from lcdata.generators.registry import build_task
from lcdata.schemas.sample import Sample
from lcdata.schemas.stream import stream

CASES = ({}, {"query": "before"}, {"query": "both", "demos": 2})

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def solve(prompt: str) -> tuple[str, ...]:
    """The value of the asked key, read from the parsed object."""
    start, end = prompt.index("{\n"), prompt.index("\n}") + 2
    pairs = json.loads(prompt[start:end], object_pairs_hook=list)
    before, after = _UUID.findall(prompt[:start]), _UUID.findall(prompt[end:])
    asked = before[0] if before else after[-1]
    values = [value for key, value in pairs if key == asked]
    assert len(values) == 1
    assert asked not in [value for _, value in pairs]
    return (values[0],)


def make(index: int, num_units: int, **settings: object) -> Sample:
    """A sample in one of the wordings, without any tokenizer."""
    task = build_task("json_kv", settings)
    wording = WORDINGS[index % len(WORDINGS)]
    return task.draft(stream("json_kv", 5, index), wording, num_units).render(num_units)


def test_keys_and_values_are_uuids_of_version_four() -> None:
    found = _UUID.findall(make(0, 200).prompt)
    assert len(found) == 401
    assert {uuid.UUID(text).version for text in found} == {4}
    assert {uuid.UUID(text).variant for text in found} == {uuid.RFC_4122}
    assert len(set(found)) == 400


def test_the_question_stands_where_it_was_asked_to() -> None:
    for index in range(16):
        for query, places in {"after": (0, 1), "before": (1, 0), "both": (1, 1)}.items():
            sample = make(index, 6, query=query)
            start, end = sample.prompt.index("{\n"), sample.prompt.index("\n}")
            key = sample.facts["key"]
            assert (sample.prompt[:start].count(key), sample.prompt[end:].count(key)) == places


def test_examples_are_true_and_never_the_asked_pair() -> None:
    for index in range(32):
        sample = make(index, 1, demos=3)
        shown = _UUID.findall(sample.prompt[sample.prompt.index("\n}") :])[:-1]
        pairs = dict(json.loads(sample.prompt[sample.prompt.index("{\n") : sample.prompt.index("\n}") + 2]))
        assert len(shown) == 6
        assert all(pairs[key] == value for key, value in zip(shown[::2], shown[1::2], strict=True))
        assert sample.facts["key"] not in shown


def test_a_drafts_characters_are_exact() -> None:
    for settings in CASES:
        draft = build_task("json_kv", settings).draft(stream("json_kv", 0, 1), WORDINGS[2], 50)
        assert [len(draft.render(units).text) for units in (5, 30, 50)] == [int(draft.chars[u]) for u in (5, 30, 50)]


def test_presets_are_helmets_and_those_of_lost_in_the_middle() -> None:
    prompts = {name: make(0, 6, **settings).prompt for name, settings in JsonKV.presets.items()}
    assert list(prompts) == ["json_kv", "kv_retrieval", "kv_retrieval_query_aware"]
    assert [len(_UUID.findall(prompt.partition("{\n")[0])) for prompt in prompts.values()] == [0, 0, 1]
    assert [len(_UUID.findall(prompt.partition("\n}")[2])) for prompt in prompts.values()] == [5, 1, 1]
