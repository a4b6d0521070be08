"""The first step of a run: which recipe it is, with all defaults and the time filled in, and where it will be built."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ...schemas.errors import UsageError
from ...schemas.problems import did_you_mean, reason
from .context import Work
from .schedule import SUBMITTED, Order
from .templating import filled_in, values

if TYPE_CHECKING:  # what knows recipes takes time and memory to load, and an idle server needs none of it
    from ...schemas.gates import QualityGates
    from ...schemas.recipe import Recipe


def resolve(work: Work) -> dict[str, Any]:
    """Read the recipe and write it whole into the run's folder; UsageError where it cannot be meant."""
    from ..recipes.recipe_file import recipe_yaml
    from ..run.files import write_whole
    from .confine import check_reach

    request, folder = work.request, work.server.settings.folder
    known = values(request.run, request.fire.astimezone(ZoneInfo(request.tz)))
    recipe = read_order(request.order, known)
    if request.order.confined:
        check_reach(recipe, work.server.settings.reach, folder)
    written = recipe_yaml(recipe)
    place = folder.run(request.run)
    place.mkdir(parents=True, exist_ok=True)
    write_whole(place / "recipe.yaml", written.encode())
    gates = gates_of(recipe, request.order)
    return {
        "started": work.server.now().isoformat(),
        "name": recipe.name,
        "recipe": written,
        "store": str(folder.store(request.owner)) if recipe.ingest else None,
        "dataset": str(folder.builds(request.owner) / request.run),
        "gates": None if gates is None else gates.model_dump(mode="json", exclude_none=True),
        "push": request.order.push,
        "same": _last_dataset(work),
    }


def read_order(order: Order, known: Mapping[str, object]) -> Recipe:
    """The recipe that is ordered, with these places filled in; UsageError where it cannot be meant."""
    from ..recipes.recipe_file import recipe_in

    path = Path(order.recipe)
    text = order.text
    if text is None:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise UsageError(f"{path} is not UTF-8: name a recipe in YAML") from None
        except OSError as error:
            raise UsageError(f"{path} cannot be read ({error.strerror}): name a recipe in YAML") from None
    changes = [filled_in(change, known, f"--set {change}") for change in order.changes]
    return recipe_in(filled_in(text, known, str(path)), path, None, changes)


def gates_of(recipe: Recipe, order: Order) -> QualityGates | None:
    """The recipe's gates with those of the order; UsageError where these cannot be meant."""
    own = {} if recipe.gates is None else recipe.gates.model_dump(exclude_none=True)
    return checked_gates({**own, **order.gates})


def checked_gates(content: Mapping[str, Any]) -> QualityGates | None:
    """The gates of this content, None where it names none; UsageError where they cannot be meant."""
    from pydantic import ValidationError

    from ...schemas.gates import QualityGates

    if not content:
        return None
    try:
        return QualityGates.model_validate(content)
    except ValidationError as error:
        problem = error.errors()[0]
        name = str(problem["loc"][0]) if problem["loc"] else ""
        if problem["type"] == "extra_forbidden":
            known = list(QualityGates.model_fields)
            raise UsageError(
                f"there is no gate {name!r}.{did_you_mean(name, known)} Known: {', '.join(known)}"
            ) from None
        raise UsageError(f"gate {name} {reason(problem)}") from None


def _last_dataset(work: Work) -> str | None:
    """The dataset of the schedule's last good run; None where there is none any more, or it is to be pushed yet."""
    if work.request.owner == SUBMITTED:
        return None
    push = work.request.order.push
    for run in work.server.past_runs(work.request.owner):
        if run.state in ("built", "unchanged") and run.dataset and Path(run.dataset, "lcdata.json").is_file():
            return run.dataset if push in (None, run.pushed) else None
    return None
