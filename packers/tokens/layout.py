"""How a sample becomes a document: its text between BOS and EOS, or as a conversation in a chat template."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...schemas.errors import UsageError
from ...schemas.sample import Fragments, Sample, Span
from .tokenizer import Tokenizer

Ids = NDArray[np.int32]


class Slot(Enum):
    """What of a sample a piece of text holds."""

    PROMPT = "lcdata-prompt-mark"
    ANSWER = "lcdata-answer-mark"


Stretch = tuple[str | Slot, ...]
"""Text that is encoded as one: strings of the template, the prompt, the answer."""


@dataclass(frozen=True)
class PieceText:
    """A text that is encoded as one, and what to add to a character's place in `sample.text` to have it in this."""

    text: str
    origins: Mapping[Slot, int]


@dataclass(frozen=True)
class LaidOut:
    """A document's ids, where each of the layout's pieces starts in them, with the end, and the pieces' texts."""

    ids: Ids
    starts: Sequence[int]
    texts: Sequence[PieceText | None]
    """The text of each piece, None for control tokens."""

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class DocumentSpans:
    """A sample's spans in tokens of its document."""

    prompt_length: int
    """Tokens before the answer."""
    answers: tuple[Span, ...]
    evidence: tuple[Span, ...]


class Layout:
    """Control tokens and texts in turn; what a sample says is only ever encoded as text."""

    def __init__(self, tokenizer: Tokenizer, pieces: Sequence[Ids | Stretch], is_chat: bool) -> None:
        self.tokenizer, self._pieces, self._is_chat = tokenizer, pieces, is_chat

    @classmethod
    def plain(cls, tokenizer: Tokenizer) -> "Layout":
        """Prompt and answer as one text between BOS (where the tokenizer has one) and EOS."""
        identity = tokenizer.identity
        text = (Slot.PROMPT, Slot.ANSWER)
        return cls(tokenizer, [_ids(identity.bos_ids), text, _ids(identity.eos_ids)], is_chat=False)

    @classmethod
    def chat(cls, tokenizer: Tokenizer, template: str) -> "Layout":
        """A turn of the user's and one of the assistant's, as the chat template writes them.

        Ends with EOS where the template writes no control token after the answer. Raises UsageError where the pieces,
        encoded one by one, are not what `tokenizers` makes of the whole.
        """
        from .chat import render_chat

        identity = tokenizer.identity
        rendered = _marked(render_chat(template, Slot.PROMPT.value, Slot.ANSWER.value, identity.bos, identity.eos))
        pieces = _split(rendered, tokenizer.control_tokens)
        if not any(isinstance(piece, np.ndarray) for piece in pieces[_last_answer(pieces) :]):
            pieces.append(_ids(identity.eos_ids))
        layout = cls(tokenizer, pieces, is_chat=True)
        for prompt, answer in _PROBES:
            rendered = render_chat(template, prompt, answer, identity.bos, identity.eos)
            expected = tokenizer.encode_with_control_tokens(rendered)
            probe = Sample(
                prompt=prompt, answer=answer, answers=(), answer_spans=(), evidence_spans=(), depth=(), template=""
            )
            found = layout.lay_out(probe).ids
            if not np.array_equal(found[: len(expected)], expected):
                raise UsageError(
                    f"the tokenizer {identity.source!r} encodes its chat template's parts differently one by one: "
                    "use --format plain"
                )
        return layout

    def lay_out(self, sample: Sample) -> LaidOut:
        """The document that a sample becomes."""
        return self._laid_out(sample, Tokenizer.encode)

    def reference_ids(self, sample: Sample) -> Ids:
        """The ids of the sample's document by `tokenizers` itself, shape (num_tokens,)."""
        return self._laid_out(sample, Tokenizer.encode_reference).ids

    def spans(self, sample: Sample, laid: LaidOut) -> DocumentSpans:
        """Where the sample's prompt ends and its answers and evidence lie, in tokens of the document."""
        found: dict[Slot, list[Span]] = {}
        for place, (piece, (first, last)) in enumerate(zip(laid.texts, pairwise(laid.starts), strict=True)):
            if piece is None:
                continue
            wanted = [
                (slot, (start + origin, end + origin))
                for slot, origin in piece.origins.items()
                for start, end in self._chars(slot, sample)
            ]
            spans = self._encoder(place).token_spans(piece.text, laid.ids[first:last], [span for _, span in wanted])
            for (slot, _), (start, end) in zip(wanted, spans, strict=True):
                found.setdefault(slot, []).append((start + first, end + first))
        (start, _), *answers = found[Slot.ANSWER]
        return DocumentSpans(start, tuple(answers), tuple(found.get(Slot.PROMPT, ())))

    def count(self, fragments: Fragments) -> NDArray[np.int64]:
        """Tokens of each string by itself, which tells about how many it has inside of a text, shape (strings,)."""
        return self.tokenizer.count(fragments)

    def chars_before(self, laid: LaidOut, end: int, num_tokens: int) -> int | None:
        """About how many characters the last `num_tokens` tokens before character `end` of the prompt cover.

        None where the vocabulary does not say how much text a token covers.
        """
        place, piece = next(
            (at, piece) for at, piece in enumerate(laid.texts) if piece is not None and Slot.PROMPT in piece.origins
        )
        token_bytes = self._encoder(place).token_bytes
        if token_bytes is None:
            return None
        coverage = token_bytes.coverage(laid.ids[laid.starts[place] : laid.starts[place + 1]])
        bytes_per_char = coverage.total / len(piece.text)
        [last] = coverage.tokens_at([int((piece.origins[Slot.PROMPT] + end) * bytes_per_char) - 1])
        return math.ceil((coverage.before(last + 1) - coverage.before(max(last - num_tokens, 0) + 1)) / bytes_per_char)

    def _laid_out(self, sample: Sample, encode: Callable[[Tokenizer, str], Ids]) -> LaidOut:
        parts: list[Ids] = []
        texts: list[PieceText | None] = []
        for place, piece in enumerate(self._pieces):
            if isinstance(piece, np.ndarray):
                parts.append(piece)
                texts.append(None)
            else:
                texts.append(text := self._text(piece, sample))
                parts.append(encode(self._encoder(place), text.text))
        return LaidOut(np.concatenate(parts), np.cumsum([0, *map(len, parts)]).tolist(), texts)

    def _encoder(self, place: int) -> Tokenizer:
        return self.tokenizer.after_control_token if self._is_chat and place else self.tokenizer

    def _text(self, words: Stretch, sample: Sample) -> PieceText:
        texts: list[str] = []
        origins: dict[Slot, int] = {}
        length = 0
        for part in words:
            text = part
            if isinstance(part, Slot):
                whole, start = (sample.prompt, 0) if part is Slot.PROMPT else (sample.answer, len(sample.prompt))
                # Chat templates trim what they are given.
                text = whole.strip() if self._is_chat else whole
                origins[part] = length - start - (len(whole) - len(whole.lstrip()) if self._is_chat else 0)
            assert isinstance(text, str)
            texts.append(text)
            length += len(text)
        return PieceText("".join(texts), origins)

    def _chars(self, slot: Slot, sample: Sample) -> Sequence[Span]:
        """The spans of characters to be found of a slot, the whole answer first."""
        if slot is Slot.PROMPT:
            return sample.evidence_spans
        start = len(sample.prompt)
        return [(start, start + len(sample.answer)), *sample.answer_spans]


