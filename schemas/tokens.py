"""How documents become tokens: which vocabulary, and what stands at a document's ends."""

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
