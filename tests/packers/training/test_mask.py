"""The block mask lets a token see its own document's earlier tokens and nothing else."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import lcdata

pytestmark = pytest.mark.needs("torch")

LENGTHS = st.lists(st.integers(1, 700), min_size=1, max_size=6)
BLOCKS = ("kv_num_blocks", "kv_indices", "full_kv_num_blocks", "full_kv_indices", "q_num_blocks", "q_indices")


@settings(max_examples=40)
@given(LENGTHS)
@example([1000])
@example([128, 128, 256])
@example([1] * 300)
def test_blocks_are_those_of_a_search_over_all_pairs(lengths: list[int]) -> None:
    import torch
    from torch.nn.attention.flex_attention import create_block_mask

    mask = lcdata.document_mask(torch.tensor(lengths))
    searched = create_block_mask(mask.mask_mod, None, None, sum(lengths), sum(lengths), device="cpu")
    assert mask.shape == searched.shape == (1, 1, sum(lengths), sum(lengths))
    assert all(torch.equal(getattr(mask, name), getattr(searched, name)) for name in BLOCKS)


@settings(max_examples=40)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=6))
def test_pairs_of_tokens_are_those_of_a_dense_mask(lengths: list[int]) -> None:
    import torch

    document = [number for number, length in enumerate(lengths) for _ in range(length)]
    tokens = range(len(document))
    dense = [[key <= query and document[key] == document[query] for key in tokens] for query in tokens]
    place = torch.arange(len(document))
    allowed = lcdata.document_mask(torch.tensor(lengths)).mask_mod(None, None, place.unsqueeze(1), place.unsqueeze(0))
    assert allowed.tolist() == dense


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@settings(max_examples=10)
@given(LENGTHS)
@example([300, 1, 211])
def test_attention_is_that_of_each_document_alone(lengths: list[int]) -> None:
    import torch
    from torch.nn.attention.flex_attention import flex_attention
    from torch.nn.functional import scaled_dot_product_attention

    torch.set_num_threads(1)
    query, key, value = torch.randn(3, 1, 2, sum(lengths), 8, generator=torch.Generator().manual_seed(0))
    packed = flex_attention(query, key, value, block_mask=lcdata.document_mask(torch.tensor(lengths)))
    documents = zip(*(part.split(lengths, dim=2) for part in (query, key, value)), strict=True)
    alone = torch.cat([scaled_dot_product_attention(*document, is_causal=True) for document in documents], dim=2)
    torch.testing.assert_close(packed, alone, atol=1e-5, rtol=1e-5)
    causal = scaled_dot_product_attention(query, key, value, is_causal=True)
    assert len(lengths) == 1 or not torch.allclose(packed, causal, atol=1e-3)


def test_larger_blocks_are_taken() -> None:
    import torch

    mask = lcdata.document_mask(torch.tensor([1000, 3096]), block_size=1024)
    assert mask.BLOCK_SIZE == (1024, 1024)
    assert mask.to_dense()[0, 0].tolist() == [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]]
