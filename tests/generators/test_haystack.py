"""Haystacks are drawn for each sample alone, and needles stand where they were put."""

import numpy as np
import pytest

from lcdata.generators.haystack import passage
from lcdata.schemas.stream import stream


@pytest.mark.parametrize("kind", ["noise", "prose"])
def test_a_shorter_haystack_is_a_prefix_and_ends_are_true(kind: str) -> None:
    whole = passage(kind, stream("test", 0, 1), 300)
    assert int(whole.ends[-1]) == len(whole.text)
    assert all(whole.text[int(end) - 1] in " \n" for end in whole.ends[1:])
    assert all(whole.text[: int(end)].rstrip().endswith(".") for end in whole.ends[1:])


def test_two_long_samples_of_prose_share_no_long_stretch() -> None:
    texts = [passage("prose", stream("test", 0, index), 6500).text for index in (1, 2)]
    assert min(map(len, texts)) > 450_000
    seen = {texts[0][at : at + 200] for at in range(len(texts[0]) - 200)}
    assert not any(texts[1][at : at + 200] in seen for at in range(len(texts[1]) - 200))


def test_noise_starts_anywhere() -> None:
    starts = {passage("noise", stream("test", 0, index), 5).text[:30] for index in range(50)}
    assert len(starts) > 40


def test_needles_stand_where_they_were_put() -> None:
    drawn = passage("prose", stream("test", 0, 3), 50)
    needles = [(50, "Last."), (0, "First."), (20, "Middle one."), (20, "Middle two.")]
    text, spans = drawn.with_needles(50, needles)
    assert [text[start:end] for start, end in spans] == [sentence for _, sentence in needles]
    assert text.startswith("First. ")
    assert text.endswith("Last.")
    assert spans[2][1] + 1 == spans[3][0]
    bare = text
    for _, sentence in needles:
        bare = bare.replace(f"{sentence} ", "").replace(sentence, "")
    assert bare.rstrip() == drawn.text.rstrip()
    assert np.array_equal(drawn.ends, np.sort(drawn.ends))
