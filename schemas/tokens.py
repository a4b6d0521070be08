"""How documents become tokens: which vocabulary, what stands at a document's ends, and which tokens are not text."""

from datetime import date
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from .written import Written

EMBEDDED = "embedded"


class TokenizerChoice(Written):
    """The tokenizer a user asks for."""

    source: str = EMBEDDED
    """A `tokenizer.json`, a folder that holds one, a Hub id, or `embedded` (Mistral's tekken)."""

    bos: str | None = None
    """Token put before every document, or several as one text; by default what the tokenizer adds, `none` for
    nothing."""

    eos: str | None = None
    """Token put after every document, or several as one text; by default what the tokenizer adds or names."""

    chat_template: str | None = None
    """A Jinja file; by default the chat template that comes with the tokenizer."""

    chat_date: date = date(2026, 1, 1)
    """What a chat template that asks for today's date is told, so that the same recipe makes the same bytes."""

    control_tokens: tuple[str, ...] = ()
    """Tokens that text is never to make, beside those that the tokenizer's files tell of."""

    text_tokens: tuple[str, ...] = ()
    """Tokens that text is to make where it has their strings, though they would be taken for control tokens."""


class Ends(NamedTuple):
    """How many tokens stand before and after every document."""

    before: int
    after: int


class TokenizerIdentity(BaseModel):
    """The tokenizer that made a dataset, exactly."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    source: str
    """Where it was: a path, a Hub id, or `embedded`."""
    sha256: str
    """Of the bytes of `tokenizer.json`."""
    bos: str | None
    """Tokens put before every document, as one text; None for none."""
    bos_ids: tuple[int, ...]
    """Ids of the tokens before every document, in order."""
    eos: str
    """Tokens put after every document, as one text."""
    eos_ids: tuple[int, ...]
    """Ids of the tokens after every document, in order."""
    vocab_size: int
    """All ids are below it."""
    control_tokens: tuple[str, ...]
    """Tokens that text never makes: their strings in it are encoded as ordinary text."""
    text_tokens: tuple[str, ...]
    """The other tokens that were added to the vocabulary, which text makes as it does under `tokenizers`."""

    @property
    def bos_id(self) -> int | None:
        """Id of the first token of every document, None where nothing is put before them."""
        return self.bos_ids[0] if self.bos_ids else None

    @property
    def eos_id(self) -> int:
        """Id of the last token of every document."""
        return self.eos_ids[-1]

    @property
    def ends(self) -> Ends:
        """How many tokens stand before and after every document."""
        return Ends(len(self.bos_ids), len(self.eos_ids))


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
