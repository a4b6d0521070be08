"""Replies of many styles are told right from wrong as a person tells them; the verdicts lie in `replies/`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from labelled_replies import questions, reference

from lcdata.pipelines.scoring.rate import rate
from lcdata.schemas.evaluation import Reference


def judged(verdict: str, *, read: bool) -> Iterator[tuple[str, bool]]:
    """Each reply of a verdict, and whether it is rated by it."""
    for question in questions():
        known = reference(question, read=read)
        for styled in question[verdict]:
            ((style, reply),) = styled.items()
            rating = rate(reply, known)
            correct = rating["exact"] == 1 and rating.get("citations", 1) == 1
            yield f"{question['task']} {question['answers']}, {style}: {reply!r}", correct == (verdict == "right")


@pytest.mark.parametrize("read", [True, False], ids=["prompt known", "prompt unknown"])
@pytest.mark.parametrize("verdict", ["right", "wrong"])
def test_replies_are_rated_by_their_verdict(verdict: str, read: bool) -> None:
    results = list(judged(verdict, read=read))
    missed = [reply for reply, agrees in results if not agrees]
    assert len(results) > 200
    assert not missed, "\n".join(missed)


def test_every_task_has_replies_of_both_verdicts() -> None:
    for task in ("cwe", "fwe", "json_kv", "kv", "mdqa", "niah", "vt"):
        of_task = [question for question in questions() if question["task"] == task]
        assert all(sum(len(question[verdict]) for question in of_task) > 10 for verdict in ("right", "wrong")), task


@pytest.mark.parametrize("read", [True, False], ids=["prompt known", "prompt unknown"])
@pytest.mark.parametrize("verdict", ["right", "wrong"])
def test_wordings_mean_the_same_whatever_the_answer_is(verdict: str, read: bool) -> None:
    wordings = yaml.safe_load((Path(__file__).parent / "wordings.yaml").read_text())
    missed, tried = list[str](), 0
    for question in wordings["questions"]:
        known = Reference(
            answers=(question["answer"],),
            asked=tuple(question.get("asked", ())),
            context=question["prompt"] if read else "",
        )
        for wording in wordings[verdict]:
            reply = wording.replace("ANSWER", question["answer"]).replace("RIVAL", question["rival"])
            tried += 1
            if (rate(reply, known)["exact"] == 1) != (verdict == "right"):
                missed.append(reply)
    assert tried > 1000
    assert len(missed) <= tried / 100, "\n".join(missed)


WRAPPERS = (
    "{answer}",
    "Answer: {answer}",
    "**Final Answer:** {answer}",
    "**Final Answer**: {answer}",
    "The answer is {answer}.",
    "Therefore, the answer is {answer}.",
    "I read it all.\n\n**{answer}**",
    "\\boxed{{{answer}}}",
    "So we get $\\boxed{{\\text{{{answer}}}}}$.",
    "<answer>{answer}</answer>",
    "## Answer\n\n{answer}",
    "#### {answer}",
    "```\n{answer}\n```",
    '{{"answer": "{answer}"}}',
    "| Question | Answer |\n|---|---|\n| the one asked | {answer} |",
    "<think>{other}</think>{answer}",
    "<thinking>\n{other}\n</thinking>\n\n{answer}",
    "[THINK]{other}[/THINK]{answer}",
    "◁think▷{other}◁/think▷{answer}",
    "{other}</think>{answer}",
    "<|channel|>analysis<|message|>{other}<|end|><|start|>assistant<|channel|>final<|message|>{answer}<|return|>",
    "analysisPerhaps {other}assistantfinal{answer}",
    "At first I considered {other}.\n\nFinal Answer: {answer}",
)
CLOSINGS = (
    "I hope this helps!",
    "Let me know if you need anything else.",
    "Confidence: high",
    "Confidence level: 95%",
    "I'm not 100% certain, but this is what the text says.",
    "This is stated explicitly in the text.",
    "The text does not say anything more about it.",
    "I did not find any other mention.",
    "All other entries are irrelevant distractors.",
    "This answer is based on the context provided.",
    "If you'd like, I can also explain how I found it.",
    "My certainty is about 9/10.",
    "(Source: the provided text)",
    "Would you like me to look up another one?",
    "Thank you for your question.",
)


@pytest.mark.parametrize(
    "question", [pytest.param(one, id=f"{one['task']}-{one['answers'][0]}") for one in questions()]
)
def test_marks_thinking_and_closing_sentences_are_harmless(question: dict[str, Any]) -> None:
    known = reference(question, read=True)
    answer, *more = question["answers"]
    cited = bool(question.get("citations"))
    whole = f"{answer} [{']['.join(more)}]" if cited else ", ".join([answer, *more])
    for wrapper in WRAPPERS:
        if "considered" not in wrapper or not cited:  # a citation counts wherever it is
            reply = wrapper.format(answer=whole, other=next(iter(question["wrong"][0].values())).strip())
            assert rate(reply, known)["exact"] == 1, reply
    for closing in CLOSINGS:
        assert rate(f"{whole}.\n\n{closing}", known)["exact"] == 1, closing
        assert rate(f"The answer is {whole}. {closing}", known)["exact"] == 1, closing
