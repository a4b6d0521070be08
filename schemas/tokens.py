"""How documents become tokens: which vocabulary, and what stands at a document's ends."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from .written import Written

EMBEDDED = "embedded"


class TokenizerChoice(Written):
    """The tokenizer a user asks for."""

    source: str = EMBEDDED
    """A `tokenizer.json`, a folder that holds one, a Hub id, or `embedded` (Mistral's tekken)."""

    bos: str | None = None
    """Token put before every document; by default what the tokenizer itself adds, `none` for nothing."""

    eos: str | None = None
    """Token put after every document; by default the one the tokenizer names or is known by."""

    chat_template: str | None = None
    """A Jinja file; by default the chat template that comes with the tokenizer."""

    chat_date: date = date(2026, 1, 1)
    """What a chat template that asks for today's date is told, so that the same recipe makes the same bytes."""


class TokenizerIdentity(BaseModel):
    """The tokenizer that made a dataset, exactly."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    source: str
    """Where it was: a path, a Hub id, or `embedded`."""
    sha256: str
    """Of the bytes of `tokenizer.json`."""
    bos: str | None
    """Token put before every document; None for none."""
    bos_id: int | None
    """Id of the token before every document."""
    eos: str
    """Token put after every document."""
    eos_id: int
    """Id of the token after every document."""
    vocab_size: int
    """All ids are below it."""


class ChatFrame(BaseModel):
    """A chat template, and what it writes around a question and its answer."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    template: str
    """The Jinja template."""
    before: str
    """Text before the question, control tokens included."""
    between: str
    """Text between the question and the answer."""
    after: str
    """Text after the answer."""
    content: Literal["text", "parts"]
    """Whether the template takes a message's content as text, or as a list of parts of which one is text."""
    tokens_after_turn: int
    """Tokens after the one that ends the answer's turn, which are not learned."""
