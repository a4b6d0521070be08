"""Schedules for other engines, each judged by that engine's own tool where it is installed."""

import shlex
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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


def test_a_job_of_the_hub_has_a_time_limit_of_its_own(recipe: Path) -> None:
    files = exported(recipe, "hf-jobs", push="org/name")
    assert '"timeout": 21600' in files["lcdata-nightly.json"]
    compile(files["lcdata-nightly.py"], "lcdata-nightly.py", "exec")


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
