"""Randomness is keyed, never counted on."""

from lcdata.schemas.stream import stream


def test_a_stream_is_found_again() -> None:
    assert stream("kv", 1, 7).random(4).tolist() == stream("kv", 1, 7).random(4).tolist()


def test_streams_share_nothing() -> None:
    keys = [("kv", 1, 7), ("kv", 2, 7), ("kv", 1, 8), ("vt", 1, 7), ("kv", 2, 6)]
    draws = [set(stream(*key).integers(0, 2**63, 5000).tolist()) for key in keys]
    draws.append(set(stream("kv", 1, 7, "length").integers(0, 2**63, 5000).tolist()))
    assert sum(map(len, draws)) == len(set().union(*draws))


def test_the_stream_is_the_one_that_datasets_were_made_with() -> None:
    """A change here changes every dataset: it needs a new FORMAT."""
    assert stream("kv", 0, 0).integers(0, 1000, 6).tolist() == [80, 267, 268, 468, 777, 270]
