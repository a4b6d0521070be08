"""How a sample becomes a document: its text between BOS and EOS, or as a conversation in a chat template."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...schemas.sample import Fragments, Sample, Span
from ...schemas.tokens import ChatFrame
from .conversation import blanks_before, said
from .tokenizer import Tokenizer

Ids = NDArray[np.int32]


_CHARS_BEFORE = 24


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

    def __init__(self, tokenizer: Tokenizer, pieces: Sequence[Ids | Stretch], frame: ChatFrame | None = None) -> None:
        """`frame` is what the pieces around the sample say, where they make it a conversation."""
        self.tokenizer, self.frame, self._pieces = tokenizer, frame, pieces

    @classmethod
    def plain(cls, tokenizer: Tokenizer) -> "Layout":
        """Prompt and answer as one text between BOS (where the tokenizer has one) and EOS."""
        identity = tokenizer.identity
        text = (Slot.PROMPT, Slot.ANSWER)
        return cls(tokenizer, [_ids(identity.bos_ids), text, _ids(identity.eos_ids)])

    @classmethod
    def chat(cls, tokenizer: Tokenizer, frame: ChatFrame) -> "Layout":
        """A turn of the user's and one of the assistant's, as a chat template writes them.

        Ends with EOS where the template writes no control token after the answer.
        """
        pieces = _split(f"{frame.before}{Slot.PROMPT.value}{frame.between}{Slot.ANSWER.value}{frame.after}", tokenizer)
        if _turn_end(pieces) is None:
            pieces.append(_ids(tokenizer.identity.eos_ids))
            frame = frame.model_copy(update={"after": frame.after + tokenizer.identity.eos})
        return cls(tokenizer, pieces, frame)

    @cached_property
    def tokens_after_turn(self) -> int:
        """Tokens after the one that ends the answer's turn, in a conversation."""
        end = _turn_end(self._pieces)
        if self.frame is None or end is None:
            return 0
        nothing = Sample(prompt="", answer="", answers=(), answer_spans=(), evidence_spans=(), depth=(), template="")
        laid = self.lay_out(nothing)
        return len(laid) - laid.starts[end + 1]

    def template_texts(self, *, after_answer: bool) -> list[str]:
        """The texts that a chat template writes between control tokens, or only what ends the answer's turn as text."""
        pieces = [piece for piece in self._pieces if isinstance(piece, tuple)]
        if after_answer:
            pieces = [piece[piece.index(Slot.ANSWER) :] for piece in pieces if Slot.ANSWER in piece]
        return [word for piece in pieces for word in piece if isinstance(word, str)]

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

    def room(self, sample: Sample) -> int:
        """Tokens that a document stays free of, so that its prompt is as long as with its twin's longer answer."""
        if not sample.twin_answer:
            return 0
        before = sample.prompt[-_CHARS_BEFORE:]  # which may share a token with an answer
        own, other = (len(self.tokenizer.encode(before + answer)) for answer in (sample.answer, sample.twin_answer))
        return max(other - own, 0)

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
        return self.tokenizer.after_control_token if self.frame is not None and place else self.tokenizer

    def _text(self, words: Stretch, sample: Sample) -> PieceText:
        texts: list[str] = []
        origins: dict[Slot, int] = {}
        length = 0
        for part in words:
            text = part
            if isinstance(part, Slot):
                whole, start = (sample.prompt, 0) if part is Slot.PROMPT else (sample.answer, len(sample.prompt))
                text = said(whole, self.frame)
                origins[part] = length - start - (0 if self.frame is None else blanks_before(whole))
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


def _ids(values: Sequence[int]) -> Ids:
    return np.array(values, np.int32)


def _split(rendered: str, tokenizer: Tokenizer) -> list[Ids | Stretch]:
    """Cut a marked conversation at its control tokens, and its texts at the marks.

    Blanks beside a control token that takes them are part of it.
    """
    control_tokens, slots = tokenizer.control_tokens, {slot.value: slot for slot in Slot}
    parts = alternate(rendered, tokenizer)
    strip_blanks_beside(parts, tokenizer)
    pieces: list[Ids | Stretch] = []
    for place, part in enumerate(parts):
        if place % 2:
            pieces.append(_ids([control_tokens[part]]))
        elif part:
            words = re.split(f"({'|'.join(slots)})", part)
            pieces.append(tuple(slots.get(word, word) for word in words if word))
    return pieces


def alternate(rendered: str, tokenizer: Tokenizer) -> list[str]:
    """Text and control tokens in turn, text first and last, of what a chat template wrote."""
    longest_first = "|".join(re.escape(token) for token in sorted(tokenizer.control_tokens, key=len, reverse=True))
    return re.split(f"({longest_first})", rendered) if longest_first else [rendered]


def strip_blanks_beside(parts: list[str], tokenizer: Tokenizer) -> None:
    """Take the blanks out of texts and control tokens in turn that such a token takes on its left or right."""
    flags = {token.content: token for token in tokenizer.reference.get_added_tokens_decoder().values()}
    for place in range(1, len(parts), 2):
        token = flags.get(parts[place])
        if token is not None and token.lstrip:
            parts[place - 1] = parts[place - 1].rstrip()
        if token is not None and token.rstrip:
            parts[place + 1] = parts[place + 1].lstrip()


def _turn_end(pieces: Sequence[Ids | Stretch]) -> int | None:
    """The place of the control token that ends the answer's turn: the first after the answer."""
    answer = next(place for place, piece in enumerate(pieces) if isinstance(piece, tuple) and Slot.ANSWER in piece)
    return next((place for place in range(answer, len(pieces)) if isinstance(pieces[place], np.ndarray)), None)
