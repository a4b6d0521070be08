"""Two servers that share a PostgreSQL: each fire once, none lost, and what a dead one ran is taken over."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from postgres import postgres, postgres_bin
from serving import Server, command, is_over, runs, until, write_recipe

pytestmark = [
    pytest.mark.needs("dbos", "psycopg"),
    pytest.mark.slow,
    pytest.mark.skipif(postgres_bin("initdb") is None, reason="PostgreSQL is missing: apt-get install postgresql"),
]


@pytest.fixture
def url() -> Iterator[str]:
    """The URL of an empty database."""
    with postgres() as url:
        yield url


def test_two_servers_share_fires_and_take_over(tmp_path: Path, small: str, url: str) -> None:
    write_recipe(tmp_path, small)
    environment = {"LCDATA_DB": url}
    folder = tmp_path / "lcdata-service"
    add = ("schedule", "add", "often", "tiny.yaml", "--cron", "*/3 * * * * *", "--overlap", "queue", "--missed", "all")
    added = command(tmp_path, *add, "--set", "seed={{ fire_time | date('%H%M%S') }}", environment=environment)
    assert added.returncode == 0, added.stderr
    one, other = Server(folder, environment=environment), Server(folder, environment=environment)
    other.errors = tmp_path / "other.stderr"
    with one, other:
        until(lambda: len(runs(tmp_path, "often", environment=environment)) >= 3)
        until(lambda: any(run["state"] == "running" for run in runs(tmp_path, environment=environment)))
        one.kill()
        time.sleep(5)
        last = datetime.now(UTC)
        until(lambda: any(_fire(run) > last for run in runs(tmp_path, environment=environment)))
        assert command(tmp_path, "schedule", "pause", "often", environment=environment).returncode == 0
        found = until(lambda: _all_over(tmp_path, environment))
        assert Counter(run["state"] for run in found) == {"built": len(found)}
        fires = sorted(map(_fire, found))
        assert {later - earlier for earlier, later in pairwise(fires)} == {timedelta(seconds=3)}
        assert {run["dataset"] for run in found} == {
            str(path.parent) for path in folder.glob("builds/often/*/lcdata.json")
        }
        one.start()
        listed = one.ask("/api/runs?limit=500")
        assert [run["id"] for run in listed] == [run["id"] for run in other.ask("/api/runs?limit=500")]


def _fire(run: dict[str, object]) -> datetime:
    return datetime.fromisoformat(str(run["fire"]))


def _all_over(place: Path, environment: dict[str, str]) -> list[dict[str, object]] | None:
    found = runs(place, "often", environment=environment)
    return found if all(map(is_over, found)) else None