_PROBES = (
    ("Which key holds 42?", "The key 17."),
    ("Erste Zeile: naïve café\n\n  zweite, 日本語\n1234567", "1) a\n2) b, c"),
)


def _ids(values: Sequence[int]) -> Ids:
    return np.array(values, np.int32)


def _marked(rendered: str) -> str:
    """The conversation, if it holds the mark of the question and later that of the answer, each once."""
    for mark, what in ((Slot.PROMPT.value, "question"), (Slot.ANSWER.value, "answer")):
        if rendered.count(mark) != 1:
            raise UsageError(
                f"the chat template writes the {what} {rendered.count(mark)} times, and it must be once: "
                "name another with --chat-template"
            )
    if rendered.index(Slot.PROMPT.value) > rendered.index(Slot.ANSWER.value):
        raise UsageError("the chat template writes the answer before the question: name another with --chat-template")
    return rendered


def _split(rendered: str, control_tokens: dict[str, int]) -> list[Ids | Stretch]:
    """Cut a marked conversation at its control tokens, and its texts at the marks."""
    longest_first = sorted(control_tokens, key=len, reverse=True)
    slots = {slot.value: slot for slot in Slot}
    pieces: list[Ids | Stretch] = []
    for part in re.split(f"({'|'.join(map(re.escape, longest_first))})", rendered) if longest_first else [rendered]:
        if part in control_tokens:
            pieces.append(_ids([control_tokens[part]]))
        elif part:
            words = re.split(f"({'|'.join(slots)})", part)
            pieces.append(tuple(slots.get(word, word) for word in words if word))
    return pieces


def _last_answer(pieces: Sequence[Ids | Stretch]) -> int:
    return next(place for place, piece in enumerate(pieces) if isinstance(piece, tuple) and Slot.ANSWER in piece)
