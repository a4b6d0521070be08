"""A push brings a dataset to the Hub as it is, once, and what readers get there holds."""

import json
import shutil
from pathlib import Path

import pytest
from hub.clients import lcdata, pushed, seen, snapshot
from hub.repository import Repository
from hub.server import LoopbackHub

from lcdata import open_dataset
from lcdata.pipelines.proving.verify import verify
from lcdata.pipelines.publishing.push import PushSettings, push
from lcdata.schemas.errors import UsageError

NAME, CONFIG = "user/data", "kv-256"


def data_files(repository: Repository, revision: str = "main") -> set[str]:
    """The paths of all Parquet files of a revision."""
    commit = repository.at(revision)
    assert commit is not None
    return {path for path in commit.tree if path.endswith(".parquet")}


def check_snapshot(hub: LoopbackHub, folder: Path, source: Path, revision: str = "main") -> None:
    """A download is the dataset, by its manifest and by `verify`, samples made again."""
    found = open_dataset(snapshot(hub, NAME, folder, revision))
    assert found.fingerprint == open_dataset(source).fingerprint
    verdict = verify(found, num_samples=None)
    assert verdict.holds, verdict.problems
    assert verdict.regenerated == 12


@pytest.mark.parametrize("kind", ["hub", "xet_hub"])
def test_what_was_pushed_is_downloaded_verified_and_streamed(
    kind: str, one: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    hub: LoopbackHub = request.getfixturevalue(kind)
    done = pushed(hub, one, NAME)
    assert (done["is_new"], done["files"]) == (True, 8)
    build = open_dataset(one).fingerprint[:12]
    assert done["tag"] == f"build-{build}"
    repository = hub.repositories[NAME]
    assert repository.private
    assert all(f"/{CONFIG}/{build}/train-" in path for path in data_files(repository))
    check_snapshot(hub, tmp_path / "copy", one, done["tag"])
    [rows, documents, absent] = seen(
        hub, [(NAME, CONFIG, "main"), (NAME, CONFIG, done["tag"]), (NAME, CONFIG, repository.history()[0].oid)]
    )
    assert rows == documents
    assert rows.endswith(" 12")
    assert absent.startswith("nothing")


def test_a_second_push_reads_and_writes_nothing(hub: LoopbackHub, one: Path) -> None:
    pushed(hub, one, NAME)
    commits = len(hub.repositories[NAME].commits)
    hub.traffic.requests.clear()
    again = pushed(hub, one, NAME)
    assert (again["is_new"], again["files"]) == (False, 0)
    assert {request.split()[0] for request in hub.traffic.requests} <= {"GET", "HEAD"}
    assert len(hub.repositories[NAME].commits) == commits


def test_a_dry_run_says_what_would_go_and_writes_nothing(hub: LoopbackHub, one: Path, two: Path) -> None:
    run = lcdata(hub, "push", one, NAME, "--dry-run", "--json")
    plan = json.loads(run.stdout)
    assert (plan["creates"], plan["files"], plan["there"]) == (True, 8, 0)
    assert plan["bytes"] == sum(path.stat().st_size for path in one.rglob("*.parquet"))
    assert plan["changed"] == ["README.md", "lcdata.json", "recipe.yaml"]
    assert not hub.repositories
    pushed(hub, one, NAME)
    before = len(hub.repositories[NAME].commits)
    plan = json.loads(lcdata(hub, "push", two, NAME, "--dry-run", "--json").stdout)
    assert (plan["creates"], plan["files"], plan["deleted"]) == (False, 8, 8)
    assert len(hub.repositories[NAME].commits) == before
    said = lcdata(hub, "push", two, NAME, "--dry-run").stdout
    assert "8 files" in said
    assert "in one commit" in said


def test_appended_rows_follow_those_that_are_there(hub: LoopbackHub, one: Path, two: Path, tmp_path: Path) -> None:
    pushed(hub, one, NAME)
    pushed(hub, two, NAME, "--mode", "append")
    [rows] = seen(hub, [(NAME, CONFIG, "main")])
    assert rows.endswith(" 24")
    check_snapshot(hub, tmp_path / "copy", two)
    assert pushed(hub, two, NAME, "--mode", "append")["is_new"] is False
    check_snapshot(hub, tmp_path / "first", one, f"build-{open_dataset(one).fingerprint[:12]}")
    pushed(hub, two, NAME)
    [rows] = seen(hub, [(NAME, CONFIG, "main")])
    assert rows.endswith(" 12")


def test_other_configs_cannot_be_appended(hub: LoopbackHub, one: Path, tmp_path: Path) -> None:
    pushed(hub, one, NAME)
    lcdata(hub, "gen", "--task", "kv", "--length", 512, "--n", 2, "--workers", 0, "--out", tmp_path / "other", "-q")
    run = lcdata(hub, "push", tmp_path / "other", NAME, "--mode", "append")
    assert run.returncode == 2
    assert "--mode append: user/data has other configs" in run.stderr


def test_older_builds_stay_as_long_as_they_are_kept(hub: LoopbackHub, one: Path, two: Path, tmp_path: Path) -> None:
    pushed(hub, one, NAME)
    pushed(hub, two, NAME, "--keep", 1)
    repository = hub.repositories[NAME]
    assert len(data_files(repository)) == 16
    [rows] = seen(hub, [(NAME, CONFIG, "main")])
    assert rows.endswith(" 12")
    check_snapshot(hub, tmp_path / "both", two)
    pushed(hub, two, NAME)
    assert len(data_files(repository)) == 8
    check_snapshot(hub, tmp_path / "one", one, f"build-{open_dataset(one).fingerprint[:12]}")
    check_snapshot(hub, tmp_path / "two", two)


def test_a_branch_and_a_pull_request_leave_main_alone(hub: LoopbackHub, one: Path, two: Path) -> None:
    pushed(hub, one, NAME)
    main = hub.repositories[NAME].at("main")
    assert pushed(hub, two, NAME, "--revision", "next")["tag"] is None
    first = pushed(hub, two, NAME, "--pr")
    again = pushed(hub, two, NAME, "--pr")
    assert (first["revision"], again["revision"], again["is_new"]) == ("refs/pr/1", "refs/pr/1", False)
    assert hub.repositories[NAME].at("main") == main
    before, branch, proposed = seen(hub, [(NAME, CONFIG, name) for name in ("main", "next", "refs/pr/1")])
    assert branch == proposed != before


def test_a_report_goes_along_and_its_pictures_stand_in_the_card(
    hub: LoopbackHub, one: Path, two: Path, tmp_path: Path
) -> None:
    source = shutil.copytree(one, tmp_path / "source")
    (source / "report").mkdir()
    for name in ("index.html", "lengths.png", "depth.png"):
        (source / "report" / name).write_bytes(name.encode())
    pushed(hub, source, NAME)
    card = hub.content(NAME, "README.md").decode()
    assert "![Documents by length](report/lengths.png)" in card
    assert "mixture.png" not in card
    assert hub.content(NAME, "report/index.html") == b"index.html"
    check_snapshot(hub, tmp_path / "copy", source)
    pushed(hub, two, NAME)
    head = hub.repositories[NAME].at("main")
    assert head is not None
    assert not [path for path in head.tree if path.startswith("report/")]


def test_what_others_pushed_is_left_alone(hub: LoopbackHub, one: Path) -> None:
    hub.repositories[NAME] = Repository.empty(NAME, private=True)
    _commit(hub, {"train.csv": b"a,b\n"})
    run = lcdata(hub, "push", one, NAME)
    assert run.returncode == 5
    assert run.stderr.startswith("lcdata: user/data holds 1 files that lcdata did not push, such as train.csv: push to")


def test_a_card_that_was_edited_there_is_told_of(hub: LoopbackHub, one: Path, two: Path) -> None:
    pushed(hub, one, NAME)
    _commit(hub, {"README.md": b"mine"})
    run = lcdata(hub, "push", two, NAME)
    assert run.returncode == 0
    assert "the card of user/data was edited there since it was pushed" in run.stderr


def _commit(hub: LoopbackHub, files: dict[str, bytes]) -> None:
    """Commit to main as somebody else."""
    from hub.repository import Entry

    repository = hub.repositories[NAME]
    head = repository.at("main")
    assert head is not None
    added = {path: Entry.small(data) for path, data in files.items()}
    repository.commit("refs/heads/main", "by somebody else", {**head.tree, **added})


def test_a_tag_that_another_commit_has_is_refused(hub: LoopbackHub, one: Path, two: Path) -> None:
    assert pushed(hub, one, NAME, "--tag", "v1")["tag"] == "v1"
    assert pushed(hub, one, NAME, "--tag", "v1")["is_new"] is False
    run = lcdata(hub, "push", two, NAME, "--tag", "v1")
    assert run.returncode == 2
    assert "--tag v1 is the name of commit" in run.stderr


@pytest.mark.parametrize("name", ["a b", "../x", "a..b", "a/", "/a", "-a", "a.lock", "a:b", "a~1", ".a", "a/.b"])
def test_what_git_could_not_call_a_tag_or_a_branch_is_refused_before_anything_goes(name: str, one: Path) -> None:
    for settings in (PushSettings(tag=name), PushSettings(revision=name)):
        with pytest.raises(UsageError, match="cannot be a name in Git"):
            push(open_dataset(one), NAME, settings)


def test_a_build_that_is_damaged_here_is_not_pushed(hub: LoopbackHub, one: Path, tmp_path: Path) -> None:
    damaged = shutil.copytree(one, tmp_path / "damaged")
    path = sorted(damaged.rglob("data/**/*.parquet"))[0]
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    run = lcdata(hub, "push", damaged, NAME)
    assert run.returncode == 5
    assert "came out otherwise than they are here" in run.stderr
    [rows] = seen(hub, [(NAME, CONFIG, "main")])
    assert rows.startswith("nothing")
    path.write_bytes(data[:50])
    run = lcdata(hub, "push", damaged, NAME)
    assert (run.returncode, "is missing or not whole" in run.stderr) == (1, True)


def test_gen_pushes_what_it_made(hub: LoopbackHub, tmp_path: Path) -> None:
    run = lcdata(
        hub, "gen", "--task", "kv", "--length", 512, "--n", 4, "--out", tmp_path / "made", "--push", NAME, "--json"
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout.splitlines()[-1])["event"] == "pushed"
    [rows] = seen(hub, [(NAME, "kv-512", "main")])
    assert rows.endswith(" 4")
