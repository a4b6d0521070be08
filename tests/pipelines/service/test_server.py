"""Servers as users start them: each fire once, builds that outlive a server, gates, no-ops, runs that are cancelled."""

import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from serving import RECIPE, Server, command, is_over, runs, until, write_recipe

pytestmark = [pytest.mark.needs("dbos", "fastapi", "uvicorn", "prometheus_client"), pytest.mark.slow]
BUILD_STEPS = ["resolve", "build", "verify", "judge", "report", "push", "retain"]
LONG = RECIPE.replace("n: 8", "n: 300000")
"""A recipe that is not built before somebody ends it."""


@pytest.fixture
def place(tmp_path: Path, small: str) -> Path:
    """A folder with a recipe."""
    write_recipe(tmp_path, small)
    return tmp_path


def submitted(place: Path, *arguments: str) -> str:
    """The id of a run that is submitted."""
    done = command(place, "submit", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])["id"]


def state(place: Path, run: str) -> dict[str, Any]:
    """What is known of a run."""
    return next(found for found in runs(place) if found["id"] == run)


def over(place: Path, run: str) -> dict[str, Any]:
    """A run when it is over."""
    return until(lambda: (found := state(place, run)) and is_over(found) and found)


def test_a_run_does_all_steps_and_a_fire_that_would_build_the_same_says_so(place: Path) -> None:
    of_the_server = {"LCDATA_REPORT_AGAINST": "nowhere", "LCDATA_BUILD_UNLESS_SAME": "nowhere", "LCDATA_STORE": "none"}
    first = command(place, "submit", "tiny.yaml", "--here", "--as", "daily", "--json", environment=of_the_server)
    assert first.returncode == 0, first.stderr
    run = json.loads(first.stdout.splitlines()[-1])
    assert (run["state"], run["owner"]) == ("built", "daily")
    assert command(place, "verify", run["dataset"]).returncode == 0
    again = json.loads(
        command(place, "submit", "tiny.yaml", "--here", "--as", "daily", "--json").stdout.splitlines()[-1]
    )
    assert again["state"] == "unchanged"
    assert (again["dataset"], again["fingerprint"]) == (run["dataset"], run["fingerprint"])
    assert "same fingerprint" in again["message"]
    other = command(place, "submit", "tiny.yaml", "--here", "--as", "daily", "--set", "seed=5", "--keep", "1", "--json")
    assert json.loads(other.stdout.splitlines()[-1])["state"] == "built"
    kept = list((place / "lcdata-service" / "builds" / "daily").iterdir())
    assert [folder.name for folder in kept] == [json.loads(other.stdout.splitlines()[-1])["id"]]


def test_what_a_server_was_started_with_reaches_no_step(monkeypatch: pytest.MonkeyPatch) -> None:
    from lcdata.pipelines.service.attempts import environment_of_steps

    for name in ("LCDATA_DB", "LCDATA_PORT", "LCDATA_SEED", "LCDATA_HUNG_AFTER", "HF_TOKEN", "PLAIN"):
        monkeypatch.setenv(name, "1")
    own = environment_of_steps(offline=True, secrets=False)
    assert {name for name in own if name.startswith("LCDATA_")} == {"LCDATA_HUNG_AFTER"}
    assert (own["PLAIN"], own["HF_HUB_OFFLINE"]) == ("1", "1")
    assert "HF_TOKEN" not in own


def test_an_idle_server_loads_nothing_that_builds() -> None:
    heavy = ("datasets", "numpy", "pandas", "pyarrow", "ray", "tokenizers")
    code = f"import sys, lcdata.pipelines.service.serve; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_gate_that_does_not_hold_ends_the_run_with_3_and_pushes_nothing(place: Path) -> None:
    arguments = ("tiny.yaml", "--here", "--gate", "min_fill=100%", "--gate", "max_left_out=0", "--push", "org/name")
    refused = command(place, "submit", *arguments, "--json")
    assert refused.returncode == 3
    run = json.loads(refused.stdout.splitlines()[-1])
    assert (run["state"], run["step"], run["pushed"]) == ("refused", "judge", None)
    assert "min_fill 1" in run["message"]
    assert Path(run["dataset"], "lcdata.json").is_file()


