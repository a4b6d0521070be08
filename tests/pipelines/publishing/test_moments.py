"""At every moment of a push, and of one that is killed, readers see the old version or the new one, whole."""

import copy
import os
import signal
from pathlib import Path

import pytest
from hub.clients import pushed, seen, started
from hub.repository import Commit, Repository
from hub.server import LoopbackHub

from lcdata import open_dataset

CONFIG = "kv-256"
PLACES = 20


def readable(commit: Commit) -> tuple[tuple[str, str], ...]:
    """All of a commit that decides what its readers get."""
    return tuple(sorted((path, entry.oid) for path, entry in commit.tree.items()))


def versions(hub: LoopbackHub, repositories: list[str]) -> dict[str, list[str]]:
    """What readers got of each repository, from its first commit to its last; each state is read once."""
    commits = {name: hub.repositories[name].history() for name in repositories}
    places = {readable(commit): (name, CONFIG, commit.oid) for name in commits for commit in commits[name]}
    got = dict(zip(places, seen(hub, list(places.values())), strict=True))
    return {name: [got[readable(commit)].partition(":")[0] for commit in commits[name]] for name in repositories}


def without_repeats(states: list[str]) -> list[str]:
    """States as they follow each other."""
    return [state for place, state in enumerate(states) if place == 0 or state != states[place - 1]]


def test_readers_see_nothing_then_one_build_then_the_other(hub: LoopbackHub, one: Path, two: Path) -> None:
    """No request changes a branch but a commit, so the states between requests are those of the history."""
    heads: set[str] = set()
    hub.traffic.on_request = lambda _: heads.update(
        [repository.refs["refs/heads/main"] for repository in hub.repositories.values()]
    )
    first = pushed(hub, one, "user/data")
    second = pushed(hub, two, "user/data")
    history = hub.repositories["user/data"].history()
    assert heads <= {commit.oid for commit in history}
    assert len(heads) >= 5
    states = versions(hub, ["user/data"])["user/data"]
    [old, new] = seen(hub, [("user/data", CONFIG, done["tag"]) for done in (first, second)])
    assert without_repeats(states) == ["nothing", old, new]
    assert states.count("nothing") >= 3


@pytest.mark.slow
def test_a_push_that_is_killed_at_twenty_places_ends_well(hub: LoopbackHub, one: Path, two: Path) -> None:
    """It is killed when the Hub has got a request, which the Hub still does: work is done and nobody knows of it."""
    first = pushed(hub, one, "user/data")
    start = hub.repositories["user/data"]
    hub.repositories["user/whole"] = copy.deepcopy(start)
    hub.traffic.requests.clear()
    second = pushed(hub, two, "user/whole")
    requests = len(hub.traffic.requests)
    assert requests >= PLACES
    names = [f"user/killed-{place}" for place in range(PLACES)]
    for place, name in enumerate(names):
        hub.repositories[name] = copy.deepcopy(start)
        hub.forget_files()
        _kill_at(hub, (place + 1) * requests // PLACES, two, name)
        pushed(hub, two, name)
        _check_once(hub.repositories[name], open_dataset(two).fingerprint[:12])
    pushed(hub, one, "user/first")  # whose files were lost on the way
    [old, new] = seen(hub, [("user/data", CONFIG, first["tag"]), ("user/whole", CONFIG, second["tag"])])
    for states in versions(hub, names).values():
        assert without_repeats(states) == ["nothing", old, new]


def test_a_push_that_ctrl_c_ended_says_so_in_a_line_and_goes_on(hub: LoopbackHub, one: Path) -> None:
    said = _end_at(hub, 8, one, "user/ended", signal.SIGINT, 130)
    assert [line for line in said.splitlines() if line.startswith("lcdata: ")] == [
        "lcdata: interrupted; what was finished is safe. To go on:"
    ]
    pushed(hub, one, "user/ended")
    _check_once(hub.repositories["user/ended"], open_dataset(one).fingerprint[:12])


def _kill_at(hub: LoopbackHub, number: int, build: Path, name: str) -> None:
    """Push, and kill the pusher at its request of this number."""
    _end_at(hub, number, build, name, signal.SIGKILL, -signal.SIGKILL)


def _end_at(hub: LoopbackHub, number: int, build: Path, name: str, by: int, code: int) -> str:
    """Push, and send the pusher a signal at its request of this number; returns what it said."""
    hub.traffic.requests.clear()
    process = started(hub, "push", build, name)

    def kill(_: str) -> None:
        if len(hub.traffic.requests) == number:
            os.kill(process.pid, by)

    hub.traffic.on_request = kill
    said, _ = process.communicate()
    hub.traffic.on_request = None
    assert process.returncode == code, "the push ended before it was to"
    return said


def _check_once(repository: Repository, build: str) -> None:
    """All files of the build are there once, nothing of the old one is, and readers were turned to it once."""
    head = repository.at("main")
    assert head is not None
    data = [path for path in head.tree if path.endswith(".parquet")]
    assert len(data) == len({head.tree[path].sha256 for path in data}) == 8
    assert all(build in path for path in data)
    flips = [commit for commit in repository.history() if commit.summary.endswith(f"build {build}")]
    assert len(flips) == 1
    assert repository.at(f"build-{build}") == flips[0] == head
