"""How many workers a build takes where nobody says."""

import os

from ...schemas.recipe import Recipe
from ...schemas.stage import Stage
from .plan import Plan

_SMALL_TOKENS = 1 << 26
"""Tokens up to which `fastokens` takes less time than Ray needs to start."""
_SMALL_TOKENS_SLOWLY = 1 << 20
"""Tokens up to which `tokenizers` takes less time than Ray needs to start."""


def automatic_workers(plan: Plan) -> int:
    """Workers for a plan: 0 for work of a few seconds, which Ray takes to start, and all cores for more."""
    small = _SMALL_TOKENS if plan.engine == "fastokens" else _SMALL_TOKENS_SLOWLY
    if plan.num_tokens <= small or plan.num_shards == 1:
        return 0
    return min(len(os.sched_getaffinity(0)), plan.num_shards)


def surely_needed_workers(recipe: Recipe) -> int:
    """The workers that a plan of this recipe will ask for, as far as can be told before it is made; else 0."""
    if sum(map(_least_tokens, recipe.stages)) <= _SMALL_TOKENS:
        return 0
    return len(os.sched_getaffinity(0))


def _least_tokens(stage: Stage) -> int:
    return stage.tokens or sum((task.n or 0) * task.length.shortest for task in stage.tasks)
