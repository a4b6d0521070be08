"""A schedule: what is built, when, and what becomes of fires that come at a bad time."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from croniter import croniter
from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from ...schemas.written import Written

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
SUBMITTED = "submit"
"""What stands for a schedule's name in runs that somebody asked for once."""


def checked_name(name: str) -> str:
    """The name of a schedule; ValueError where it could be none."""
    if not _NAME.fullmatch(name) or name == SUBMITTED:
        raise ValueError(f"must be small letters, digits, dashes or underscores, at most 48, got {name!r}")
    return name


def parse_duration(value: object) -> object:
    """Seconds of `90`, `15m`, `2h` or `1d`; ValueError otherwise."""
    if not isinstance(value, str):
        return value
    match = _DURATION.fullmatch(value.strip())
    if match is None:
        raise ValueError(f"must be a time such as 90s, 15m, 2h or 1d, got {value!r}")
    return float(match[1]) * _SECONDS[match[2]]


Seconds = Annotated[float, BeforeValidator(parse_duration), Field(ge=0, le=366 * 86400, allow_inf_nan=False)]
"""A time, which may be written as `parse_duration` reads it."""


class Order(Written):
    """What is to be built, and what then becomes of it."""

    recipe: str
    """The recipe's file, or where its text is given the file that the text stands for."""

    text: str | None = None
    """The recipe itself, where it is not read from the file when its time has come."""

    changes: tuple[str, ...] = ()
    """Changes to it, `PLACE=VALUE`, in which `{{ fire_date }}`, `{{ fire_time }}` and `{{ run_id }}` are filled in."""

    push: str | None = None
    """The Hub dataset that it is pushed to, `org/name`, once all gates hold."""

    gates: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Gates beside or instead of the recipe's own."""

    keep: int = Field(default=0, ge=0)
    """Datasets that are kept, the newest ones; 0 for all."""

    time_limit: Seconds | None = None
    """Seconds that all steps together may take."""

    workers: int | None = Field(default=None, ge=0)
    """Processes that build; by default by the size of the work."""

    address: str | None = None
    """A Ray cluster that builds."""

    confined: bool = False
    """Whether it came over HTTP, so that its recipe reads in the server's folders only."""


class Schedule(Order):
    """An order that is given again and again."""

    name: Annotated[str, AfterValidator(checked_name)]
    """What it is called."""

    cron: str
    """When: five fields, or six with seconds in front."""

    tz: str = "UTC"
    """The time zone in which `cron` is meant."""

    missed: Literal["latest", "all", "none"] = "latest"
    """Which fires are made up that came while no server ran."""

    overlap: Literal["skip", "queue"] = "skip"
    """What becomes of a fire while a run of the schedule is not over."""

    jitter: Seconds = 0
    """Seconds by which a run is put off at most, each by another time that its id decides."""

    since: datetime
    """Before this moment nothing was missed: when it was added, or resumed."""

    @field_validator("cron")
    @classmethod
    def _known_cron(cls, cron: str) -> str:
        fields = cron.split()
        if len(fields) not in (5, 6) or not croniter.is_valid(cron, second_at_beginning=True):
            raise ValueError(f"must be five fields such as '0 3 * * *', or six with seconds in front, got {cron!r}")
        return " ".join(fields)

    @field_validator("tz")
    @classmethod
    def _known_zone(cls, tz: str) -> str:
        try:
            ZoneInfo(tz)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"must be a time zone such as Europe/Berlin, got {tz!r}") from None
        return tz

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which it is meant."""
        return ZoneInfo(self.tz)

    @property
    def order(self) -> Order:
        """What is built at each fire."""
        return Order(**self.model_dump(include=set(Order.model_fields)))
