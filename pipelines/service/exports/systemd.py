"""A systemd timer with its service: missed fires are made up once, and a run never meets itself."""

from collections.abc import Sequence
from pathlib import Path

from ..schedule import Schedule
from .command import Exported, local_command
from .cron_fields import CronFields

_SERVICE = """[Unit]
Description=lcdata: {name}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
WorkingDirectory={folder}
ExecStart={command}
SuccessExitStatus=0
{limit}"""
_TIMER = """[Unit]
Description=lcdata: when {name} is built

[Timer]
{calendar}
Persistent={persistent}
RandomizedDelaySec={jitter}
AccuracySec=1s
Unit=lcdata-{name}.service

[Install]
WantedBy=timers.target
"""


def export(schedule: Schedule, service: Path) -> Sequence[Exported]:
    """The two units."""
    name = f"lcdata-{schedule.name}"
    limit = "" if schedule.time_limit is None else f"TimeoutStartSec={schedule.time_limit:g}\n"
    unit = _SERVICE.format(
        name=schedule.name,
        folder=_escaped(str(service.parent)),
        command=" ".join(map(_quoted, local_command(schedule, service))),
        limit=limit,
    )
    timer = _TIMER.format(
        name=schedule.name,
        calendar="\n".join(f"OnCalendar={each} {schedule.tz}" for each in CronFields.of(schedule).calendar),
        persistent="no" if schedule.missed == "none" else "yes",
        jitter=f"{schedule.jitter:g}",
    )
    then = f"cp {name}.* ~/.config/systemd/user/ && systemctl --user daemon-reload"
    return [
        Exported(f"{name}.service", unit, then),
        Exported(f"{name}.timer", timer, f"systemctl --user enable --now {name}.timer"),
    ]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "%%").replace("$", "$$")


def _quoted(word: str) -> str:
    """A word of `ExecStart`, in which systemd fills nothing in."""
    return '"' + _escaped(word).replace('"', '\\"') + '"'
