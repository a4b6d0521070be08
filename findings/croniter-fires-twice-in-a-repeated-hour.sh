#!/usr/bin/env bash
# croniter gives a nightly time twice on the day on which the clock is set back: whoever schedules by it does so twice.
#
# Version: croniter 7.0.0, by which DBOS, Airflow's older timetables and others find their times. cron and systemd take
# a job that names its hour once on such a day. In the hour that is skipped in spring croniter gives its end, 03:00,
# so that a day has one fire there; two schedules of that hour then fire at the same moment.
# Seen: `30 2 * * *` in Europe/Berlin gives 02:30+02:00 and 02:30+01:00 on 2026-10-25, an hour apart.
# Cure: leave out what has `fold=1` and an offset other than with `fold=0`, where the line names its hours.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check croniter==7.0.0 tzdata

cat > fires.py <<'PYTHON'
from datetime import datetime
from zoneinfo import ZoneInfo

from croniter import croniter

for year, month, day in ((2026, 10, 25), (2027, 3, 28)):
    times = croniter("30 2 * * *", datetime(year, month, day, tzinfo=ZoneInfo("Europe/Berlin")))
    fires = [times.get_next(datetime) for _ in range(4)]
    print(*(f"{fire:%H:%M%z}" for fire in fires if fire.day == day))
PYTHON

found=$(venv/bin/python fires.py)
echo "$found"
test "$found" = "02:30+0200 02:30+0100
03:00+0200"
