"""Manifests for Kubernetes: a CronJob that builds, or with `--address auto` one that makes a RayJob, which does."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from ....schemas.errors import UsageError
from ..schedule import Schedule
from .command import Exported, arguments, line
from .cron_fields import without_seconds
from .k8s_ray import maker, ray_job, rights

_DEADLINE_SECONDS = {"latest": 86400, "all": 86400, "none": 60}
_LONGEST = {False: 52, True: 47}
"""Characters of a CronJob's name, and of a RayJob's, which names pods."""
_IMAGE = "lcdata:latest"


def export(schedule: Schedule, service: Path) -> Sequence[Exported]:
    """The manifests, in one file; UsageError where the schedule's name is longer than Kubernetes takes."""
    name, makes_rayjob = f"lcdata-{schedule.name}".replace("_", "-").rstrip("-"), schedule.address == "auto"
    if len(name) > _LONGEST[makes_rayjob]:
        raise UsageError(f"{name} is longer than {_LONGEST[makes_rayjob]} characters: choose a shorter name")
    recipe = Path(schedule.recipe)
    text = schedule.text if schedule.text is not None else recipe.read_text(encoding="utf-8")
    words = arguments(schedule, "/recipe/recipe.yaml", "/data/lcdata-service")
    limit = {} if schedule.time_limit is None else {"activeDeadlineSeconds": round(schedule.time_limit)}
    pod, job = _pod(schedule, name, words), {"backoffLimit": 3, **limit}
    files = {"recipe.yaml": text}
    beside: list[dict[str, Any]] = []
    if makes_rayjob:
        files["rayjob.yaml"] = _yaml(ray_job(name, line(["lcdata", *words]), pod, limit))
        beside, pod, job = rights(name), maker(name), {"backoffLimit": 0}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": files}
    manifests = [config, *beside, _cron_job(schedule, name, {**job, "template": {"spec": pod}})]
    file = f"{name}.yaml"
    then = f"set the image, and a claim {name} for the volume; then kubectl apply -f {file}"
    operator = "; KubeRay must run there, and several nodes write the volume" if beside else ""
    return [Exported(file, _yaml(*manifests), then + operator)]


def _cron_job(schedule: Schedule, name: str, job: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "schedule": without_seconds(schedule, "Kubernetes"),
        "timeZone": schedule.tz,
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": _DEADLINE_SECONDS[schedule.missed],
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 3,
        "jobTemplate": {"spec": job},
    }
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name}, "spec": spec}


def _pod(schedule: Schedule, name: str, words: Sequence[str]) -> dict[str, Any]:
    """The pod of a build: the recipe and the volume in it, and the Hub's token where it pushes."""
    secret = [{"secretRef": {"name": "huggingface", "optional": True}}] if schedule.push else []
    container: dict[str, Any] = {
        "name": "lcdata",
        "image": _IMAGE,
        "command": ["lcdata", *words],
        "volumeMounts": [{"name": "recipe", "mountPath": "/recipe"}, {"name": "data", "mountPath": "/data"}],
        **({"envFrom": secret} if secret else {}),
    }
    return {
        "restartPolicy": "OnFailure",
        "containers": [container],
        "volumes": [
            {"name": "recipe", "configMap": {"name": name}},
            {"name": "data", "persistentVolumeClaim": {"claimName": name}},
        ],
    }


def _yaml(*manifests: dict[str, Any]) -> str:
    written = io.StringIO()
    yaml.dump_all(manifests, written, _Plain, sort_keys=False, width=1000)
    return written.getvalue()


class _Plain(yaml.SafeDumper):
    """A writer of texts of several lines as blocks, and of nothing as a name for something else."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write what comes twice twice."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Plain.add_representer(str, _text)
