"""Text that a vocabulary cannot write: what becomes unknown tokens, or is left out without any."""

from dataclasses import dataclass

import numpy as np
import tokenizers
from numpy.typing import NDArray
from tokenizers import pre_tokenizers

from .bytespans import component_types
from .content import Content


@dataclass(frozen=True)
class Alphabet:
    """What a vocabulary writes any text with."""

    is_whole: bool
    """Whether it has every byte, so that no text is lost."""
    unknown_id: int | None
    """Id of the token that stands for what cannot be written; None where that is left out."""
    symbols: frozenset[str]
    """Single characters that it can write, where neither holds; for byte-level ones those of GPT-2's table."""

    @classmethod
    def of(cls, content: Content) -> "Alphabet":
        """Read a `tokenizer.json`."""
        model, vocab = content.model, content.vocab
        unknown = model.get("unk_id") if model.get("type") == "Unigram" else vocab.get(model.get("unk_token") or "")
        suffix = model.get("end_of_word_suffix") or ""
        parts = component_types([content.json.get("normalizer"), content.json.get("pre_tokenizer")])
        if model.get("byte_fallback"):
            is_whole = all(f"<0x{byte:02X}>" in vocab for byte in range(256))
        else:
            table = pre_tokenizers.ByteLevel.alphabet() if "ByteLevel" in parts and model.get("type") == "BPE" else ()
            is_whole = bool(table) and all(symbol in vocab and symbol + suffix in vocab for symbol in table)
        symbols = (piece.removesuffix(suffix) for piece in vocab) if not is_whole else ()
        return cls(is_whole, unknown, frozenset(symbol for symbol in symbols if len(symbol) == 1))

    def count(self, text: str, ids: NDArray[np.int32], reference: tokenizers.Tokenizer) -> int:
        """Unknown tokens among a text's ids; where there is no such token, characters of it that are in none."""
        if self.is_whole:
            return 0
        if self.unknown_id is not None:
            return int(np.count_nonzero(ids == self.unknown_id))
        return sum(text.count(char) for char in set(text) if not self._writes(char, reference))

    def _writes(self, char: str, reference: tokenizers.Tokenizer) -> bool:
        if char in self.symbols or char.isspace():
            return True
        normalized = reference.normalizer.normalize_str(char) if reference.normalizer else char
        before = reference.pre_tokenizer
        parts = [part for part, _ in before.pre_tokenize_str(normalized)] if before else [normalized]
        return all(symbol in self.symbols for symbol in "".join(parts))
