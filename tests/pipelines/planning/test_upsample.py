"""Targets add up to the budget, keep what a strategy promises, and never ask for what is not there."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError

from lcdata.pipelines.planning.upsample import Budget, Supply, Targets, plan_targets
from lcdata.schemas.buckets import Buckets
from lcdata.schemas.errors import UsageError
from lcdata.schemas.upsample import Upsample

ROW = 131_072
BUCKETS = Buckets((1024, 4096, 65_536))
WEB = [500] * 4000 + [5000] * 200  # 2M tokens short, 1M long
BOOKS = [2000] * 100 + [100_000] * 8  # 0.2M tokens short, 0.8M long


def component(name: str, lengths: list[int], share: float | None = None) -> Supply:
    return Supply(name=name, lengths=np.array(lengths, np.int32), share=share)


def plan(components: list[Supply], tokens: int, upsample: dict[str, Any] | None = None, **budget: Any) -> Targets:
    settings = Upsample.model_validate(upsample or {})
    return plan_targets(components, BUCKETS, settings, Budget(tokens=tokens, **budget), ROW)


def of_components(targets: Targets) -> list[int]:
    return targets.target.sum(1).tolist()


def test_natural_targets_are_what_is_there() -> None:
    targets = plan([component("web", WEB), component("books", BOOKS)], 4_000_000)
    assert targets.documents.tolist() == [[4000, 0, 200, 0], [0, 100, 0, 8]]
    assert targets.available.tolist() == [[2_000_000, 0, 1_000_000, 0], [0, 200_000, 0, 800_000]]
    assert targets.wanted.tolist() == targets.target.tolist() == targets.available.tolist()
    assert targets.epochs.tolist() == [[1, 0, 1, 0], [0, 1, 0, 1]]
    assert targets.changes == targets.warnings == ()
    assert targets.buckets == BUCKETS


def test_per_source_keeps_the_shares_of_components() -> None:
    targets = plan([component("web", WEB), component("books", BOOKS)], 1_000_000, {"strategy": "per-source"})
    assert of_components(targets) == [750_000, 250_000]
    assert targets.target[0].tolist() == [125_000, 0, 625_000, 0]  # 2M x 0.1 beside 1M


def test_per_source_keeps_the_shares_where_short_documents_count_for_nothing() -> None:
    settings = {"strategy": "per-source", "short_keep": 0}
    parts = [component("web", WEB), component("books", BOOKS), component("notes", [10] * 1000)]
    targets = plan(parts, 1_000_000, settings)
    assert targets.target.tolist() == [[0, 0, 750_000, 0], [0, 0, 0, 250_000], [0, 0, 0, 0]]
    assert targets.warnings == ("notes: nothing of it is drawn",)


def test_global_moves_the_shares_of_components() -> None:
    targets = plan([component("web", WEB), component("books", BOOKS)], 202_000, {"strategy": "global"})
    assert targets.target.tolist() == [[20_000, 0, 100_000, 0], [0, 2000, 0, 80_000]]
    with pytest.raises(UsageError, match="share of web away, or choose per-source"):
        plan([component("web", WEB, 0.5), component("books", BOOKS)], 1000, {"strategy": "global"})


def test_long_only_draws_no_short_document() -> None:
    settings = {"strategy": "long-only", "long_from": "4k"}
    targets = plan([component("web", WEB), component("books", BOOKS)], 180_000, settings)
    assert targets.target.tolist() == [[0, 0, 100_000, 0], [0, 0, 0, 80_000]]
    targets = plan([component("web", WEB, 0.5), component("books", BOOKS, 0.5)], 180_000, settings)
    assert targets.target.tolist() == [[0, 0, 90_000, 0], [0, 0, 0, 90_000]]


def test_long_only_means_a_row_unless_told_otherwise() -> None:
    targets = plan([component("books", [ROW - 1, ROW])], 1000, {"strategy": "long-only"})
    assert targets.buckets.edges == (*BUCKETS.edges, ROW)
    assert targets.target.tolist() == [[0, 0, 0, 0, 1000]]


def test_weights_share_the_tokens_of_every_component_by_length() -> None:
    weights = {0: 1, "4k": 3, "100000": 6}
    parts = [component(name, [*WEB, *BOOKS]) for name in "ab"]
    targets = plan(parts, 200_000, {"strategy": "weights", "weights": weights})
    in_ranges = np.add.reduceat(targets.target, np.searchsorted(targets.buckets.lows, [0, 4096, 100_000]), axis=1)
    assert in_ranges.tolist() == [[10_000, 30_000, 60_000]] * 2
    assert targets.target[0].tolist()[:2] == [9091, 909], "as they occur within a range"


def test_documents_below_the_first_weight_are_left_out() -> None:
    targets = plan([component("web", WEB)], 1000, {"strategy": "weights", "weights": {4096: 0.5}})
    assert targets.target.tolist() == [[0, 0, 1000, 0]]


def test_components_without_a_share_divide_what_is_left_by_size() -> None:
    parts = [component("a", [100] * 10, 0.4), component("b", [100] * 10), component("c", [100] * 20)]
    assert of_components(plan(parts, 1000)) == [400, 200, 400]


def test_shares_of_all_components_are_weights() -> None:
    parts = [component("a", [100] * 10, 30), component("b", [100] * 10, 10)]
    assert of_components(plan(parts, 1000)) == [750, 250]


@pytest.mark.parametrize(
    ("shares", "message"),
    [((0.4, 0.6, None), "shares of a, b add up to 1 and leave nothing"), ((0, 0, 0), "no component with a share")],
)
def test_shares_that_cannot_be_meant_are_refused(shares: tuple[float | None, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plan([component(name, [100], share) for name, share in zip("abc", shares, strict=True)], 100)


def test_what_truncation_leaves_is_what_is_available() -> None:
    lengths, usable = np.array([500, 9000], np.int32), np.array([500, 1000], np.int32)
    targets = plan([Supply(name="a", lengths=lengths, tokens=usable)], 1500)
    assert targets.available.tolist() == targets.target.tolist() == [[500, 0, 1000, 0]]


def test_too_many_repeats_are_refused_with_the_cures() -> None:
    parts = [component("web", WEB, 0.5), component("books", BOOKS, 0.5)]
    with pytest.raises(UsageError) as caught:
        plan(parts, 6_000_000, max_repeats=2)
    assert str(caught.value) == (
        "books (1k–4k): 600,000 tokens are wanted and 200,000 are there, so each 3.0 times where 2 is the most: "
        "ask for at most 3,999,976 tokens in all, allow 3 repeats, or take the nearest mixture with --best-effort"
    )
    assert plan(parts, 3_999_976, max_repeats=2).changes == ()
    assert plan(parts, 6_000_000, max_repeats=3).changes == ()


def test_best_effort_stays_inside_the_component_first() -> None:
    weights = {0: 0.5, 4096: 0.5}
    parts = [component("web", WEB, 0.5), component("books", [2000] * 1000 + [5000] * 20, 0.5)]
    settings = {"strategy": "weights", "weights": weights}
    targets = plan(parts, 2_000_000, settings, max_repeats=1, best_effort=True)
    assert targets.wanted.tolist() == [[500_000, 0, 500_000, 0], [0, 500_000, 500_000, 0]]
    assert targets.target.tolist() == [[500_000, 0, 500_000, 0], [0, 900_000, 100_000, 0]]
    assert targets.changes == ("books (4k–64k): 100,000 tokens instead of 500,000, all there is once",)


def test_best_effort_goes_to_other_components_next_and_shrinks_last() -> None:
    parts = [component("a", [100] * 1000), component("b", [100] * 10, 0.5)]
    targets = plan(parts, 10_000, max_repeats=2, best_effort=True)
    assert of_components(targets) == [8000, 2000]
    assert targets.changes == (
        "b (<1k): 2,000 tokens instead of 5,000, all there is 2 times",
        "a: 8,000 tokens instead of 5,000",
        "b: 2,000 tokens instead of 5,000",
    )
    targets = plan(parts, 1_000_000, max_repeats=2, best_effort=True)
    assert of_components(targets) == [200_000, 2000]
    assert targets.changes[-1] == "the whole: 202,000 tokens instead of 1,000,000, all there is 2 times"


def test_best_effort_knows_that_short_documents_cannot_make_up_for_long_ones() -> None:
    parts = [component("a", [100] * 1000 + [5000], 0.5), component("b", [5000] * 100, 0.5)]
    settings = {"strategy": "long-only", "long_from": "4k"}
    targets = plan(parts, 100_000, settings, max_repeats=1, best_effort=True)
    assert targets.target.tolist() == [[0, 0, 5000, 0], [0, 0, 95_000, 0]]


def test_a_share_of_nothing_is_refused() -> None:
    parts = [component("web", [500] * 10, 0.5), component("books", BOOKS)]
    settings = {"strategy": "long-only", "long_from": "4k"}
    with pytest.raises(UsageError, match=r"web has a share .* add --best-effort"):
        plan(parts, 1000, settings)
    targets = plan(parts, 1000, settings, best_effort=True)
    assert of_components(targets) == [0, 1000]
    assert targets.changes == ("web: nothing can be drawn, others get its share",)
    with pytest.raises(UsageError, match="no component with a share has a document that the strategy long-only can"):
        plan([component("web", WEB)], 1000, {"strategy": "long-only"})


def test_odd_wishes_are_warned_about() -> None:
    weights = {0: 0.5, 4096: 0.25, 65_536: 0.25}
    parts = [component("web", WEB, 1), component("x", [7], 0)]
    targets = plan(parts, 9_000_000, {"strategy": "weights", "weights": weights})
    assert targets.target[0].tolist() == [6_000_000, 0, 3_000_000, 0]
    assert targets.warnings == (
        "x: nothing of it is drawn",
        "web (≥64k): there are no documents, its 2,250,000 tokens are drawn elsewhere",
    )
    settings = {"strategy": "weights", "weights": {0: 0.5, 4096: 0.5}}
    assert plan([component("notes", [10] * 1000)], 1000, settings).wanted.tolist() == [[500, 0, 500, 0]]
    assert plan([component("web", WEB)], 12_000_000).warnings == ()
    (often,) = plan([component("web", WEB)], 12_100_000).warnings
    assert "web: some documents are drawn 4.0 times" in often


@given(
    st.lists(st.lists(st.integers(1, 200_000), min_size=1, max_size=8), min_size=1, max_size=4),
    st.integers(1, 10**9),
    st.sampled_from(["natural", "per-source", "global"]),
    st.integers(1, 5),
)
def test_targets_add_up_and_keep_the_cap(lengths: list[list[int]], tokens: int, strategy: str, repeats: int) -> None:
    parts = [component(str(number), each) for number, each in enumerate(lengths)]
    free = plan(parts, tokens, {"strategy": strategy})
    assert free.target.sum() == free.wanted.sum() == tokens
    capped = plan(parts, tokens, {"strategy": strategy}, max_repeats=repeats, best_effort=True)
    assert (capped.target <= repeats * capped.available).all()
    assert capped.target.sum() == min(tokens, repeats * capped.available.sum())
    if (free.target <= repeats * free.available).all():
        assert (capped.target == free.target).all()
        assert capped.changes == ()


@given(
    st.lists(st.lists(st.integers(1, 200_000), min_size=1, max_size=8), min_size=2, max_size=4),
    st.integers(10**3, 10**9),
    st.integers(1, 5),
)
def test_the_cure_that_an_error_names_works(lengths: list[list[int]], tokens: int, repeats: int) -> None:
    parts = [component(str(number), each, 1.0) for number, each in enumerate(lengths)]
    try:
        plan(parts, tokens, max_repeats=repeats)
    except UsageError as error:
        feasible, needed = str(error).split("at most ")[1].split(" tokens")[0], str(error).split("allow ")[1].split()[0]
    else:
        assume(False)
        return
    plan(parts, tokens, max_repeats=int(needed))
    plan(parts, int(feasible.replace(",", "")), max_repeats=repeats)  # neither raises


def paper_mix() -> list[Supply]:
    """Fu et al.'s domains: their shares and median lengths; the spread of the logarithms is ours."""
    domains = {
        "cc": (0.5337, 1066, 1.0),
        "c4": (0.2661, 315, 1.0),
        "github": (0.0500, 520, 1.3),
        "arxiv": (0.0429, 14_565, 0.8),
        "book": (0.0415, 121_602, 0.7),
        "wiki": (0.0340, 409, 1.0),
        "stackexchange": (0.0317, 507, 0.9),
    }
    rng = np.random.default_rng(0)

    def lengths(median: int, sigma: float) -> NDArray[np.int32]:
        return np.maximum(np.exp(rng.normal(np.log(median), sigma, 20_000)), 1).astype(np.int32)

    return [Supply(name=name, lengths=lengths(*rest), share=share) for name, (share, *rest) in domains.items()]


