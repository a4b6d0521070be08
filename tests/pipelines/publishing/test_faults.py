"""Whatever the Hub does, a push ends well or says in one line what to do, and nothing is there twice."""

from pathlib import Path

import pytest
from hub.clients import lcdata, pushed, seen
from hub.faults import Fault
from hub.repository import Entry
from hub.server import READ_TOKEN, LoopbackHub

from lcdata import open_dataset

NAME, CONFIG = "user/data", "kv-256"
COMMIT, UPLOAD, TAG = r"POST /api/datasets/user/data/commit", r"PUT /upload", r"POST /api/datasets/user/data/tag"
PLACEHOLDER, DATA, FLIP = 0, 1, 2
"""Which commit of a first push it is."""
OVER_SOON = {"Retry-After": "0"}


def summaries(hub: LoopbackHub) -> list[str]:
    """What the commits of main are called, without the name of the build."""
    return [commit.summary.partition("build ")[2][12:] or "flip" for commit in hub.repositories[NAME].history()[1:]]


FAULTS = {
    "429 with Retry-After": Fault(r"GET /api/datasets/user/data/tree", status=429, headers=OVER_SOON),
    "429 at the commit that readers see": Fault(COMMIT, status=429, headers=OVER_SOON, skipped=FLIP),
    "503 when the repository is made": Fault(r"POST /api/repos/create", status=503),
    "503 at a commit": Fault(COMMIT, status=503, skipped=DATA),
    "a file's connection dropped": Fault(UPLOAD, "dropped", skipped=3),
    "a commit's connection dropped": Fault(COMMIT, "dropped", skipped=DATA),
    "no answer: repository made": Fault(r"POST /api/repos/create", "answer lost"),
    "no answer: placeholder": Fault(COMMIT, "answer lost", skipped=PLACEHOLDER),
    "no answer: data": Fault(COMMIT, "answer lost", skipped=DATA),
    "no answer: what readers see": Fault(COMMIT, "answer lost", skipped=FLIP),
    "no answer: file": Fault(UPLOAD, "answer lost", skipped=2),
    "no answer: tag": Fault(TAG, "answer lost"),
    "500 twice while it looks": Fault(r"GET /api/datasets/user/data/refs", status=500, times=2),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_push_survives(fault: Fault, hub: LoopbackHub, one: Path) -> None:
    hub.faults.append(fault)
    done = pushed(hub, one, NAME)
    assert fault.hits == fault.times
    assert summaries(hub) == [": on its way", ": data", "flip"]
    repository = hub.repositories[NAME]
    assert repository.at("main") == repository.at(done["tag"]) == repository.commits[done["commit"]]
    assert hub.content(NAME, "lcdata.json")


def test_a_hub_that_stays_busy_ends_a_push_that_goes_on_later(hub: LoopbackHub, one: Path) -> None:
    busy = Fault(COMMIT, status=429, headers=OVER_SOON, skipped=DATA, times=1000)
    hub.faults.append(busy)
    run = lcdata(hub, "push", one, NAME)
    assert run.returncode == 5
    assert "the Hub answered 429 5 times" in run.stderr
    assert run.stderr.rstrip().endswith("run the same command again later, it goes on")
    assert busy.hits == 5
    hub.faults.clear()
    hub.traffic.requests.clear()
    pushed(hub, one, NAME)
    assert not list(hub.traffic.of(UPLOAD))
    assert summaries(hub) == [": on its way", ": data", "flip"]


REFUSALS = {
    "no token": ({"HF_TOKEN": ""}, "run `hf auth login`, or set HF_TOKEN"),
    "a token that nobody has": ({"HF_TOKEN": "hf_nobody"}, "run `hf auth login`, or set HF_TOKEN"),
    "a token that only reads": ({"HF_TOKEN": READ_TOKEN}, "take one with write access to user"),
    "offline": ({"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE is set, and a push needs the Hub"),
    "no Hub": ({"HF_ENDPOINT": "http://127.0.0.1:9"}, "the Hub cannot be reached"),
    "no id token": ({"HF_OIDC_RESOURCE": f"datasets/{NAME}"}, "no token by HF_OIDC_RESOURCE"),
}


@pytest.mark.parametrize(("changes", "cure"), REFUSALS.values(), ids=REFUSALS)
def test_who_may_not_push_is_told_what_to_do(
    changes: dict[str, str], cure: str, hub: LoopbackHub, one: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = lcdata(hub, "push", one, NAME, **changes)
    assert run.returncode == 5, run.stderr
    assert cure in run.stderr
    assert run.stderr.count("\n") == 1
    assert NAME not in hub.repositories


def test_a_trusted_publisher_needs_no_token(hub: LoopbackHub, one: Path) -> None:
    changes = {"HF_TOKEN": "", "HF_OIDC_RESOURCE": f"datasets/{NAME}", "HF_OIDC_ID_TOKEN": hub.environment["HF_TOKEN"]}
    assert pushed(hub, one, NAME, **changes)["is_new"]
    assert list(hub.traffic.of("POST /oauth/token"))


def test_a_token_that_only_reads_cannot_change_what_is_there(hub: LoopbackHub, one: Path, two: Path) -> None:
    pushed(hub, one, NAME)
    before = hub.repositories[NAME].at("main")
    run = lcdata(hub, "push", two, NAME, HF_TOKEN=READ_TOKEN)
    assert (run.returncode, "the token may not write to user/data" in run.stderr) == (5, True), run.stderr
    assert hub.repositories[NAME].at("main") == before


@pytest.mark.parametrize("theirs", ["note.txt", "lcdata.json"])
def test_somebody_elses_commit_in_between_is_not_overwritten(
    theirs: str, hub: LoopbackHub, one: Path, two: Path
) -> None:
    """One comes right before the last commit, which its parent guards; one is another push, while data goes up."""
    pushed(hub, one, NAME)
    repository, commits = hub.repositories[NAME], []

    def meddle(request: str) -> None:
        commits.extend([request] * request.startswith("POST /api/datasets/user/data/commit"))
        if len(commits) == (1 if theirs == "lcdata.json" else 2):
            commits.append("theirs")
            head = repository.at("main")
            assert head is not None
            tree = {**head.tree, theirs: Entry.small(b"theirs")}
            repository.commit("refs/heads/main", "by somebody else", tree)

    hub.traffic.on_request = meddle
    run = lcdata(hub, "push", two, NAME)
    assert run.returncode == 5
    assert run.stderr.splitlines()[-1].startswith("lcdata: somebody else ")
    assert "look at what they did, and run the same command again" in run.stderr
    assert hub.content(NAME, theirs) == b"theirs"
    [rows] = seen(hub, [(NAME, CONFIG, "main")])
    [before] = seen(hub, [(NAME, CONFIG, f"build-{open_dataset(one).fingerprint[:12]}")])
    assert rows == before
