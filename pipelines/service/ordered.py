"""Orders that come over HTTP, held to what the server was told to let them reach."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from ...schemas.errors import UsageError
from ...schemas.problems import reason
from .context import real_time
from .resolve import gates_of, read_order
from .schedule import Order, Schedule
from .settings import Settings
from .templating import values


class OrderContent(BaseModel):
    """A recipe to be built, and what then becomes of it."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    recipe: str = ""
    """The recipe's file, in one of the server's folders."""
    text: str | None = None
    """The recipe itself, instead of a file."""
    changes: list[str] = Field(default_factory=list[str], max_length=100)
    """Changes to it, `PLACE=VALUE`."""
    push: str | None = None
    """The Hub dataset that it is pushed to."""
    gates: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Gates beside or instead of the recipe's own."""
    time_limit: str | float | None = None
    """Time that a run may take, such as `2h`."""


class ScheduleContent(OrderContent):
    """A schedule to be added."""

    name: str
    """What it is called."""
    cron: str
    """When: five fields, or six with seconds in front."""
    tz: str = "UTC"
    """The time zone in which `cron` is meant."""
    missed: Literal["latest", "all", "none"] = "latest"
    """Which fires are made up that came while no server ran."""
    overlap: Literal["skip", "queue"] = "skip"
    """What becomes of a fire while a run of it is not over."""
    jitter: str | float = 0
    """Time by which a run is put off at most."""
    keep: int = 0
    """Datasets that are kept, the newest ones; 0 for all."""


def order_of(content: OrderContent, settings: Settings) -> Order:
    """The order, whose recipe can be built as far as can be told now; UsageError where it cannot be meant."""
    return _tried(_checked(Order, _placed(content, settings)), settings)


def schedule_of(content: ScheduleContent, settings: Settings) -> Schedule:
    """The schedule, whose recipe can be built as far as can be told now; UsageError where it cannot be meant."""
    return _tried(_checked(Schedule, {**_placed(content, settings), "since": datetime.now(UTC)}), settings)


def _placed(content: OrderContent, settings: Settings) -> dict[str, Any]:
    """What is asked for, its recipe's file found in the server's folders."""
    from .confine import check_file

    own = {name: value for name, value in content.model_dump().items() if value is not None}
    folders = settings.reach.folders
    if content.text is not None:
        base = folders[0] if folders else settings.folder.root / "sent"
        return {**own, "recipe": str(base / "sent.yaml"), "confined": True}
    if not folders:
        raise UsageError("this server reads no recipes: send the text, or start it with --recipes DIR")
    path = Path(content.recipe)
    if not path.is_absolute():
        path = next((root / path for root in folders if (root / path).is_file()), folders[0] / path)
    return {**own, "recipe": str(check_file(path, settings.reach)), "confined": True}


def _checked(kind: type[Any], content: dict[str, Any]) -> Any:
    try:
        return kind.model_validate(content)
    except pydantic.ValidationError as error:
        problem = error.errors()[0]
        raise UsageError(f"{problem['loc'][0]} {reason(problem)}") from None


def _tried(order: Any, settings: Settings) -> Any:
    """The order, once its recipe was read as it would be now."""
    from .confine import check_reach

    recipe = read_order(order, values("run", real_time()))
    gates_of(recipe, order)
    check_reach(recipe, settings.reach, settings.folder)
    return order
