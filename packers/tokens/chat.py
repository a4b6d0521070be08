"""The tokenizer's own chat template: where it is found, and what it writes around a question and its answer."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ...schemas.errors import UsageError
from ...schemas.sample import Sample
from ...schemas.tokens import ChatFrame, TokenizerChoice, TokenizerIdentity
from .conversation import messages, written
from .layout import Layout, Slot
from .template_process import ChatTemplate, TemplateProcess
from .tokenizer import Tokenizer
from .vocabulary import Vocabulary, find_chat_template


def chat_template_of(choice: TokenizerChoice, vocabulary: Vocabulary, identity: TokenizerIdentity) -> ChatTemplate:
    """The chat template of a tokenizer, or the one named in its stead, with the special tokens that it finds by name.

    These are those that the tokenizer's configuration names, as for `transformers`; where it names none, the ends of
    documents. A `--bos` or `--eos` of the choice goes before both. Raises UsageError where there is no template.
    """
    ends = {"bos_token": identity.bos, "eos_token": identity.eos}
    named = dict(_named_tokens(vocabulary.config)) or {name: token or "" for name, token in ends.items()}
    chosen = {"bos_token": choice.bos, "eos_token": choice.eos}
    named |= {name: ends[name] or "" for name, token in chosen.items() if token is not None}
    return ChatTemplate(
        text=find_chat_template(choice, vocabulary),
        date=choice.chat_date,
        variables=named,
        is_own=choice.chat_template is None,
    )


def frame_chat(template: ChatTemplate, tokenizer: Tokenizer) -> ChatFrame:
    """What the template writes around a question and its answer, tried on both texts and ids.

    Raises UsageError where it fails, does not write both as they are and once, writes control tokens that the
    vocabulary lacks, or where the pieces, encoded one by one, are not what `tokenizers` makes of the whole.
    """
    with TemplateProcess(template) as process:
        frame = _frame(process, template.text)
        for probe in _PROBES:
            if process.render(messages(probe, frame)) != written(probe, frame).text:
                raise _unusable(f"changes what it is given, such as {probe.prompt[:20]!r}")
    layout = Layout.chat(tokenizer, frame)
    _check_control_tokens(layout, template, tokenizer.identity.source)
    for probe in _PROBES:
        expected = tokenizer.encode_with_control_tokens(written(probe, frame).text)
        if not np.array_equal(layout.lay_out(probe).ids[: len(expected)], expected):
            raise UsageError(
                f"the tokenizer {tokenizer.identity.source!r} encodes its chat template's parts differently one by "
                "one: use --format plain"
            )
    return frame.model_copy(update={"tokens_after_turn": layout.tokens_after_turn})


def render_messages(process: TemplateProcess, turns: object) -> str:
    """The text of a conversation of any number of turns, control tokens included, by a process that stays open.

    Raises UsageError where these are not a list of objects with a `role`, or the template fails on them.
    """
    if not isinstance(turns, list) or not turns or not all(map(_is_message, turns)):
        raise UsageError('the messages must be a list of objects like {"role": "user", "content": "..."}')
    return process.render(turns)


def _is_message(value: object) -> bool:
    return isinstance(value, dict) and "role" in value


def _named_tokens(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The special tokens that a tokenizer's configuration has names for."""
    more = (config.get(name) for name in ("extra_special_tokens", "model_specific_special_tokens"))
    tables = (table for table in more if isinstance(table, Mapping))
    named = ((name, token) for name, token in config.items() if name.endswith("_token"))
    for name, token in [*named, *(pair for table in tables for pair in table.items())]:
        content = token.get("content") if isinstance(token, Mapping) else token
        if isinstance(content, str):
            yield name, content


def _frame(process: TemplateProcess, template: str) -> ChatFrame:
    """The frame that holds the marks of question and answer, each once; content as text where the template can."""
    failures: list[UsageError] = []
    for content in ("text", "parts"):
        empty = ChatFrame(template=template, before="", between="", after="", content=content, tokens_after_turn=0)
        try:
            rendered = process.render(messages(_MARKS, empty))
            before, between, after = _around_marks(rendered)
        except UsageError as failure:
            failures.append(failure)
        else:
            return empty.model_copy(update={"before": before, "between": between, "after": after})
    raise failures[0]


def _around_marks(rendered: str) -> tuple[str, str, str]:
    """The text before, between and after the marks of question and answer."""
    for mark, what in ((Slot.PROMPT.value, "question"), (Slot.ANSWER.value, "answer")):
        if rendered.count(mark) != 1:
            raise _unusable(f"writes the {what} {rendered.count(mark)} times, and it must be once")
    if rendered.index(Slot.PROMPT.value) > rendered.index(Slot.ANSWER.value):
        raise _unusable("writes the answer before the question")
    before, _, rest = rendered.partition(Slot.PROMPT.value)
    between, _, after = rest.partition(Slot.ANSWER.value)
    return before, between, after


_CONTROL = re.compile(
    r"<\|[^\s<>]+>|<[^\s<>]+\|>|<｜[^\n<>]+>|<(?:start|end)_of_\w+>|</?s>|<[be]os>|<[se]op>|\[g?MASK\]"
)
"""What is a control token in some vocabulary and in no template a word: `[INST]` is text in some, and is left out."""


def _check_control_tokens(layout: Layout, template: ChatTemplate, source: str) -> None:
    """Raise UsageError where what the template writes looks like a control token that the vocabulary lacks.

    Tokenizers without control tokens for turns come with templates that mark these in text, as Zephyr's does: such a
    template may, as long as what ends the answer's turn is a token.
    """
    lacking = _CONTROL.search("\0".join(layout.template_texts(after_answer=template.is_own)))
    if lacking:
        raise UsageError(
            f"the chat template writes {lacking[0]!r}, which is no token of the tokenizer {source!r}: take the "
            "tokenizer that the template is for, add the token to this one, or name another with --chat-template"
        )


def _unusable(why: str) -> UsageError:
    return UsageError(f"the chat template {why}: name another with --chat-template")


def _sample(prompt: str, answer: str) -> Sample:
    return Sample(prompt=prompt, answer=answer, answers=(), answer_spans=(), evidence_spans=(), depth=(), template="")


_MARKS = _sample(Slot.PROMPT.value, Slot.ANSWER.value)
_PROBES = (
    _sample("Which key holds 42?", "The key 17."),
    _sample("Erste Zeile: naïve café\n\n  zweite, 日本語\n1234567", "1) a\n2) b, c"),
    _sample('<p class="x">\\n & \'"Tom"\' {{ 7 }} %}\t ½ ﬁ\u00a0|\n\n\n- “a”  b', "{\"a\": '<b>\\n & 1'}\r\n\n- C;"),
)
"""Samples of what templates have been seen to change: marks of languages, quotes, blanks, line ends."""
