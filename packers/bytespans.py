"""Character spans to token spans by counting bytes, for vocabularies whose tokens cut the text into pieces."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..schemas.sample import Span


@dataclass(frozen=True)
class TokenBytes:
    """Bytes of UTF-8 text that each token covers; control tokens cover none.

    Exact where the bytes of a document's tokens add up to those of its text, which `token_spans` checks each time: a
    normalizer that rewrites the text, or an unknown token, makes the sum differ.
    """

    num_bytes: NDArray[np.uint8]
    prefix: int
    """Bytes of the space that the tokenizer puts before a text."""

    @classmethod
    def of(cls, content: dict[str, Any], vocab_size: int) -> "TokenBytes | None":
        """Read a `tokenizer.json`; None when its tokens are neither byte-level nor SentencePiece-style BPE."""
        kinds = _component_types(content.get("pre_tokenizer")) | _component_types(content.get("decoder"))
        model = content["model"]
        if model.get("type") != "BPE":
            return None
        if "ByteLevel" in kinds:
            measure, prefix = len, 0
        elif model.get("byte_fallback") or "Metaspace" in kinds:
            measure, prefix = _sentencepiece_bytes, 1
        else:
            return None
        table = np.zeros(vocab_size, np.uint8)
        for piece, token in model["vocab"].items():
            table[token] = min(measure(piece), 255)
        for token in content.get("added_tokens", []):
            table[token["id"]] = 0 if token["special"] else len(token["content"].encode())
        return cls(table, prefix)

    def ends(self, ids: NDArray[np.int32]) -> NDArray[np.int32]:
        """Bytes of text up to the end of each token, a first space that is not in the text included."""
        return np.cumsum(self.num_bytes.take(ids), dtype=np.int32)

    def token_spans(self, text: str, ids: NDArray[np.int32], spans: Sequence[Span]) -> list[Span] | None:
        """Spans of `ids` that cover the non-empty spans of characters, or None where the bytes do not add up."""
        if len(ids) == 0:
            return None
        ends = self.ends(ids)
        size = len(text) if text.isascii() else len(text.encode())
        extra = int(ends[-1]) - size
        if extra not in (0, self.prefix):
            return None
        firsts = [_byte_offset(text, start, size) + extra for start, _ in spans]
        lasts = [_byte_offset(text, end, size) + extra - 1 for _, end in spans]
        tokens = np.searchsorted(ends, [*firsts, *lasts], side="right").tolist()
        return [(first, last + 1) for first, last in zip(tokens[: len(spans)], tokens[len(spans) :], strict=True)]


def _byte_offset(text: str, index: int, size: int) -> int:
    return index if size == len(text) else len(text[:index].encode())


def _component_types(component: Any) -> set[str]:
    """The `type` of a tokenizer component and of all its parts."""
    if isinstance(component, dict):
        own = {str(component["type"])} if "type" in component else set[str]()
        return own.union(*(_component_types(part) for part in component.values()))
    if isinstance(component, list):
        return set[str]().union(*(_component_types(part) for part in component))
    return set()


def _sentencepiece_bytes(piece: str) -> int:
    if len(piece) == 6 and piece.startswith("<0x") and piece.endswith(">"):
        return 1
    return len(piece.replace("▁", " ").encode())
