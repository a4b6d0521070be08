"""When a schedule fires: DBOS's times by croniter, of which what the clock shows twice is taken once.

A clock that is set forward skips an hour: a fire in it comes when the hour is over. A clock that is set back shows an
hour twice: a schedule that names its hours fires in the first alone, so that a nightly build is made once a local day,
and one of every hour or every few minutes fires in both, since real time goes on.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from croniter import croniter

from .schedule import Schedule

_GRACE = timedelta(seconds=60)
"""How late a fire is still on time: DBOS spreads fires over up to ten seconds."""


def fires_after(schedule: Schedule, moment: datetime) -> Iterator[datetime]:
    """All fires after a moment, without end, in the schedule's time zone."""
    times = croniter(schedule.cron, moment.astimezone(schedule.zone), second_at_beginning=True)
    while True:
        fire: datetime = times.get_next(datetime)
        if not is_second_time(schedule, fire):
            yield fire


def fires_between(schedule: Schedule, after: datetime, until: datetime) -> Iterator[datetime]:
    """All fires after a moment, and up to another with it."""
    for fire in fires_after(schedule, after):
        if fire > until:
            return
        yield fire


def is_second_time(schedule: Schedule, fire: datetime) -> bool:
    """Whether the clock showed this fire's time an hour before as well, and the schedule names its hours."""
    local = fire.astimezone(schedule.zone)
    hours = schedule.cron.split()[-4]
    return not hours.startswith("*") and local.fold == 1 and local.replace(fold=0).utcoffset() != local.utcoffset()


def why_not(schedule: Schedule, fire: datetime, now: datetime) -> str | None:
    """Why nothing is built at a fire that is looked at now, in words; None where something is."""
    if is_second_time(schedule, fire):
        return f"the clock showed {fire.astimezone(schedule.zone):%H:%M} a second time: it was built at the first"
    if schedule.missed == "none" and now - fire > _GRACE:
        return "missed: no server ran at that time, and missed fires are not made up"
    if schedule.missed == "latest" and next(fires_after(schedule, fire)) <= now - _GRACE:
        return "missed: no server ran at that time, and a later fire stands for it"
    return None


def missed_fires(schedule: Schedule, last: datetime | None, now: datetime) -> list[datetime]:
    """Fires to make up, whose last one was at `last`; none where the schedule wants none."""
    since = schedule.since if last is None else max(schedule.since, last)
    if schedule.missed == "none":
        return []
    missed = list(fires_between(schedule, since, now))
    return missed if schedule.missed == "all" else missed[-1:]


def run_id(owner: str, fire: datetime, suffix: str = "") -> str:
    """The id of a fire's run, which is a folder's name as well."""
    return f"{owner}.{fire.astimezone(UTC):%Y%m%dT%H%M%SZ}{suffix}"
