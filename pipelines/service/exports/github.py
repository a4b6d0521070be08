"""A workflow of GitHub Actions, which pushes by its identity (OIDC), so that no token is stored."""

from collections.abc import Sequence
from pathlib import Path

import yaml

from ....schemas.errors import UsageError
from ..schedule import Schedule
from .command import Exported, arguments, check_reaches, line
from .cron_fields import without_seconds

_MAX_MINUTES = 360


def export(schedule: Schedule, service: Path) -> Sequence[Exported]:
    """The workflow; the recipe is found in the repository by its name."""
    if schedule.tz not in ("UTC", "Etc/UTC"):
        raise UsageError(f"{schedule.name} is in {schedule.tz} and GitHub fires in UTC: add it with --tz UTC")
    check_reaches(schedule, "GitHub")
    fields = without_seconds(schedule, "GitHub")
    recipe = f"recipes/{Path(schedule.recipe).name}"
    minutes = _MAX_MINUTES if schedule.time_limit is None else max(1, round(schedule.time_limit / 60))
    permissions = {"contents": "read", **({"id-token": "write"} if schedule.push else {})}
    steps = [
        {"uses": "actions/checkout@v6"},
        {"uses": "actions/setup-python@v6", "with": {"python-version": "3.13"}},
        {"run": "pip install 'lcdata[serve]'"},
        {"run": line(["lcdata", *arguments(schedule, recipe, "lcdata-service")])},
    ]
    workflow = {
        "name": f"lcdata {schedule.name}",
        "on": {"schedule": [{"cron": fields}], "workflow_dispatch": {}},
        "concurrency": {"group": f"lcdata-{schedule.name}", "cancel-in-progress": False},
        "permissions": permissions,
        "jobs": {"build": {"runs-on": "ubuntu-latest", "timeout-minutes": min(minutes, _MAX_MINUTES), "steps": steps}},
    }
    text = yaml.safe_dump(workflow, sort_keys=False, width=1000)
    name = f"lcdata-{schedule.name}.yml"
    then = f"put it into .github/workflows/, the recipe into {recipe}"
    trusted = "; make the repository a trusted publisher of the dataset on the Hub" if schedule.push else ""
    return [Exported(name, text, then + trusted)]
