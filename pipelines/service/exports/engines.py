"""The engines that a schedule can be exported to, by name."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..schedule import Schedule
from . import cron, github, hf_jobs, k8s, systemd
from .command import Exported

ENGINES: Mapping[str, Callable[[Schedule, Path], Sequence[Exported]]] = {
    "systemd": systemd.export,
    "cron": cron.export,
    "github": github.export,
    "hf-jobs": hf_jobs.export,
    "k8s": k8s.export,
}
