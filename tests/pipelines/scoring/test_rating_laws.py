"""What holds of ratings for any reply."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import settings as sampling
from hypothesis import strategies as st
from labelled_replies import questions, reference

from lcdata.pipelines.scoring.measures.registry import MATCHES, MEASURES
from lcdata.pipelines.scoring.rate import rate
from lcdata.pipelines.scoring.reading.thinking import without_thinking
from lcdata.schemas.evaluation import Reference

QUESTIONS = [(reference(question, read=True), question) for question in questions()]
REPLIES = [
    (known, reply)
    for known, question in QUESTIONS
    for verdict in ("right", "wrong")
    for styled in question[verdict]
    for reply in styled.values()
]
MARKUP = st.sampled_from(
    [
        *("<think>", "</think>", "[THINK]", "<|channel|>", "<answer>", "\\boxed{", "}", "{", "**", "|", "\n", "- "),
        *("1. ", '"', "```", "#### ", "Answer: ", "or ", "not ", "wait, ", "42", "Jane Roe", "1990-01-02"),
        "the text does not say ",
    ]
)
TEXTS = st.one_of(st.text(max_size=200), st.lists(MARKUP, max_size=40).map("".join))


@sampling(max_examples=150, deadline=None)
@given(TEXTS, st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=5), st.booleans())
def test_any_text_is_rated_alike_twice(reply: str, answers: list[str], ordered: bool) -> None:
    known = Reference.model_validate({"answers": answers, "ordered": ordered, "citations": [3], "input": reply[::-1]})
    for match in MATCHES.values():
        rating = match(reply, known)
        assert rating == match(reply, known)
        assert all(0 <= value <= 1 for value in rating.values())
    for measure in MEASURES.values():
        assert 0 <= measure(reply, known) <= 1


@sampling(max_examples=150, deadline=None)
@given(st.sampled_from(REPLIES), TEXTS)
def test_thinking_never_changes_a_rating(known_and_reply: tuple[Reference, str], thought: str) -> None:
    known, reply = known_and_reply
    if "<|channel|>" in reply or reply.startswith("analysis"):
        return  # what comes before its channels is thinking already
    for opening, closing in (("<think>", "</think>"), ("[THINK]", "[/THINK]"), ("◁think▷", "◁/think▷")):
        text = re.sub(rf"<\|channel\|>|{re.escape(closing)}", "", thought, flags=re.IGNORECASE)
        assert rate(f"{opening}{text}{closing}{reply}", known) == rate(reply, known)


def test_unclosed_thinking_says_nothing() -> None:
    for mark in ("<think>", "<thinking>", "[THINK]", "◁think▷", "<|channel|>analysis<|message|>", "<THINK>"):
        assert without_thinking(f"{mark} the answer is 42").strip() == ""


@pytest.mark.parametrize(("known", "question"), QUESTIONS)
def test_answers_alone_score_one_in_any_order_but_where_it_counts(
    known: Reference, question: dict[str, object]
) -> None:
    del question
    if known.citations:
        return
    answers = list(known.answers)
    assert rate(", ".join(answers), known)["exact"] == 1
    assert rate("", known) == {"exact": 0, "recall": 0, "precision": 0, "f1": 0}
    for seed in range(5):
        random.Random(seed).shuffle(answers)
        assert rate("\n".join(answers), known)["exact"] == (not known.ordered or answers == list(known.answers))


UNITS = (
    *(
        " ",
        "\n",
        ",",
        "*",
        "__",
        "1",
        "0",
        "a",
        "1,",
        "a-",
        "A.",
        "[",
        "((",
        "1. ",
        "Aa ",
        "not ",
        "it was ",
        "if it is ",
    ),
    *("<think>", "\\boxed{", "\\text{", '{"a": ', "**x**\n", "#### 36\n", "| a | 6561 |\n", "<answer>6561", "analysis"),
    *(
        "6561, 36 and 3153 or ",
        "Jane Roe and Ann Poe, ",
        "- Jane Roe\n",
        "water, people\n",
        "key 1, ",
        "October 22 1986 ",
    ),
    *("Answer: 6561\n", "the answer to ", "So water and people. ", "Wait, no. ", "unlike it, which "),
    "the text does not mention it. ",
)


@pytest.mark.parametrize(("known", "question"), QUESTIONS)
def test_a_copy_of_what_was_read_scores_nothing(known: Reference, question: dict[str, object]) -> None:
    if question["task"] != "fwe" and len(known.context.split()) > 40:  # of less hardly more than the answer is left
        assert rate(known.context, known)["exact"] == 0
        assert rate(known.context.rstrip().rpartition("\n\n")[0], known)["exact"] == 0


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_no_long_reply_takes_forever() -> None:
    """What takes the square of a reply's length would take hours here."""
    known = [
        Reference(answers=("6561", "36"), asked=("3153",)),
        Reference(answers=("Jane Roe",), asked=("sea-report",)),
    ]
    known += [Reference(answers=(answer,)) for answer in ("not stated", "October 22, 1986", "water")]
    for place, unit in enumerate(UNITS):
        assert rate(unit * (120_000 // len(unit)), known[place % len(known)])["exact"] in (0, 1)
    assert rate("Jane Roe. " * 40_000, known[1])["recall"] == 1
