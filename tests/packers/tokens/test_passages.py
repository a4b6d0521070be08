"""Passages of a document are its text, cut where marks begin and end, however the vocabulary writes it."""

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lcdata.packers.tokens.passages import CONTROL, around, marked, passages
from lcdata.packers.tokens.probes import HOSTILE
from lcdata.packers.tokens.tokenizer import Tokenizer, load_tokenizer
from lcdata.schemas.tokens import TokenizerChoice

TEXTS = st.text(alphabet=st.characters(codec="utf-8"), max_size=60) | st.sampled_from(HOSTILE)
CUTS = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=4)


@pytest.fixture(scope="module")
def tokenizer(tokenizer_source: str) -> Tokenizer:
    """Each of the tokenizers."""
    return load_tokenizer(TokenizerChoice(source=tokenizer_source))


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(text=TEXTS.filter(bool), cuts=CUTS)
@example(text="🪵湖 a\ufffdb 🪵", cuts=[(0.1, 0.4), (0.3, 0.6)])
def test_joined_they_are_the_whole_text(tokenizer: Tokenizer, text: str, cuts: list[tuple[float, float]]) -> None:
    ends = tokenizer.identity
    ids = np.concatenate((np.array(ends.bos_ids, np.int32), tokenizer.encode(text), np.array(ends.eos_ids, np.int32)))
    spans = [tuple(sorted(int(place * len(ids)) for place in cut)) for cut in cuts]
    masks = {"one": marked(len(ids), spans[::2]), "other": marked(len(ids), spans[1::2])}
    found = list(passages(ids, masks, tokenizer, [(0, len(ids))]))
    assert "".join(one.text for one in found if CONTROL not in one.marks) == tokenizer.decode(ids)
    assert [one.start for one in found] == [0, *(one.end for one in found[:-1])]
    assert found[-1].end == len(ids)
    control = [tokenizer.control_tokens[one.text] for one in found if CONTROL in one.marks]
    assert control == [*ends.bos_ids, *ends.eos_ids]
    for one in found:
        for name, mask in masks.items():
            assert set(mask[one.start : one.end].tolist()) == {name in one.marks}


def test_parts_are_pieces_of_the_text_and_nothing_else_is_decoded(tokenizer: Tokenizer) -> None:
    text = "".join(f"The {number}th line says naïve things about 湖 and 🪵.\n" for number in range(3000))
    ids = tokenizer.encode(text)
    kept = around(len(ids), [], [(9000, 9010), (9020, 9900)], 50, 5)
    assert kept == [(0, 50), (8995, 9075), (len(ids) - 50, len(ids))]
    decoded = list[int]()

    class Counting:
        control_tokens = tokenizer.control_tokens

        def decode(self, ids: np.ndarray) -> str:
            decoded.append(len(ids))
            return tokenizer.decode(ids)

    found = list(passages(ids, {"a": marked(len(ids), [(9000, 9010)])}, Counting(), kept))  # pyright: ignore
    assert [(one.start, one.end) for one in found] == [
        *((0, 50), (8995, 9000), (9000, 9010), (9010, 9075)), (len(ids) - 50, len(ids)),
    ]  # fmt: skip
    assert sum(decoded) < 1000
    for one in found:
        assert one.text.strip("\ufffd") in text
    assert "".join(one.text for one in found[1:4]).strip("\ufffd") in text


def test_what_is_around_places_and_spans_is_in_order_and_inside() -> None:
    assert around(10, [5], [(0, 3)], 100, 100) == [(0, 10)]
    assert around(1000, [500], [(700, 710), (200, 900)], 10, 1) == [
        *((0, 10), (199, 211), (490, 510), (699, 711)), (990, 1000),
    ]  # fmt: skip
