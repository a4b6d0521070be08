"""What a run does after its recipe is known, step by step: each may be repeated, and each but two is a command."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...schemas.errors import LcdataError
from .attempts import run_command
from .context import Work
from .jobs import is_for_jobs
from .processes import Ended
from .resolve import resolve
from .schedule import SUBMITTED

Step = Callable[[Work], dict[str, Any]]
"""Does a step and tells what came of it; an `outcome` in it ends the run."""

_REFUSED = 3
_REMADE = 16


def build(work: Work) -> dict[str, Any]:
    """Build the dataset, its corpora first, unless the last good one is the same."""
    resolved, order = work.found["resolve"], work.request.order
    arguments = ["build", "recipe.yaml", "--out", work.dataset, "--overwrite"]
    arguments += ["--store", resolved["store"]] if resolved["store"] else []
    arguments += ["--unless-same", resolved["same"]] if resolved["same"] else []
    arguments += [] if order.workers is None else ["--workers", str(order.workers)]
    cluster = order.address if is_for_jobs(order.address) else None
    arguments += ["--address", "auto" if cluster else order.address] if order.address else []
    Path(work.dataset).parent.mkdir(parents=True, exist_ok=True)
    offline = order.confined and not work.server.settings.reach.urls
    ended = run_command(work, "build", arguments, offline, cluster=cluster)
    done = ended.last("done")
    if isinstance(done, dict) and ended.exit_code == 0:
        facts = {"dataset": done["out"], "fingerprint": done["fingerprint"], "tokens": done["tokens"]}
        if resolved["same"] and done["out"] == resolved["same"]:
            said = f"nothing to do: {Path(done['out']).name} has the same fingerprint"
            pushed = {"pushed": order.push} if order.push else {}
            return {**facts, **pushed, "outcome": "unchanged", "message": said}
        return {**facts, "rows": done["rows"], "tokens_per_second": done["tokens_per_second"]}
    return _failed(ended)


def verify(work: Work) -> dict[str, Any]:
    """Check the dataset and make random documents of it again."""
    remade = (work.found["resolve"]["gates"] or {}).get("min_remade", 0)
    ended = run_command(work, "verify", ["verify", work.dataset, "--samples", str(max(_REMADE, remade))])
    verdict = ended.last("verdict")
    if isinstance(verdict, dict) and ended.exit_code == 0:
        return {"documents": verdict["documents"], "regenerated": verdict["regenerated"]}
    if isinstance(verdict, dict) and verdict["problems"]:
        return {"outcome": "refused", "exit_code": _REFUSED, "message": f"does not hold: {verdict['problems'][0]}"}
    return _failed(ended)


def judge(work: Work) -> dict[str, Any]:
    """Judge the dataset by its gates."""
    from ...schemas.gates import QualityGates
    from ...schemas.manifest import read_manifest
    from ..proving.gates import judge as judge_dataset

    gates = work.found["resolve"]["gates"]
    if gates is None:
        return {"gates": []}
    bounds = QualityGates.model_validate(gates)
    judged = judge_dataset(work.dataset, read_manifest(Path(work.dataset)), bounds, work.found["verify"]["regenerated"])
    found: dict[str, Any] = {"gates": [gate.model_dump() for gate in judged.gates]}
    if judged.holds:
        return found
    broken = "; ".join(gate.sentence for gate in judged.gates if not gate.holds)
    return {**found, "outcome": "refused", "exit_code": _REFUSED, "message": f"refused by {broken}"}


def report(work: Work) -> dict[str, Any]:
    """Write the dataset's report."""
    ended = run_command(work, "report", ["report", work.dataset])
    return {} if ended.exit_code == 0 else _failed(ended)


def push(work: Work) -> dict[str, Any]:
    """Push the dataset, where it is to be."""
    target = work.request.order.push
    if target is None:
        return {}
    ended = run_command(work, "push", ["push", work.dataset, target], secrets=True)
    return {"pushed": target} if ended.exit_code == 0 else _failed(ended)


def retain(work: Work) -> dict[str, Any]:
    """Let old datasets of the schedule go."""
    from .retention import remove_old

    if work.request.owner == SUBMITTED:
        return {"removed": []}
    builds = work.server.settings.folder.builds(work.request.owner)
    return {"removed": remove_old(builds, work.request.order.keep, [work.dataset])}


STEPS: Mapping[str, Step] = {
    "resolve": resolve,
    "build": build,
    "verify": verify,
    "judge": judge,
    "report": report,
    "push": push,
    "retain": retain,
}
"""The steps of a run in their order."""


def attempt(work: Work, step: str) -> dict[str, Any]:
    """Do a step; what fails is told, not raised, so that it is stored."""
    try:
        return STEPS[step](work)
    except LcdataError as error:
        return {"outcome": "failed", "exit_code": error.exit_code, "message": str(error)}
    except OSError as error:
        from ..run.files import storage_error

        told = storage_error(error, None)
        return {"outcome": "failed", "exit_code": told.exit_code, "message": str(told)}


def _failed(ended: Ended) -> dict[str, Any]:
    stopped = ended.last("stopped")
    if stopped is not None:
        return {"outcome": stopped["outcome"], "message": stopped["message"], "exit_code": None}
    refused = ended.exit_code == _REFUSED
    return {"outcome": "refused" if refused else "failed", "exit_code": ended.exit_code, "message": ended.message}