def test_a_build_outlives_its_server_and_the_next_one_finds_it_again(place: Path) -> None:
    write_recipe(place, place / "tok", LONG, "long.yaml")
    with Server(place / "lcdata-service") as server:
        run = submitted(place, "long.yaml")
        log = place / "lcdata-service" / "runs" / run / "build.ndjson"
        until(lambda: log.is_file() and '"event":"plan"' in log.read_text())
        server.kill()
        pid = json.loads(log.read_text().splitlines()[0])["pid"]
        os.kill(pid, 0)  # which raises where it is gone
        server.start()
        until(lambda: state(place, run)["server"] != "" and state(place, run)["state"] == "running")
        time.sleep(3)
        assert log.read_text().count('"event":"attempt"') == 1, "the build was started again"
        assert command(place, "schedule", "cancel", run).returncode == 0
        until(lambda: not Path(f"/proc/{pid}").exists())
        assert state(place, run)["state"] == "cancelled"


def test_a_run_cancelled_while_no_server_runs_is_ended_by_the_next(place: Path) -> None:
    write_recipe(place, place / "tok", LONG, "long.yaml")
    with Server(place / "lcdata-service") as server:
        run = submitted(place, "long.yaml")
        log = place / "lcdata-service" / "runs" / run / "build.ndjson"
        until(lambda: log.is_file() and '"event":"plan"' in log.read_text())
        server.kill()
        assert command(place, "schedule", "cancel", run).returncode == 0
        pid = json.loads(log.read_text().splitlines()[0])["pid"]
        assert Path(f"/proc/{pid}").exists()
        server.start()
        until(lambda: not Path(f"/proc/{pid}").exists())


def test_a_killed_build_goes_on_and_a_time_limit_ends_one(place: Path) -> None:
    write_recipe(place, place / "tok", LONG, "long.yaml")
    with Server(place / "lcdata-service"):
        run = submitted(place, "long.yaml", "--time-limit", "40s")
        log = place / "lcdata-service" / "runs" / run / "build.ndjson"
        until(lambda: log.is_file() and '"event":"plan"' in log.read_text())
        os.killpg(json.loads(log.read_text().splitlines()[0])["pid"], signal.SIGKILL)
        until(lambda: log.read_text().count('"event":"attempt"') == 2)
        ended = over(place, run)
        assert (ended["state"], ended["message"]) == ("failed", "its time limit of 40 s is over")


def test_a_run_goes_on_when_its_database_can_be_written_again(place: Path) -> None:
    with Server(place / "lcdata-service") as server:
        assert server.process is not None
        run = submitted(place, "tiny.yaml")
        logs = {step: place / "lcdata-service" / "runs" / run / f"{step}.ndjson" for step in ("build", "verify")}
        with sqlite3.connect(place / "lcdata-service" / "service.sqlite", isolation_level=None) as other:
            until(lambda: logs["build"].is_file() and '"event":"attempt"' in logs["build"].read_text())
            other.execute("BEGIN IMMEDIATE")
            until(lambda: '"event":"exit"' in logs["build"].read_text())
            time.sleep(1)
            assert server.ask(f"/api/runs/{run}")["run"]["state"] == "running"
            other.execute("ROLLBACK")
        other.close()
        until(lambda: logs["verify"].is_file() and '"event":"attempt"' in logs["verify"].read_text())
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        until(lambda: "disk I/O error" in server.errors.read_text())
        assert server.ask(f"/api/runs/{run}")["run"]["state"] == "running"
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert over(place, run)["state"] == "built"
        told = server.errors.read_text()
        assert f"{run} was dropped, since the database could not be written: it goes on" in told
        assert "Traceback" not in told
        assert all(log.read_text().count('"event":"attempt"') == 1 for log in logs.values())


def test_what_has_no_room_ends_with_what_to_do(place: Path) -> None:
    from lcdata.pipelines.service.context import Server as Context
    from lcdata.pipelines.service.context import Work
    from lcdata.pipelines.service.processes import Ended
    from lcdata.pipelines.service.runs import Request
    from lcdata.pipelines.service.schedule import Order
    from lcdata.pipelines.service.settings import Folder, Settings
    from lcdata.pipelines.service.steps import attempt

    (place / "runs").write_text("in the way")
    order = Order(recipe=str(place / "tiny.yaml"))
    request = Request(run="submit.1", owner="submit", fire=datetime(2026, 11, 30, tzinfo=UTC), order=order)
    server = Context(Settings(Folder(place), ""), lambda _: [], lambda _: False)
    found = attempt(Work(server, request, {}), "resolve")
    assert found["outcome"] == "failed"
    assert "something is in the way" in found["message"]
    assert "free memory and disk, then run it again" in Ended(None, []).message