def test_per_source_raises_long_documents_from_30_to_70_percent_of_the_tokens() -> None:
    parts = paper_mix()
    shares = np.array([part.share for part in parts]) / sum(part.share or 0 for part in parts)
    for strategy, percent in (("natural", 30), ("per-source", 70)):
        targets = plan(parts, 5 * 10**9, {"strategy": strategy})
        is_long = targets.buckets.lows >= 4096
        assert targets.target[:, is_long].sum() / 5e7 == pytest.approx(percent, abs=4)
        assert targets.target.sum(1) / 5e9 == pytest.approx(shares)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"long_from": "4k"}, "long_from is nothing to the strategy natural: leave it out"),
        ({"strategy": "long-only", "short_keep": 0.2}, "short_keep is nothing to the strategy long-only"),
        ({"strategy": "global", "weights": {0: 1}}, "weights is nothing to the strategy global"),
        ({"strategy": "weights"}, "needs weights"),
        ({"strategy": "weights", "weights": {0: 0}}, "weight above zero"),
        ({"strategy": "weights", "weights": {}}, "weight above zero"),
        ({"strategy": "weights", "weights": {0: -1}}, "greater than or equal to 0"),
        ({"strategy": "weights", "weights": {"4q": 1}}, "must be a length"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Upsample.model_validate(settings)


def test_settings_survive_json() -> None:
    for settings in ({}, {"strategy": "weights", "weights": {0: 0.2, "4k": 0.3, "64k": 0.5}}, {"strategy": "global"}):
        upsample = Upsample.model_validate(settings)
        assert Upsample.model_validate_json(upsample.model_dump_json()) == upsample
        assert Upsample.model_validate(upsample.model_dump(mode="json")) == upsample
    assert Upsample.model_json_schema()["properties"]["weights"]
