"""A line for crontab; fires that come while the machine is off are lost, and runs that overlap take turns."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from ..schedule import Schedule
from .command import Exported, line, local_command
from .cron_fields import without_seconds

_TEXT = """# lcdata: {name}. cronie understands the zone; Debian's cron goes by the machine's own ({zone} is wanted).
CRON_TZ={zone}
{fields} cd {folder} && {command} >>{log} 2>&1
"""


def export(schedule: Schedule, service: Path) -> Sequence[Exported]:
    """The line, in which cron takes no sign of percent for a line's end."""
    fields = without_seconds(schedule, "cron")
    command, folder = line(local_command(schedule, service)), shlex.quote(str(service.parent))
    log = shlex.quote(str(service / f"{schedule.name}.log"))
    text = _TEXT.format(
        name=schedule.name, zone=schedule.tz, fields=fields, folder=folder, command=command.replace("%", "\\%"), log=log
    )
    name = f"lcdata-{schedule.name}.cron"
    return [Exported(name, text, f"crontab -l | cat - {name} | crontab -")]
