"""A sample as a conversation: what of it a chat template is given, and the text that comes of it."""

from dataclasses import replace
from typing import Any

from ...schemas.sample import Sample
from ...schemas.tokens import ChatFrame


def said(text: str, frame: ChatFrame | None) -> str:
    """A prompt or an answer as documents have it: in a conversation without the blanks around it.

    `frame` is None where the document is plain.
    """
    return text if frame is None else text.strip()


def messages(sample: Sample, frame: ChatFrame | None) -> list[dict[str, Any]]:
    """The sample as a user's turn and an assistant's, of which the chat template makes the document's text."""
    turns = {"user": said(sample.prompt, frame), "assistant": said(sample.answer, frame)}
    in_parts = frame is not None and frame.content == "parts"
    return [
        {"role": role, "content": [{"type": "text", "text": text}] if in_parts else text}
        for role, text in turns.items()
    ]


def written(sample: Sample, frame: ChatFrame | None) -> Sample:
    """The sample with all that the chat template writes around its prompt and answer, its spans moved with them."""
    if frame is None:
        return sample
    prompt = frame.before + said(sample.prompt, frame) + frame.between
    of_prompt = len(frame.before) - blanks_before(sample.prompt)
    of_answer = len(prompt) - len(sample.prompt) - blanks_before(sample.answer)
    return replace(
        sample,
        prompt=prompt,
        answer=said(sample.answer, frame) + frame.after,
        evidence_spans=tuple((start + of_prompt, end + of_prompt) for start, end in sample.evidence_spans),
        context_span=(sample.context_span[0] + of_prompt, sample.context_span[1] + of_prompt),
        answer_spans=tuple((start + of_answer, end + of_answer) for start, end in sample.answer_spans),
    )


def blanks_before(text: str) -> int:
    """Number of characters before the first that is no blank."""
    return len(text) - len(text.lstrip())