def test_fires_that_no_server_saw_are_made_up_each_once(place: Path) -> None:
    add = ("schedule", "add", "often", "tiny.yaml", "--cron", "*/2 * * * * *", "--overlap", "skip", "--missed")
    assert command(place, *add, "all").returncode == 0
    since = datetime.now(UTC)
    time.sleep(7)
    with Server(place / "lcdata-service") as server:
        until(lambda: len(runs(place, "often")) > 4)
        server.kill()
        time.sleep(5)
        server.start()
        last = datetime.now(UTC)
        until(lambda: any(datetime.fromisoformat(run["fire"]) > last for run in runs(place, "often")))
        assert command(place, "schedule", "pause", "often").returncode == 0
        fires = sorted(datetime.fromisoformat(run["fire"]) for run in runs(place, "often"))
    assert len(fires) == len(set(fires))
    gaps = {later - earlier for earlier, later in pairwise(fires) if later <= last}
    assert gaps == {timedelta(seconds=2)}
    assert fires[0] - since < timedelta(seconds=3)


def test_fifty_schedules_fire_in_the_same_second(place: Path) -> None:
    due = (datetime.now(UTC) + timedelta(seconds=15)).replace(microsecond=0)
    cron = f"{due.second} {due.minute} {due.hour} {due.day} {due.month} *"
    for number in range(50):
        _add_directly(place, f"s{number}", cron, due)
    with Server(place / "lcdata-service", "--concurrency", "2"):
        entered = until(lambda: (found := runs(place)) and len(found) >= 50 and found)
    assert sorted(run["owner"] for run in entered) == sorted(f"s{number}" for number in range(50))
    assert {datetime.fromisoformat(run["fire"]) for run in entered} == {due}


def _add_directly(place: Path, name: str, cron: str, due: datetime) -> None:
    from lcdata.pipelines.service.book import Book
    from lcdata.pipelines.service.database import connected, database_url
    from lcdata.pipelines.service.schedule import Schedule
    from lcdata.pipelines.service.settings import service_folder

    folder = service_folder(place / "lcdata-service")
    with connected(folder, database_url(folder)) as client:
        since = due - timedelta(minutes=2)
        Book(client).add(Schedule(name=name, recipe=str(place / "tiny.yaml"), cron=cron, since=since, missed="all"))


def test_a_pickle_in_the_database_is_not_loaded(place: Path) -> None:
    assert command(place, "schedule", "ls").returncode == 0
    submitted(place, "tiny.yaml")
    harm = place / "harm"
    planted = f"import base64,pickle\nclass P:\n    def __reduce__(self): return (open, ({str(harm)!r}, 'w'))\n"
    names: dict[str, Any] = {}
    exec(planted + "data = base64.b64encode(pickle.dumps({'args': (P(),), 'kwargs': {}})).decode()", names)
    with sqlite3.connect(place / "lcdata-service" / "service.sqlite") as database:
        changed = database.execute("UPDATE workflow_input SET inputs = ?", [names["data"]]).rowcount
        database.execute("UPDATE workflow_status SET serialization = 'py_pickle'")
    assert changed == 1
    command(place, "schedule", "history")
    assert not harm.exists()


@pytest.mark.parametrize(
    ("sqlite", "python", "is_refused"),
    [((3, 40, 1), (3, 12), True), ((3, 42, 0), (3, 12), False), ((3, 40, 1), (3, 11), False)],
)
def test_an_old_sqlite_is_named_with_its_cures(
    sqlite: tuple[int, ...], python: tuple[int, ...], is_refused: bool
) -> None:
    from lcdata.pipelines.service.database import check_sqlite
    from lcdata.schemas.errors import LcdataError

    check_sqlite("postgresql://x/y", sqlite, python)
    if not is_refused:
        check_sqlite("sqlite:///x", sqlite, python)
        return
    with pytest.raises(LcdataError, match=r"SQLite 3\.42 or newer with Python 3\.12.*LCDATA_DB=postgresql"):
        check_sqlite("sqlite:///x", sqlite, python)


def test_a_database_that_cannot_be_used_is_one_line(place: Path) -> None:
    for url, problem in {
        "postgresql://user:secret@127.0.0.1:1/none": "cannot be used",
        "mysql://user:secret@host/db": "LCDATA_DB must be postgresql://",
        "nonsense": "LCDATA_DB must be postgresql://",
    }.items():
        refused = command(place, "schedule", "ls", environment={"LCDATA_DB": url})
        assert refused.returncode in (1, 2)
        assert problem in refused.stderr
        assert "secret" not in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
    (place / "lcdata-service").mkdir(exist_ok=True)
    (place / "lcdata-service" / "service.sqlite").write_bytes(b"no database at all" * 100)
    refused = command(place, "schedule", "ls")
    assert refused.returncode == 1
    assert "cannot be used" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
