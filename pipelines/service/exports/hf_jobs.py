"""A scheduled Job of the Hub: the same run on a machine of theirs, which forgets all but what is pushed."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ....schemas.errors import HubError, UsageError
from ..schedule import Schedule
from .command import Exported, arguments, check_reaches
from .cron_fields import without_seconds

_PROGRAM = (
    "import json, os, pathlib, subprocess, sys; pathlib.Path('recipe').write_text(os.environ['RECIPE']); "
    "sys.exit(subprocess.run([sys.executable, '-m', 'lcdata', *json.loads(os.environ['ARGUMENTS'])]).returncode)"
)
"""What the Job runs; no word of it can be the name of a file here, which the client would upload."""
_PYTHON = "3.13"
"""A Python of uv's own, whose SQLite is newer than the one of the image's."""
_SECONDS = 6 * 3600
"""Time limit where the schedule has none; the Hub's own is half an hour."""


def export(schedule: Schedule, service: Path) -> Sequence[Exported]:
    """What the Job is registered with."""
    text = json.dumps(_request(schedule), indent=1, ensure_ascii=False) + "\n"
    return [Exported(f"lcdata-{schedule.name}.json", text, "leave --dry-run out to register it")]


def register(schedule: Schedule) -> str:
    """Register the Job with the token of this machine; returns its id. HubError where the Hub does not take it."""
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

    token = huggingface_hub.get_token()
    if token is None:
        raise HubError("the Hub wants a token: hf auth login, or set HF_TOKEN")
    asked = {**_request(schedule), "secrets": {"HF_TOKEN": token}}
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
    recipe = Path(schedule.recipe)
    text = schedule.text if schedule.text is not None else recipe.read_text(encoding="utf-8")
    return {
        "script": "python",
        "script_args": ["-c", _PROGRAM],
        "env": {"RECIPE": text, "ARGUMENTS": json.dumps(arguments(schedule, "recipe", "lcdata-service"))},
        "dependencies": ["lcdata[serve]"],
        "python": _PYTHON,
        "schedule": without_seconds(schedule, "the Hub"),
        "concurrency": False,
        "flavor": "cpu-upgrade",
        "timeout": round(schedule.time_limit or _SECONDS),
        "labels": {"lcdata": schedule.name},
    }
