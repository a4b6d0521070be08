"""Attention inside documents only, as a block mask for `flex_attention`.

The blocks follow from the documents' ends; `create_block_mask` looks at every pair of tokens instead, 17 billion for a
row of 128k.
"""

# PyTorch is an extra: what comes from it is checked where it is installed.
# pyright: reportMissingImports=false

import torch
from torch.nn.attention.flex_attention import BlockMask

BLOCK = 128
"""Tokens of a block; kernels work on these or on multiples."""


def document_mask(seq_lengths: torch.Tensor, block_size: int = BLOCK) -> BlockMask:
    """Causal attention within each document of a row or batch of these lengths.

    `seq_lengths` are integers of shape (documents,) that sum to the number of tokens; the mask is on their device and
    holds for every sequence of the batch and every head.
    """
    document = torch.repeat_interleave(seq_lengths)
    tokens = len(document)

    def allowed(batch: torch.Tensor, head: torch.Tensor, query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
        return (query >= key) & (document[query] == document[key])

    partial, full = _blocks(seq_lengths, document, block_size)
    return BlockMask.from_kv_blocks(
        *_listed(partial), *_listed(full), BLOCK_SIZE=block_size, mask_mod=allowed, seq_lengths=(tokens, tokens)
    )


def _blocks(lengths: torch.Tensor, document: torch.Tensor, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Which pairs of blocks hold some and only allowed pairs of tokens; bool of shape (blocks, blocks) each.

    A block of queries sees keys from where its first document starts. All of a pair is allowed where its queries are of
    one document, which also covers the keys, and the keys lie before them; an unfinished block counts as partial.
    """
    starts = lengths.cumsum(0) - lengths
    first = torch.arange(0, len(document), size, device=document.device)
    last = (first + size - 1).clamp(max=len(document) - 1)
    start = starts[document[first]]
    is_whole = (document[first] == document[last]) & (first + size <= len(document))
    query, key = torch.arange(len(first), device=document.device).unsqueeze(1), first // size
    seen = (key <= query) & (key >= (start // size).unsqueeze(1))
    full = is_whole.unsqueeze(1) & (key < query) & (first >= start.unsqueeze(1))
    return seen & ~full, full


def _listed(blocks: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """For each block of queries the number of its blocks of keys, and their indices before those of all others."""
    counts = blocks.sum(1, dtype=torch.int32)
    indices = torch.argsort(blocks.int(), dim=1, descending=True, stable=True).int()
    return counts[None, None], indices[None, None]
