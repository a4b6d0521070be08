"""Character spans to token spans by counting bytes, for vocabularies whose tokens cut the text into pieces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...schemas.sample import Span
from .content import Content

_BLOCK = 256
"""Tokens whose bytes are summed as one: only in a block that is asked about are they counted one by one."""


@dataclass(frozen=True)
class Coverage:
    """How many bytes of a text each of its tokens covers."""

    num_bytes: NDArray[np.uint8]
    """Bytes that each token covers, filled with zeros to whole blocks, shape (num_blocks * _BLOCK,)."""
    block_starts: NDArray[np.int64]
    """Bytes that the tokens before each block cover, and those of all, shape (num_blocks + 1,)."""

    @classmethod
    def of(cls, ids: NDArray[np.int32], num_bytes: NDArray[np.uint8]) -> "Coverage":
        """The coverage of a text by these tokens, given the bytes that every token of the vocabulary covers."""
        covered = np.zeros(-(-len(ids) // _BLOCK) * _BLOCK, np.uint8)
        # NumPy's take would copy the ids as int64 first.
        covered[: len(ids)] = pc.take(pa.array(num_bytes), pa.array(ids), boundscheck=False).to_numpy()
        sums = covered.reshape(-1, _BLOCK).sum(axis=1, dtype=np.int32)
        return cls(covered, np.concatenate(([0], np.cumsum(sums, dtype=np.int64))))

    @property
    def total(self) -> int:
        """Bytes that all tokens cover."""
        return int(self.block_starts[-1])

    def before(self, token: int) -> int:
        """Bytes that the tokens before this token cover."""
        block = token // _BLOCK
        return int(self.block_starts[block]) + int(self.num_bytes[block * _BLOCK : token].sum())

    def tokens_at(self, offsets: Sequence[int]) -> list[int]:
        """The token that covers the byte at each offset, all of which must be covered."""
        wanted = np.array(offsets, np.int64)
        blocks = np.searchsorted(self.block_starts, wanted, side="right") - 1
        ends = np.cumsum(self.num_bytes.reshape(-1, _BLOCK)[blocks], axis=1, dtype=np.int64)
        inside = (ends <= (wanted - self.block_starts[blocks])[:, None]).sum(axis=1)
        return (blocks * _BLOCK + inside).tolist()


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
    def of(
        cls, content: Content, added: Mapping[str, int], control: Sequence[int], vocab_size: int
    ) -> "TokenBytes | None":
        """Read a `tokenizer.json`, given the ids of its added and of all control tokens.

        None when its tokens are neither byte-level nor SentencePiece-style BPE.
        """
        kinds = component_types([content.json.get("pre_tokenizer"), content.json.get("decoder")])
        if content.model.get("type") != "BPE":
            return None
        is_byte_level = "ByteLevel" in kinds
        if is_byte_level:
            measure, prefix = len, 0
        elif content.model.get("byte_fallback") or "Metaspace" in kinds:
            measure, prefix = _sentencepiece_bytes, 1
        else:
            return None
        table = np.zeros(vocab_size, np.uint8)
        for piece, token in content.vocab.items():
            table[token] = min(measure(piece), 255)
        for piece, token in added.items():
            if is_byte_level or piece not in content.vocab:
                table[token] = min(len(piece.encode()), 255)
        table[list(control)] = 0
        return cls(table, prefix)

    def coverage(self, ids: NDArray[np.int32]) -> Coverage:
        """The bytes of text that these tokens cover, a first space that is not in the text included."""
        return Coverage.of(ids, self.num_bytes)

    def token_spans(self, text: str, ids: NDArray[np.int32], spans: Sequence[Span]) -> list[Span] | None:
        """Spans of `ids` that cover the non-empty spans of characters, or None where the bytes do not add up."""
        if len(ids) == 0:
            return None
        coverage = self.coverage(ids)
        size = len(text) if text.isascii() else len(text.encode())
        extra = coverage.total - size
        if extra not in (0, self.prefix):
            return None
        firsts = [_byte_offset(text, start, size) + extra for start, _ in spans]
        lasts = [_byte_offset(text, end, size) + extra - 1 for _, end in spans]
        tokens = coverage.tokens_at([*firsts, *lasts])
        return [(first, last + 1) for first, last in zip(tokens[: len(spans)], tokens[len(spans) :], strict=True)]


def _byte_offset(text: str, index: int, size: int) -> int:
    return index if size == len(text) else len(text[:index].encode())


def component_types(component: object) -> set[str]:
    """The `type` of a tokenizer component and of all its parts."""
    if isinstance(component, dict):
        own = {str(component["type"])} if "type" in component else set[str]()
        return own.union(*(component_types(part) for part in component.values()))
    if isinstance(component, list):
        return set[str]().union(*(component_types(part) for part in component))
    return set()


def _sentencepiece_bytes(piece: str) -> int:
    if len(piece) == 6 and piece.startswith("<0x") and piece.endswith(">"):
        return 1
    return len(piece.replace("▁", " ").encode())
