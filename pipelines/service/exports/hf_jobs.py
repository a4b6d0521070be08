"""A scheduled Job of the Hub: the same run on a machine of theirs, which forgets all but what is pushed."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ....schemas.errors import HubError, UsageError
from ..schedule import Schedule
from .command import Exported, arguments, check_reaches
from .cron_fields import without_seconds

_SCRIPT = '''# /// script
# requires-python = ">=3.11"
# dependencies = ["lcdata[serve]"]
# ///
"""Build {name} and push it to {push}."""

import subprocess
import sys
from pathlib import Path

RECIPE = {recipe}

Path("recipe.yaml").write_text(RECIPE)
sys.exit(subprocess.run([sys.executable, "-m", "lcdata", *{arguments}]).returncode)
'''
_SECONDS = 6 * 3600
"""Time limit where the schedule has none; the Hub's own is half an hour."""


def export(schedule: Schedule, service: Path) -> Sequence[Exported]:
    """The script of the Job, and what it is registered with."""
    name = f"lcdata-{schedule.name}"
    request = {key: value for key, value in _request(schedule).items() if key != "script"}
    then = "leave --dry-run out to register it"
    return [
        Exported(f"{name}.py", _script(schedule), then),
        Exported(f"{name}.json", json.dumps(request, indent=1) + "\n", then),
    ]


def register(schedule: Schedule, folder: Path) -> str:
    """Register the Job with the token of this machine; returns its id. HubError where the Hub does not take it."""
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

    script = folder / f"lcdata-{schedule.name}.py"
    script.write_text(_script(schedule))
    token = huggingface_hub.get_token()
    if token is None:
        raise HubError("the Hub wants a token: hf auth login, or set HF_TOKEN")
    asked = {**_request(schedule), "script": str(script), "secrets": {"HF_TOKEN": token}}
    try:
        return str(huggingface_hub.HfApi().create_scheduled_uv_job(**asked).id)
    except (HfHubHTTPError, LocalTokenNotFoundError, OSError) as error:
        raise HubError(f"the Hub did not take the Job: {' '.join(str(error).split())}") from None


def _request(schedule: Schedule) -> dict[str, Any]:
    check_reaches(schedule, "the Hub")
    if schedule.push is None:
        raise UsageError(f"{schedule.name} pushes nowhere, and the Hub keeps nothing else: add it with --push ORG/NAME")
    if schedule.tz not in ("UTC", "Etc/UTC"):
        raise UsageError(f"{schedule.name} is in {schedule.tz} and the Hub fires in UTC: add it with --tz UTC")
    return {
        "script": f"lcdata-{schedule.name}.py",
        "schedule": without_seconds(schedule, "the Hub"),
        "concurrency": False,
        "flavor": "cpu-upgrade",
        "timeout": round(schedule.time_limit or _SECONDS),
        "labels": {"lcdata": schedule.name},
    }


def _script(schedule: Schedule) -> str:
    recipe = Path(schedule.recipe)
    text = schedule.text if schedule.text is not None else recipe.read_text(encoding="utf-8")
    words = arguments(schedule, "recipe.yaml", "lcdata-service")
    return _SCRIPT.format(name=schedule.name, push=schedule.push, recipe=repr(text), arguments=repr(words))
