"""The file of a vocabulary beside the same file for text, whose strings of control tokens stay text."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import tokenizers
from numpy.typing import NDArray

from ...schemas.errors import UsageError
from ...schemas.tokens import TokenizerIdentity
from .content import Content
from .probes import around
from .unwritten import Alphabet


@dataclass(frozen=True)
class Files:
    """A `tokenizer.json` as it is, and for text."""

    content: Content
    reference: tokenizers.Tokenizer
    """`tokenizers` with the file as it is, but for truncation and padding."""
    for_text: str
    """The file by which text makes no control tokens."""


def reference_engine(data: str) -> tokenizers.Tokenizer:
    reference = tokenizers.Tokenizer.from_str(data)
    reference.no_truncation()
    reference.no_padding()
    return reference


def encode(engine: tokenizers.Tokenizer, text: str) -> NDArray[np.int32]:
    try:
        return np.array(engine.encode_batch_fast([text], add_special_tokens=False)[0].ids, np.int32)
    except Exception as error:  # of no type of its own, where a text cannot be written and there is no unknown token
        raise UsageError(
            f"the tokenizer cannot write {text[:40]!r} ({error}): give one that has an unknown token or all bytes"
        ) from None


def id_of(reference: tokenizers.Tokenizer, token: str) -> int:
    found = reference.token_to_id(token)
    assert found is not None, token
    return found


def files_of(data: bytes, identity: TokenizerIdentity) -> Files:
    return files_beside(Content.of(data), reference_engine(data.decode()), identity)


def files_beside(content: Content, reference: tokenizers.Tokenizer, identity: TokenizerIdentity) -> Files:
    """The file with what it is for text; UsageError where text makes control tokens whatever is done."""
    control = {token: id_of(reference, token) for token in identity.control_tokens}
    for_text = content.for_text(control, reference)
    reached = _reached(for_text, control, content, reference if for_text == content.data.decode() else None)
    if reached:
        for_text = content.for_text(control, reference, reached)
        still = _reached(for_text, control, content, None)
        if still:
            raise UsageError(
                f"the tokenizer {identity.source!r} makes the control token {still[0]!r} of ordinary text: give "
                f"another, or let it be text with --text-token {still[0]!r}"
            )
    added = {token["content"] for token in content.added}
    # As transformers does with what a tokenizer's configuration names.
    reference.add_special_tokens([token for token in control if token not in added])
    return Files(content, reference, for_text)


def _reached(
    for_text: str, control: Mapping[str, int], content: Content, reference: tokenizers.Tokenizer | None
) -> list[str]:
    """The control tokens that the model makes of their own strings, as one that looks for whole words does."""
    if not any(token in content.vocab for token in control):
        return []
    engine = reference or reference_engine(for_text)
    unknown = Alphabet.of(content).unknown_id
    engine.encode_special_tokens = True
    try:
        made = {token for text in around(control) for token in encode(engine, text).tolist()} - {unknown}
    finally:
        engine.encode_special_tokens = False
    return [token for token, number in control.items() if number in made]
