"""A packed row gives every document the logits that it has alone, and each known way to lose that is shown to."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lcdata.pipelines.proving.trainers.alone import logits_alone
from lcdata.pipelines.proving.trainers.stored import CheckedRow
from lcdata.pipelines.proving.trainers.trainers import VOCABULARY, tiny_llama

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
# flex_attention as transformers calls it makes torch warn of itself; compiled, it would be the same in minutes.
pytestmark = pytest.mark.filterwarnings(
    "ignore:_compile flag on create_block_mask:DeprecationWarning",
    "ignore:.torch.jit.script:DeprecationWarning",
    "ignore:flex_attention called without torch.compile:UserWarning",
)

SAME = 1e-4
"""Of logits of about 1.6; float32 sums in another order differ by a hundredth of this."""
LEAKED = 0.1


def ids_of(row: CheckedRow) -> NDArray[np.int64]:
    return row.column("input_ids") % VOCABULARY


def packed_logits(model: Any, row: CheckedRow, **inputs: Any) -> Any:
    """Of the row as it is stored, unless inputs say otherwise."""
    given = {
        "input_ids": torch.tensor(ids_of(row))[None],
        "position_ids": torch.tensor(row.column("position_ids"))[None],
    }
    with torch.no_grad(), torch.compiler.set_stance("force_eager"):
        return model(**{"use_cache": False, **given, **inputs}).logits[0]


def largest_difference(logits: Any, row: CheckedRow) -> float:
    """From those of the documents alone, under plain attention."""
    alone = logits_alone(tiny_llama("eager"), ids_of(row), row.lengths)
    assert alone.std() > 1
    return float((logits - alone).abs().max())


@pytest.mark.parametrize("attention", ["eager", "sdpa", "flex_attention"])
def test_a_packed_row_has_the_logits_of_its_documents_alone(rows: list[CheckedRow], attention: str) -> None:
    model = tiny_llama(attention)
    found = max(largest_difference(packed_logits(model, row), row) for row in rows)
    print(f"largest difference of a logit: {found:.1e}")
    assert found < SAME


@pytest.mark.parametrize("attention", ["eager", "sdpa", "flex_attention"])
def test_an_all_ones_attention_mask_lets_documents_see_each_other(row: CheckedRow, attention: str) -> None:
    mask = torch.ones(1, len(ids_of(row)), dtype=torch.int64)
    assert largest_difference(packed_logits(tiny_llama(attention), row, attention_mask=mask), row) > LEAKED


def test_a_cache_lets_documents_see_each_other(row: CheckedRow) -> None:
    assert largest_difference(packed_logits(tiny_llama(), row, use_cache=True), row) > LEAKED


def test_position_ids_that_count_on_let_documents_see_each_other(row: CheckedRow) -> None:
    positions = torch.arange(len(ids_of(row)))[None]
    assert largest_difference(packed_logits(tiny_llama(), row, position_ids=positions), row) > LEAKED


def test_a_leak_starts_at_the_second_document(row: CheckedRow) -> None:
    leaked = packed_logits(tiny_llama(), row, use_cache=True)
    alone = logits_alone(tiny_llama(), ids_of(row), row.lengths)
    first = int(row.lengths[0])
    assert float((leaked - alone)[:first].abs().max()) < SAME
    assert float((leaked - alone)[first:].abs().max()) > LEAKED


def test_a_collator_that_flattens_takes_a_row_for_one_document(row: CheckedRow) -> None:
    features = {name: row.column(name).tolist() for name in ("input_ids", "labels")}
    batch = transformers.DataCollatorWithFlattening()([features])
    assert batch["position_ids"].tolist() == [list(range(len(ids_of(row))))]
    assert row.column("position_ids").tolist() != batch["position_ids"][0].tolist()


def test_a_collator_that_flattens_keeps_documents_of_their_own_apart(row: CheckedRow) -> None:
    ends = np.cumsum(row.lengths)
    documents = [{"input_ids": piece.tolist()} for piece in np.split(row.column("input_ids"), ends[:-1])]
    batch = transformers.DataCollatorWithFlattening()(documents)
    assert batch["position_ids"][0].tolist() == row.column("position_ids").tolist()
