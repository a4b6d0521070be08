"""What a cron line says, field by field."""

from dataclasses import dataclass

from ....schemas.errors import UsageError
from ..schedule import Schedule

_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_NAMES = {day.lower(): str(number) for number, day in reversed(list(enumerate(_DAYS)))}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True)
class CronFields:
    """The fields of a cron line."""

    second: str
    minute: str
    hour: str
    day: str
    month: str
    weekday: str

    @classmethod
    def of(cls, schedule: Schedule) -> "CronFields":
        """The fields of a schedule; UsageError where they say more than other engines understand."""
        fields = schedule.cron.lower().split()
        found = cls(*(fields if len(fields) == 6 else ["0", *fields]))
        odd = [field for field in fields if any(sign in field for sign in "l#?wr@h")]
        if any(not field.replace(",", "-").replace("-", "").isalpha() for field in odd):
            raise UsageError(f"{schedule.name}: {odd[0]!r} is known to this service alone: use plain numbers in --cron")
        return found

    @property
    def five(self) -> str:
        """The line without seconds."""
        return " ".join((self.minute, self.hour, self.day, self.month, self.weekday))

    @property
    def calendar(self) -> list[str]:
        """Events of systemd that together are this line: of days of month and of week either is enough."""
        time = ":".join(map(_numbers, (self.hour, self.minute, self.second)))
        month = _numbers(_by_number(self.month, dict(zip(_MONTHS, map(str, range(1, 13)), strict=True))))
        day, weekday = _numbers(self.day), _weekdays(self.weekday)
        if self.day != "*" and weekday:
            return [f"*-{month}-{day} {time}", f"{weekday} *-{month}-* {time}"]
        return [f"{weekday} *-{month}-{day} {time}".strip()]


def _numbers(field: str) -> str:
    """A field of numbers as systemd writes it."""
    return ",".join(_part(part) for part in field.split(","))


def _part(part: str) -> str:
    span, slash, step = part.partition("/")
    if not slash:
        return span.replace("-", "..")
    start = "0" if span == "*" else span.replace("-", "..")
    return f"{start}/{step}"


def _weekdays(field: str) -> str:
    if field == "*":
        return ""
    parts: list[str] = []
    for part in _by_number(field, _NAMES).split(","):
        span, _, step = part.partition("/")
        first, _, last = ("0-6" if span == "*" else span).partition("-")
        days = range(int(first), int(last or first) + 1, int(step or 1))
        parts += [_DAYS[day] for day in days]
    return ",".join(dict.fromkeys(parts))


def _by_number(field: str, names: dict[str, str]) -> str:
    for name, number in names.items():
        field = field.replace(name, number)
    return field


def without_seconds(schedule: Schedule, engine: str) -> str:
    """The five fields; UsageError where the schedule fires by seconds, which the engine cannot."""
    fields = CronFields.of(schedule)
    if fields.second != "0":
        raise UsageError(f"{schedule.name} fires by seconds, which {engine} cannot: use five fields in --cron")
    return fields.five
