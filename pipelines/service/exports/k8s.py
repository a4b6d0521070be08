"""A CronJob of Kubernetes with the recipe beside it; datasets lie on a volume."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from ..schedule import Schedule
from .command import Exported, arguments
from .cron_fields import without_seconds

_DEADLINE_SECONDS = {"latest": 86400, "all": 86400, "none": 60}


def export(schedule: Schedule, service: Path) -> Sequence[Exported]:
    """The manifests."""
    name = f"lcdata-{schedule.name}".replace("_", "-").rstrip("-")
    recipe = Path(schedule.recipe)
    text = schedule.text if schedule.text is not None else recipe.read_text(encoding="utf-8")
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "data": {"recipe.yaml": text},
    }
    spec: dict[str, Any] = {
        "schedule": without_seconds(schedule, "Kubernetes"),
        "timeZone": schedule.tz,
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": _DEADLINE_SECONDS[schedule.missed],
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 3,
        "jobTemplate": {"spec": _job(schedule, name)},
    }
    cron_job = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name}, "spec": spec}
    file = f"{name}.yaml"
    then = f"set the image, and a claim {name} for the volume; then kubectl apply -f {file}"
    return [Exported(file, yaml.safe_dump_all([config, cron_job], sort_keys=False, width=1000), then)]


def _job(schedule: Schedule, name: str) -> dict[str, Any]:
    words = arguments(schedule, "/recipe/recipe.yaml", "/data/lcdata-service")
    secret = [{"secretRef": {"name": "huggingface", "optional": True}}] if schedule.push else []
    container: dict[str, Any] = {
        "name": "lcdata",
        "image": "lcdata:latest",
        "command": ["lcdata", *words],
        "volumeMounts": [{"name": "recipe", "mountPath": "/recipe"}, {"name": "data", "mountPath": "/data"}],
        **({"envFrom": secret} if secret else {}),
    }
    pod = {
        "restartPolicy": "OnFailure",
        "containers": [container],
        "volumes": [
            {"name": "recipe", "configMap": {"name": name}},
            {"name": "data", "persistentVolumeClaim": {"claimName": name}},
        ],
    }
    limit = {} if schedule.time_limit is None else {"activeDeadlineSeconds": round(schedule.time_limit)}
    return {"backoffLimit": 3, **limit, "template": {"spec": pod}}
