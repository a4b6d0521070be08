"""Schedules for other engines, each judged by that engine's own tool where it is installed."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from lcdata.schemas.errors import UsageError

pytestmark = pytest.mark.needs("croniter")


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe's file."""
    path = tmp_path / "tiny.yaml"
    path.write_text("name: tiny\nseq_length: 2k\nmix: [{task: kv, length: 2k, n: 2}]\n")
    return path


def exported(recipe: Path, engine: str, **settings: Any) -> dict[str, str]:
    """The files of an export, by name."""
    from lcdata.pipelines.service.exports.engines import ENGINES
    from lcdata.pipelines.service.schedule import Schedule

    content = {"name": "nightly", "recipe": str(recipe), "cron": "0 3 * * *", "since": datetime(2026, 1, 1, tzinfo=UTC)}
    schedule = Schedule.model_validate({**content, "changes": ["seed={{ fire_date }}"], **settings})
    return {file.name: file.text for file in ENGINES[engine](schedule, recipe.parent / "lcdata-service")}


@pytest.mark.parametrize(
    ("cron", "calendar"),
    [
        ("0 3 * * *", ["*-*-* 3:0:0 Europe/Berlin"]),
        ("*/15 3,5-7 * jan-mar mon-fri", ["Mon,Tue,Wed,Thu,Fri *-1..3-* 3,5..7:0/15:0 Europe/Berlin"]),
        ("0 3 1 * 0", ["*-*-1 3:0:0 Europe/Berlin", "Sun *-*-* 3:0:0 Europe/Berlin"]),
        ("30 0 3 * * 7", ["Sun *-*-* 3:0:30 Europe/Berlin"]),
    ],
)
def test_systemd_says_the_same_times(recipe: Path, tmp_path: Path, cron: str, calendar: list[str]) -> None:
    files = exported(recipe, "systemd", cron=cron, tz="Europe/Berlin", gates={"min_fill": "99%"})
    timer = files["lcdata-nightly.timer"]
    assert [line.partition("=")[2] for line in timer.splitlines() if line.startswith("OnCalendar")] == calendar
    assert '"min_fill=99%%"' in files["lcdata-nightly.service"]
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is missing: apt-get install systemd")
    for each in calendar:
        subprocess.run(["systemd-analyze", "calendar", each], check=True, stdout=subprocess.DEVNULL)
    found = subprocess.run(
        ["systemd-analyze", "verify", *(str(tmp_path / name) for name in files)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr


def test_a_cron_line_runs_its_command(recipe: Path) -> None:
    [text] = exported(recipe, "cron", gates={"min_fill": "50%"}).values()
    line = text.splitlines()[-1]
    assert line.startswith("0 3 * * * cd ")
    command = line.replace("\\%", "%").split(" ", 5)[5].partition(" >>")[0]
    words = shlex.split(command)
    assert words[words.index("--gate") + 1] == "min_fill=50%"
    assert words[words.index("--set") + 1] == "seed={{ fire_date }}"
    assert words[words.index("--as") + 1] == "nightly"


def test_a_workflow_of_github_pushes_by_identity(recipe: Path) -> None:
    [text] = exported(recipe, "github", push="org/name", time_limit="2h").values()
    workflow = yaml.safe_load(text)
    assert workflow["on"]["schedule"] == [{"cron": "0 3 * * *"}]
    assert workflow["permissions"]["id-token"] == "write"
    assert workflow["jobs"]["build"]["timeout-minutes"] == 120


def test_a_job_of_kubernetes_brings_its_recipe(recipe: Path) -> None:
    [text] = exported(recipe, "k8s", tz="Europe/Berlin", missed="none", time_limit="1h").values()
    config, job = yaml.safe_load_all(text)
    assert config["data"]["recipe.yaml"] == recipe.read_text()
    assert (job["spec"]["timeZone"], job["spec"]["startingDeadlineSeconds"]) == ("Europe/Berlin", 60)
    assert job["spec"]["jobTemplate"]["spec"]["activeDeadlineSeconds"] == 3600


def test_a_run_on_a_cluster_of_its_own_is_a_rayjob_that_is_there_once(recipe: Path) -> None:
    [text] = exported(recipe, "k8s", address="auto", push="org/name", time_limit="1h").values()
    config, *rights, cron = yaml.safe_load_all(text)
    assert [each["kind"] for each in rights] == ["ServiceAccount", "Role", "RoleBinding"]
    job = yaml.safe_load(config["data"]["rayjob.yaml"])
    words = shlex.split(job["spec"]["entrypoint"])
    assert words[words.index("--address") + 1] == "auto"
    assert (job["metadata"]["name"], job["spec"]["activeDeadlineSeconds"]) == (cron["metadata"]["name"], 3600)
    cluster = job["spec"]["rayClusterSpec"]
    nodes = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    [head], [worker] = (node["template"]["spec"]["containers"] for node in nodes)
    assert ("envFrom" in head, "envFrom" in worker) == (True, False)
    assert head["volumeMounts"] == worker["volumeMounts"]
    [maker] = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert maker["command"][:2] == ["kubectl", "create"]


@pytest.mark.parametrize("address", [None, "auto"])
def test_manifests_hold_the_schemas_of_kubernetes(recipe: Path, tmp_path: Path, address: str | None) -> None:
    tool = shutil.which("kubernetes-validate")
    if tool is None:
        pytest.skip("kubernetes-validate is missing: pip install kubernetes-validate")
    [text] = exported(recipe, "k8s", address=address, tz="Europe/Berlin", time_limit="1h").values()
    (tmp_path / "all.yaml").write_text(text)
    found = subprocess.run([tool, "--strict", str(tmp_path / "all.yaml")], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


class _Jobs(BaseHTTPRequestHandler):
    """The part of the Hub that knows users and scheduled Jobs."""

    asked: ClassVar[list[dict[str, Any]]] = []

    def do_GET(self) -> None:
        self._answer({"name": "user", "type": "user"})

    def do_POST(self) -> None:
        self.asked.append({"path": self.path, **json.loads(self.rfile.read(int(self.headers["Content-Length"])))})
        owner = {"id": "1", "name": "user", "type": "user"}
        spec, status = self.asked[-1]["jobSpec"], {"lastJob": None, "nextJobRunAt": None}
        self._answer({"id": "job-1", **self.asked[-1], "jobSpec": spec, "status": status, "owner": owner})

    def _answer(self, content: object) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_job_of_the_hub_is_registered_by_its_own_client(recipe: Path) -> None:
    from serving import command

    add = ("schedule", "add", "nightly", str(recipe), "--cron", "0 3 * * *", "--push", "org/name", "--keep", "2")
    assert command(recipe.parent, *add).returncode == 0
    export = ("schedule", "export", "nightly", "--to", "hf-jobs")
    with ThreadingHTTPServer(("127.0.0.1", 0), _Jobs) as hub:
        threading.Thread(target=hub.serve_forever).start()
        environment = {"HF_ENDPOINT": f"http://127.0.0.1:{hub.server_port}", "HF_TOKEN": "hf_x", "HF_HUB_OFFLINE": "0"}
        shown = command(recipe.parent, *export, "--dry-run", environment=environment)
        assert not _Jobs.asked
        registered = command(recipe.parent, *export, environment=environment)
        hub.shutdown()
    assert "registered as job-1" in registered.stderr, registered.stderr
    [asked] = _Jobs.asked
    assert (asked["path"], asked["schedule"]) == ("/api/scheduled-jobs/user", "0 3 * * *")
    job = asked["jobSpec"]
    assert (job["timeoutSeconds"], job["secrets"]) == (21600, {"HF_TOKEN": "hf_x"})
    assert "hf_x" not in shown.stdout
    command_line = job["command"]
    assert command_line[:6] == ["uv", "run", "--with", "lcdata[serve]", "--python", "3.13"]
    words = json.loads(job["environment"]["ARGUMENTS"])
    assert (words[:3], words[-4:]) == (["submit", "recipe", "--here"], ["--push", "org/name", "--keep", "2"])
    (recipe.parent / "job").mkdir()
    environment = {**job["environment"], "ARGUMENTS": '["plan", "recipe"]', "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run([sys.executable, *command_line[7:]], cwd=recipe.parent / "job", env=environment, check=False)
    assert ran.returncode == 0
    assert (recipe.parent / "job" / "recipe").read_text() == recipe.read_text()


@pytest.mark.parametrize(
    ("engine", "settings", "problem"),
    [
        ("github", {"tz": "Europe/Berlin"}, "GitHub fires in UTC"),
        ("hf-jobs", {}, "pushes nowhere"),
        ("hf-jobs", {"push": "org/name", "tz": "Europe/Berlin"}, "the Hub fires in UTC"),
        ("github", {"address": "auto"}, "which GitHub does not reach"),
        ("hf-jobs", {"push": "org/name", "address": "h:1"}, "which the Hub does not reach"),
        ("k8s", {"name": "n" * 48}, "is longer than 52"),
        ("k8s", {"name": "n" * 41, "address": "auto"}, "is longer than 47"),
        ("cron", {"cron": "*/5 * * * * *"}, "fires by seconds, which cron cannot"),
        ("k8s", {"cron": "30 0 3 * * *"}, "fires by seconds, which Kubernetes cannot"),
    ],
)
def test_what_an_engine_cannot_is_said(recipe: Path, engine: str, settings: dict[str, str], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        exported(recipe, engine, **settings)
