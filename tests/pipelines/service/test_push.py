"""A schedule that pushes: what it builds is on the Hub once, and the token is nowhere that somebody reads."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hub.server import TOKEN, LoopbackHub
from serving import Server, command, is_over, until, write_recipe

pytestmark = [pytest.mark.needs("dbos", "fastapi", "uvicorn", "prometheus_client"), pytest.mark.slow]
NAME = "user/nightly"


def ended(server: Server, name: str) -> dict[str, Any]:
    """A run of a schedule that was entered now, when it is over."""
    [run] = server.ask(f"/api/schedules/{name}/run", {}, "POST")["runs"]
    return until(lambda: (found := server.ask(f"/api/runs/{run}")["run"]) and is_over(found) and found)


def test_a_run_pushes_once_and_keeps_the_token_to_itself(tmp_path: Path, small: str) -> None:
    write_recipe(tmp_path, small)
    folder = tmp_path / "lcdata-service"
    with LoopbackHub(tmp_path / "hub") as hub, Server(folder, environment=hub.environment) as server:
        add = ("schedule", "add", "nightly", "tiny.yaml", "--cron", "0 3 * * *", "--push", NAME)
        assert command(tmp_path, *add).returncode == 0
        built, again = ended(server, "nightly"), ended(server, "nightly")
        assert (built["state"], built["pushed"]) == ("built", NAME), built
        assert (again["state"], again["dataset"]) == ("unchanged", built["dataset"])
        assert "same fingerprint" in again["message"]
        repository = hub.repositories[NAME]
        assert repository.at(f"build-{built['fingerprint'][:12]}") == repository.at("main")
        shown = [server.ask(path) for path in ("/runs", f"/runs/{built['id']}", f"/runs/{built['id']}/log?step=push")]
        assert NAME in shown[1]
        paths = (f"/api/runs/{built['id']}/events", f"/api/runs/{built['id']}", "/api/schedules", "/metrics")
        told = [*shown, *map(server.ask, paths)]
        assert TOKEN not in repr(told)
    written = [*folder.rglob("*"), server.errors]
    assert any(path.name == "push.ndjson" for path in written)
    assert not [path for path in written if path.is_file() and TOKEN.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("pushed", "push", "is_same"),
    [(None, None, True), (NAME, None, True), (NAME, NAME, True), (None, NAME, False), ("user/other", NAME, False)],
)
def test_what_is_not_on_the_hub_yet_is_no_reason_to_do_nothing(
    tmp_path: Path, small: str, pushed: str | None, push: str | None, is_same: bool
) -> None:
    from lcdata.pipelines.service.context import Server as Context
    from lcdata.pipelines.service.context import Work
    from lcdata.pipelines.service.resolve import resolve
    from lcdata.pipelines.service.runs import Request, Run
    from lcdata.pipelines.service.schedule import Order
    from lcdata.pipelines.service.settings import Folder, Settings

    recipe, now = write_recipe(tmp_path, small), datetime(2026, 11, 30, tzinfo=UTC)
    (tmp_path / "built").mkdir()
    (tmp_path / "built" / "lcdata.json").touch()
    built = Run(
        id="nightly.1",
        owner="nightly",
        fire=now,
        created=now,
        state="built",
        dataset=str(tmp_path / "built"),
        pushed=pushed,
    )
    server = Context(Settings(Folder(tmp_path / "service"), ""), lambda _: [built], lambda _: False)
    request = Request(run="nightly.2", owner="nightly", fire=now, order=Order(recipe=str(recipe), push=push))
    assert resolve(Work(server, request, {}))["same"] == (built.dataset if is_same else None)
