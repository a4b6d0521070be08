"""When schedules fire: once a local day where hours are named, by real time where they are not, missed or not."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

pytestmark = pytest.mark.needs("croniter")
BERLIN = "Europe/Berlin"
FORWARD, BACK = date(2027, 3, 28), date(2026, 10, 25)
"""Days on which the clock in Berlin skips the hour from 2, and shows it twice."""


def schedule(cron: str, tz: str = BERLIN, **settings: Any) -> Any:
    """A schedule of nothing in particular."""
    from lcdata.pipelines.service.schedule import Schedule

    return Schedule(name="some", recipe="r.yaml", cron=cron, tz=tz, since=datetime(2026, 1, 1, tzinfo=UTC), **settings)


def fires_of(day: date, cron: str, tz: str = BERLIN) -> list[str]:
    """All fires of a local day, as their zone writes them."""
    from lcdata.pipelines.service.fires import fires_between

    each = schedule(cron, tz)
    midnight = datetime(day.year, day.month, day.day, tzinfo=each.zone)
    tomorrow = datetime.combine(day + timedelta(days=1), midnight.time(), each.zone)
    return [
        f"{fire:%H:%M%z}" for fire in fires_between(each, midnight - timedelta(seconds=1), tomorrow) if fire < tomorrow
    ]


def test_a_nightly_build_in_the_hour_that_is_skipped_comes_when_it_is_over() -> None:
    assert fires_of(FORWARD, "30 2 * * *") == ["03:00+0200"]
    assert fires_of(FORWARD, "0 3 * * *") == ["03:00+0200"]


def test_a_nightly_build_in_the_hour_that_comes_twice_comes_once() -> None:
    assert fires_of(BACK, "30 2 * * *") == ["02:30+0200"]
    assert fires_of(BACK, "0 3 * * *") == ["03:00+0100"]


@pytest.mark.parametrize("hour", range(4))
@pytest.mark.parametrize("zone", [BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"])
def test_a_nightly_build_comes_once_on_every_day_of_a_year(zone: str, hour: int) -> None:
    from lcdata.pipelines.service.fires import fires_after

    each = schedule(f"45 {hour} * * *", zone)
    days = [fire.date() for fire in islice(fires_after(each, datetime(2026, 9, 1, tzinfo=each.zone)), 366)]
    assert days == [date(2026, 9, 1) + timedelta(days=number + (days[0] > date(2026, 9, 1))) for number in range(366)]


def test_what_names_no_hour_goes_by_real_time() -> None:
    assert len(fires_of(FORWARD, "0 * * * *")) == 23
    assert len(fires_of(BACK, "0 * * * *")) == 25
    assert fires_of(BACK, "*/30 * * * *")[4:8] == ["02:00+0200", "02:30+0200", "02:00+0100", "02:30+0100"]


def test_seconds_may_stand_in_front() -> None:
    assert fires_of(BACK, "10 30 2 * * *") == ["02:30+0200"]


def why(each: Any, fire: datetime, late: timedelta) -> str | None:
    """Why a fire that is looked at so late builds nothing."""
    from lcdata.pipelines.service.fires import why_not

    return why_not(each, fire, fire + late)


@pytest.mark.parametrize(
    ("missed", "late", "reason"),
    [
        ("latest", timedelta(seconds=20), None),
        ("latest", timedelta(hours=20), None),
        ("latest", timedelta(days=2), "a later fire stands for it"),
        ("all", timedelta(days=2), None),
        ("none", timedelta(seconds=20), None),
        ("none", timedelta(hours=1), "missed fires are not made up"),
    ],
)
def test_a_fire_that_comes_late_is_taken_as_the_schedule_says(missed: str, late: timedelta, reason: str | None) -> None:
    found = why(schedule("0 3 * * *", missed=missed), datetime(2026, 11, 3, 2, 0, tzinfo=UTC), late)
    assert found is None if reason is None else reason in (found or "")


def test_the_second_time_of_an_hour_says_so() -> None:
    again = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert "02:30 a second time" in (why(schedule("30 2 * * *"), again, timedelta(0)) or "")
    assert why(schedule("*/30 * * * *"), again, timedelta(0)) is None


@pytest.mark.parametrize(("missed", "count"), [("latest", 1), ("all", 4), ("none", 0)])
def test_what_was_missed_is_made_up_as_the_schedule_says(missed: str, count: int) -> None:
    from lcdata.pipelines.service.fires import missed_fires

    each = schedule("0 3 * * *", missed=missed)
    last, now = datetime(2026, 10, 23, 1, 0, tzinfo=UTC), datetime(2026, 10, 27, 12, tzinfo=UTC)
    found = missed_fires(each, last, now)
    assert len(found) == count
    assert not count or found[-1] == datetime(2026, 10, 27, 2, 0, tzinfo=UTC)
    assert missed_fires(each, now, now) == []


def test_nothing_was_missed_before_a_schedule_was_there() -> None:
    from lcdata.pipelines.service.fires import missed_fires

    now = datetime(2026, 10, 27, 12, tzinfo=UTC)
    each = schedule("0 3 * * *", missed="all").model_copy(update={"since": now - timedelta(hours=30)})
    assert [fire.date() for fire in missed_fires(each, None, now)] == [date(2026, 10, 27)]


def entered(folder: Path, each: Any, moments: list[datetime]) -> list[str]:
    """The fires that a server enters whose clock shows these moments, the first one when the schedule is added."""
    from lcdata.pipelines.service.book import Book
    from lcdata.pipelines.service.database import APPLICATION, VERSION, connected, database_url
    from lcdata.pipelines.service.engine import Watch
    from lcdata.pipelines.service.settings import Folder, Settings

    place, clock = Folder(folder), list(moments)
    settings = Settings(place, database_url(place))
    with connected(place, settings.database) as client:
        client._sys_db.create_application_version(VERSION, APPLICATION)  # as a server does when it starts
        book = Book(client)
        book.add(each.model_copy(update={"since": clock[0]}))
        watch = Watch(settings, book, lambda: clock[0], "server")
        while clock:
            watch.make_up()
            clock.pop(0)
        return sorted(row.workflow_id.removeprefix("sched-some-") for row in client.list_workflows(name="fire"))


@pytest.mark.needs("dbos")
@pytest.mark.parametrize(
    ("day", "cron", "fires"),
    [
        (FORWARD, "30 2 * * *", ["2027-03-28T03:00:00+02:00"]),
        (FORWARD, "0 2-3 * * *", ["2027-03-28T03:00:00+02:00"]),
        (BACK, "30 2 * * *", ["2026-10-25T02:30:00+02:00"]),
        (BACK, "0 2-3 * * *", ["2026-10-25T02:00:00+02:00", "2026-10-25T03:00:00+01:00"]),
        (BACK, "30 * * * *", [f"2026-10-25T0{time}" for time in ("1:30:00+02:00", "2:30:00+01:00", "2:30:00+02:00")]),
    ],
)
def test_a_server_over_a_change_of_the_clock(tmp_path: Path, day: date, cron: str, fires: list[str]) -> None:
    start = datetime(day.year, day.month, day.day, 1, tzinfo=ZoneInfo(BERLIN)).astimezone(UTC)
    minutes = 130 if day == FORWARD else 185
    moments = [start + timedelta(minutes=minute) for minute in range(0, minutes, 13)]
    assert entered(tmp_path, schedule(cron, missed="all"), moments) == fires


@pytest.mark.needs("dbos")
@pytest.mark.parametrize(("missed", "days"), [("latest", [27]), ("all", [24, 25, 26, 27]), ("none", [])])
def test_a_server_that_was_away_makes_up_what_the_schedule_wants(tmp_path: Path, missed: str, days: list[int]) -> None:
    away, back = datetime(2026, 10, 23, 12, tzinfo=UTC), datetime(2026, 10, 27, 12, tzinfo=UTC)
    found = entered(tmp_path, schedule("0 3 * * *", missed=missed), [away, back, back + timedelta(seconds=5)])
    assert [datetime.fromisoformat(fire).day for fire in found] == days


def test_ids_tell_fires_of_a_repeated_hour_apart() -> None:
    from lcdata.pipelines.service.fires import fires_between, run_id

    each = schedule("*/30 * * * *")
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)
    ids = [run_id("some", fire) for fire in fires_between(each, start, start + timedelta(days=1))]
    assert len(ids) == len(set(ids)) == 48
    assert ids == sorted(ids)


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("cron", "0 3 * *", "must be five fields"),
        ("cron", "0 25 * * *", "must be five fields"),
        ("cron", "@daily", "must be five fields"),
        ("tz", "Europe/Berln", "must be a time zone"),
        ("tz", "../../etc/passwd", "must be a time zone"),
        ("name", "../x", "must be small letters"),
        ("name", "submit", "must be small letters"),
        ("jitter", "soon", "must be a time such as"),
        ("time_limit", "-1s", "must be a time such as"),
        ("keep", -1, "greater than or equal to 0"),
    ],
)
def test_what_cannot_be_meant_is_refused(field: str, value: object, problem: str) -> None:
    content = {"name": "some", "recipe": "r", "cron": "0 3 * * *", "since": "2026-01-01T00:00:00Z", field: value}
    from lcdata.pipelines.service.schedule import Schedule

    with pytest.raises(ValueError, match=problem):
        Schedule.model_validate(content)
