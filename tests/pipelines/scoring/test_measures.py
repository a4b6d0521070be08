"""Each measure on what it is for, by numbers that can be reckoned by hand."""

import math
import subprocess
import sys
from difflib import SequenceMatcher

import pytest

from lcdata.pipelines.scoring.measures.numeric import count_credit, last_number
from lcdata.pipelines.scoring.measures.order import line_accuracy, ndcg, pairwise_order
from lcdata.pipelines.scoring.measures.registry import MATCHES, MEASURES, measure
from lcdata.pipelines.scoring.measures.sets import jaccard, overlap
from lcdata.pipelines.scoring.measures.texts import prefixed_ratio, two_way_substring
from lcdata.schemas.errors import UsageError
from lcdata.schemas.evaluation import Reference


def test_sets_agree_by_what_they_share() -> None:
    assert overlap("abcd", "abe") == (0.5, 2 / 3, pytest.approx(4 / 7))
    assert overlap("ab", "abcd", beta=2) == (1, 0.5, pytest.approx(5 / 9))
    assert overlap("", "") == (1, 1, 1)
    assert overlap("", "a") == overlap("b", "a") == (0, 0, 0)
    assert jaccard("ab", "bc") == pytest.approx(1 / 3)


def test_a_count_loses_a_quarter_with_each_error() -> None:
    assert [count_credit(given, 5) for given in (5, 4, 7, None, 1e9)] == [1, 0.75, 0.5625, 0, 0]
    assert last_number("first 3, then 1,204.5 of them") == 1204.5
    assert last_number("a1b and 9" * 2 + "9" * 400) is None
    assert last_number("none") is None


def test_order_counts_pairs() -> None:
    assert pairwise_order("abcd", "abcd") == 1
    assert pairwise_order("dcba", "abcd") == 0
    assert pairwise_order("bacd", "abcd") == pytest.approx(5 / 6)
    assert pairwise_order("abc", "abcd") == pytest.approx(3 / 6)
    assert pairwise_order("aba", "ab") == 1
    assert (pairwise_order("a", "a"), pairwise_order("b", "a"), pairwise_order("a", "")) == (1, 0, 0)


def test_lines_count_in_their_places() -> None:
    assert line_accuracy("a b\n\n c ", "a  b\nc\nd") == pytest.approx(2 / 3)
    assert line_accuracy("c\na b", "a b\nc") == 0


def test_ndcg_is_that_of_its_definition() -> None:
    grades = {"a": 3.0, "b": 2.0, "c": 1.0, "d": 0.0}
    assert ndcg("abcd", grades) == 1
    gained = 1 / math.log2(2) + 7 / math.log2(3) + 3 / math.log2(4)
    best = 7 / math.log2(2) + 3 / math.log2(3) + 1 / math.log2(4)
    assert ndcg("cabd", grades) == pytest.approx(gained / best)
    assert ndcg("xxxx", grades) == 0
    assert ndcg("aaaa", grades) == pytest.approx(7 / best)
    assert ndcg("bcda", grades, k=1) == pytest.approx(3 / 7)


def test_texts_hold_each_other_as_whole_words() -> None:
    assert two_way_substring("the town of Bath", "Bath")
    assert two_way_substring("Bath", "the town of Bath.")
    assert not two_way_substring("Bathing", "Bath")
    assert not two_way_substring("", "Bath")
    assert prefixed_ratio("k7 abc", "k7 abd", "k7 ") == pytest.approx(SequenceMatcher(None, "abc", "abd").ratio())
    assert prefixed_ratio("abc", "k7 abc", "k7 ") == 0


OF_REPLIES = [
    ("two_way", "I read it.\nFinal answer: the town of Bath", {"answers": ["Bath"]}, 1),
    ("two_way", "Bath is in Somerset.\nAnswer: Bristol", {"answers": ["Bath"]}, 0),
    ("count", "<think>17</think>There are 7 of 9, so the answer is 8.", {"answers": ["9"]}, 0.75),
    ("count", "many", {"answers": ["9"]}, 0),
    ("sequence", "k7 one two", {"answers": ["k7 one two"], "prefix": "k7"}, 1),
    ("sequence", "one two", {"answers": ["k7 one two"], "prefix": "k7"}, 0),
    ("pairwise_order", "b, then a, then c", {"answers": ["a", "b", "c"]}, 2 / 3),
    ("line_accuracy", "Answer:\nA to B\nB to C", {"answers": ["A to B", "B to D"]}, 0.5),
    ("ndcg_10", "Ranking: p2 > p1", {"answers": ["p1"], "grades": {"p1": 1, "p2": 0}}, 1 / math.log2(3)),
    ("citation_f1", "Bath [2][3]", {"answers": ["Bath"], "citations": [2]}, 2 / 3),
    ("evidence_f2", "Bath [2][3]", {"answers": ["Bath"], "citations": [2]}, 5 / 6),
    ("f1", "a-b, c-d", {"answers": ["a-b", "e-f"]}, 0.5),
    ("last_answer", "It may be 41.\nAnswer: 42", {"answers": ["42"]}, 1),
    ("last_answer", "Answer: 42\nAnswer: 41", {"answers": ["42"]}, 0),
    ("exact", "42", {"answers": ["42"]}, 1),
    ("recall", "42", {"answers": ["42", "41"]}, 0.5),
    ("substring", "1423", {"answers": ["42"]}, 1),
]


@pytest.mark.parametrize(("name", "reply", "known", "worth"), OF_REPLIES)
def test_a_reply_is_worth_what_the_measure_of_its_task_says(
    name: str, reply: str, known: dict[str, object], worth: float
) -> None:
    reference = Reference.model_validate(known | {"measure": name})
    assert measure(name)(reply, reference) == pytest.approx(worth)
    assert MATCHES["task"](reply, reference) == {"score": pytest.approx(worth)}
    assert {case[0] for case in OF_REPLIES} == set(MEASURES)


def test_an_unknown_measure_is_named() -> None:
    with pytest.raises(UsageError, match=r"unknown measure 'bleu'\. Known: exact, f1"):
        measure("bleu")


def test_a_task_names_its_measure_in_its_facts() -> None:
    facts = {"measure": "sequence", "prefix": "k7", "grades": {}, "ordered": True}
    reference = Reference.of_document(facts=facts, answers=["x"], depth=[], length=5, task="t", template=None)
    assert (reference.measure, reference.prefix, reference.ordered) == ("sequence", "k7", True)
    line = reference.model_dump(mode="json", by_alias=True)
    assert Reference.model_validate(line) == reference
    assert "grades" not in line
    assert "input" not in line


def test_measures_are_light_to_import() -> None:
    code = "import lcdata.pipelines.scoring.measures.registry, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert "lcdata.pipelines.scoring.rate" in loaded
    assert not {"ray", "datasets", "torch", "pyarrow", "numpy", "click", "rich"}.intersection(loaded)
