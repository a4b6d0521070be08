"""Conversations of any number of turns: as text in which control tokens are marked, and such text as tokens.

What a message says is only ever text, also where it holds the string of a control token.
"""

import copy
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ...schemas.errors import UsageError
from .layout import alternate, strip_blanks_beside
from .template_process import ChatTemplate, TemplateProcess
from .tokenizer import Tokenizer

Ids = NDArray[np.int32]

_BEGIN, _END = "\ufdd0", "\ufdd1"
"""Noncharacters, which no text may hold, around the string of a control token."""
_MARK = "lcdata-message-{}-mark"
_AS_CODE = "lcdata-part-mark"
_MARKS = re.compile(_MARK.format(r"(\d+)"))


class ConversationError(Exception):
    """A conversation cannot be laid out; the message is the reason, in words of which there are few."""


class Conversations:
    """Lays out conversations by a chat template; a context manager, which ends the template's process."""

    def __init__(self, template: ChatTemplate, tokenizer: Tokenizer) -> None:
        self._process, self._tokenizer = TemplateProcess(template), tokenizer

    def __enter__(self) -> Self:
        self._process.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.__exit__()

    def text(self, turns: object) -> str:
        """What the template makes of a list of messages, each control token that it writes between two marks.

        Raises ConversationError where these are no messages, the template fails on them, or does not write what they
        say as they say it.
        """
        if not isinstance(turns, list) or not turns or not all(map(_is_message, turns)):
            raise ConversationError("no list of messages with a role and content of text")
        marked, contents = _marked(turns)
        if any(mark in content for content in contents for mark in (_BEGIN, _END)):
            raise ConversationError("a message with U+FDD0 or U+FDD1, which are no characters")
        if any(token in text for text in _other_texts(turns) for token in self._tokenizer.control_tokens):
            raise ConversationError("a control token in what is no content of a message, such as its role")
        try:
            rendered, frame = self._process.render(turns), self._process.render(marked)
        except UsageError:
            raise ConversationError("the chat template fails on it") from None
        return self._joined(_words(rendered, frame, contents))

    def _joined(self, words: Sequence[tuple[str, bool]]) -> str:
        """The words as one text; a word has its text, and whether a message said it and it can be no control token."""
        parts = [""]
        for word, is_said in words:
            first, *others = [word] if is_said else alternate(word, self._tokenizer)
            parts[-1] += first
            parts += others
        strip_blanks_beside(parts, self._tokenizer)
        return "".join(f"{_BEGIN}{part}{_END}" if place % 2 else part for place, part in enumerate(parts))


def pieces_of(tokenizer: Tokenizer, text: str, encode: Callable[[Tokenizer, str], Ids]) -> list[tuple[str, Ids]]:
    """The texts of a marked conversation and their ids, and each control token with its id and an empty text.

    The tokenizer's ends of documents are left out at its own beginning and end, where whoever packs it puts them.
    """
    parts = re.split(f"{_BEGIN}([^{_END}]*){_END}", text)
    pieces: list[tuple[str, Ids]] = []
    for place, part in enumerate(parts):
        if place % 2:
            pieces.append(("", np.array([tokenizer.control_tokens[part]], np.int32)))
        elif part:
            pieces.append((part, encode(tokenizer.after_control_token if place else tokenizer, part)))
    identity = tokenizer.identity
    if identity.bos_ids and _are_ids(pieces[: len(identity.bos_ids)], identity.bos_ids):
        del pieces[: len(identity.bos_ids)]
    if _are_ids(pieces[-len(identity.eos_ids) :], identity.eos_ids):
        del pieces[-len(identity.eos_ids) :]
    return pieces


def whole_marks(text: str, num_chars: int) -> str:
    """About the first `num_chars` characters of a marked conversation, no mark cut in two."""
    return text[: text.rfind(_END, 0, num_chars) + 1] or text[: text.find(_END) + 1]


def _are_ids(pieces: Sequence[tuple[str, Ids]], ids: Sequence[int]) -> bool:
    return [piece.tolist() for text, piece in pieces if not text] == [[value] for value in ids]


def _marked(turns: list[Any]) -> tuple[list[Any], list[str]]:
    """The messages with a mark in place of each text, and the texts."""
    marked, contents = copy.deepcopy(turns), list[str]()
    for holder, key in _texts(marked):
        contents.append(holder[key])
        holder[key] = _MARK.format(len(contents) - 1)
        if key == "text":
            holder[_AS_CODE] = ""  # written where a template takes parts for text, and shows them as Python does
    return marked, contents


def _is_message(turn: object) -> bool:
    """Whether this has a role, and content that is text or parts of text."""
    if not isinstance(turn, dict) or not isinstance(turn.get("role"), str):
        return False
    content = turn.get("content")
    return isinstance(content, str) or (isinstance(content, list) and all(map(_is_text_part, content)))


def _is_text_part(part: object) -> bool:
    return isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)


def _texts(turns: list[Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Where the messages hold text that is not empty, whole or in parts."""
    for turn in turns:
        content = turn["content"]
        for holder, key in [(turn, "content")] if isinstance(content, str) else [(part, "text") for part in content]:
            if holder[key]:
                yield holder, key


def _other_texts(value: object, key: str = "") -> Iterator[str]:
    """Every text in messages that is not what they say."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield str(name)
            yield from _other_texts(inner, str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from _other_texts(inner)
    elif isinstance(value, str) and key not in ("content", "text"):
        yield value


def _words(rendered: str, frame: str, contents: Sequence[str]) -> list[tuple[str, bool]]:
    """What was rendered, as what the template writes and what the messages say, with blanks around it or without."""
    literal, *rest = _MARKS.split(frame)
    if _AS_CODE in frame:
        raise ConversationError("content in parts, which the chat template does not take")
    if sorted(map(int, rest[::2])) != list(range(len(contents))):
        raise ConversationError("the chat template leaves a message out or writes it twice")
    words, at = [(literal, False)], len(literal)
    if not rendered.startswith(literal):
        raise ConversationError("the chat template writes it otherwise than its messages say")
    for number, literal in zip(rest[::2], rest[1::2], strict=True):
        said = contents[int(number)]
        variants = dict.fromkeys((said, said.strip(), said.rstrip(), said.lstrip()))
        found = next((text for text in variants if rendered.startswith(text + literal, at)), None)
        if found is None:
            raise ConversationError("the chat template writes it otherwise than its messages say")
        words += [(found, True), (literal, False)]
        at += len(found) + len(literal)
    if at != len(rendered):
        raise ConversationError("the chat template writes it otherwise than its messages say")
    return words
