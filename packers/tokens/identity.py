"""What a tokenizer puts around a document, and which of its tokens are control: decided once, when it is loaded."""

import warnings
from collections.abc import Iterator
from typing import Any

import tokenizers

from ...schemas.errors import UsageError
from ...schemas.tokens import TokenizerChoice, TokenizerIdentity
from .content import Content
from .control import Named, decide, templates
from .vocabulary import Vocabulary, find_chat_template

Tokens = tuple[str, ...]

_GUESSES = (
    "</s>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<eos>",
    "<｜end▁of▁sentence｜>",
    "<|return|>",
    "<|im_end|>",
    "[EOS]",
)
"""Tokens that end documents in many vocabularies."""
_LETTERS = ("a", "A", "0", " ", "e", "的")
"""Texts of which any vocabulary writes one."""


def identify(
    reference: tokenizers.Tokenizer, content: Content, vocabulary: Vocabulary, choice: TokenizerChoice
) -> TokenizerIdentity:
    """Decide a tokenizer's ends and control tokens; says with a warning what is guessed or contradicts itself.

    Raises UsageError where the choice names what is no control token, or nothing says how documents end.
    """
    named = Named(content, vocabulary.config, choice.source)
    before, after = _around(reference, content, choice.source)
    bos = _bos(reference, named, vocabulary, choice, before)
    eos = _eos(reference, named, vocabulary, choice, after)
    texts = templates(vocabulary)
    if choice.chat_template is not None:
        texts += find_chat_template(choice, vocabulary)
    control, text = decide(content, named, (*bos, *eos), texts, choice)
    return TokenizerIdentity(
        source=choice.source,
        sha256=vocabulary.sha256,
        bos="".join(bos) or None,
        bos_ids=_ids(reference, bos),
        eos="".join(eos),
        eos_ids=_ids(reference, eos),
        vocab_size=content.vocab_size(reference),
        control_tokens=control,
        text_tokens=text,
    )


def _ids(reference: tokenizers.Tokenizer, tokens: Tokens) -> tuple[int, ...]:
    return tuple(token for token in map(reference.token_to_id, tokens) if token is not None)


def _around(reference: tokenizers.Tokenizer, content: Content, source: str) -> tuple[Tokens, Tokens]:
    """All tokens that the tokenizer itself puts before a text, and those after it."""
    for text in (*_LETTERS, *content.vocab):
        try:
            encoding = reference.encode(text)
        except Exception:
            continue
        own = [place for place, is_added in enumerate(encoding.special_tokens_mask) if not is_added]
        if own:
            return tuple(encoding.tokens[: own[0]]), tuple(encoding.tokens[own[-1] + 1 :])
    raise UsageError(f"the tokenizer {source!r} makes no tokens of any text: give another one")


def _bos(
    reference: tokenizers.Tokenizer, named: Named, vocabulary: Vocabulary, choice: TokenizerChoice, before: Tokens
) -> Tokens:
    own = "".join(before)
    if choice.bos is not None:
        none = choice.bos.lower() == "none"
        return () if none else named.split(choice.bos, "--bos", reference, own or _token(vocabulary, "bos_token"))
    wanted = vocabulary.config.get("add_bos_token")
    if isinstance(wanted, bool) and wanted != bool(before):
        what = f"puts {own} before a text" if before else "puts nothing before a text"
        warnings.warn(
            f"tokenizer_config.json says add_bos_token: {str(wanted).lower()}, and tokenizer.json {what}, which is "
            f"done: choose with --bos {own or _token(vocabulary, 'bos_token') or 'TOKEN'} or --bos none",
            stacklevel=4,
        )
    return before


def _eos(
    reference: tokenizers.Tokenizer, named: Named, vocabulary: Vocabulary, choice: TokenizerChoice, after: Tokens
) -> Tokens:
    found = after or _named_eos(reference, named, vocabulary)
    if choice.eos is not None:
        guess = next(_guesses(named), None)
        return named.split(choice.eos, "--eos", reference, "".join(found) or guess)
    if found:
        return found
    for guess in _guesses(named):
        warnings.warn(
            f"no file of the tokenizer {choice.source!r} says how documents end: {guess} is a guess, choose with --eos",
            stacklevel=4,
        )
        return (guess,)
    raise UsageError(f"the tokenizer {choice.source!r} names no end-of-document token: name it with --eos TOKEN")


def _guesses(named: Named) -> Iterator[str]:
    return (token for token in _GUESSES if token in named and named.may_be_control(token))


def _named_eos(reference: tokenizers.Tokenizer, named: Named, vocabulary: Vocabulary) -> Tokens:
    """The end of documents by the files beside `tokenizer.json`; says where one names what cannot be it."""
    generation: Any = vocabulary.config.get("generation_config", {}).get("eos_token_id")
    first: Any = generation[0] if isinstance(generation, list) and generation else generation
    by_id = reference.id_to_token(first) if isinstance(first, int) and 0 <= first < 2**31 else None
    for token in (_token(vocabulary, "eos_token"), by_id):
        if token is None:
            continue
        if token in named and named.may_be_control(token):
            return (token,)
        what = "which is ordinary text" if token in named else "which the vocabulary lacks"
        warnings.warn(
            f"the files of the tokenizer {vocabulary.source!r} name {token!r} as the end of documents, {what}: "
            "choose another with --eos",
            stacklevel=5,
        )
    return ()


def _token(vocabulary: Vocabulary, name: str) -> str | None:
    """The token of this name in the tokenizer's configuration."""
    token = vocabulary.config.get(name)
    token = token.get("content") if isinstance(token, dict) else token
    return token if isinstance(token, str) and token else None
