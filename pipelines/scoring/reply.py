"""`lcdata.score`: one reply of a model, rated by what is known of the sample that it is for."""

from collections.abc import Mapping
from typing import Literal, Protocol

from pydantic import ValidationError

from ...schemas.errors import UsageError
from ...schemas.evaluation import Rating, Reference
from .measures.registry import MATCHES

Match = Literal["exact", "last-answer", "substring", "two-way", "task"]


class Referenced(Protocol):
    """What knows its reference, as the samples of `lcdata.samples` do."""

    @property
    def reference(self) -> Reference:
        """What a reply to the sample is rated by."""
        ...


def score(sample: Referenced | Reference | Mapping[str, object], reply: str, match: Match = "exact") -> Rating:
    """The measures of one reply by name, each from 0 to 1, the main one first.

    sample: an item of `lcdata.samples`, its `reference`, or a line of `lcdata export --to eval` as a mapping.
    reply: all that the model wrote, its thinking included.
    match: `exact` gives `exact` (all answers and nothing else), `recall`, `precision`, `f1`, and `citations` where some
    are asked for; `last-answer` the same `exact` of the last marked answer alone; `substring` RULER's
    `string_match_all` and `string_match_part`; `two-way` whether the last answer holds the reference or is held by it;
    `task` the measure that the sample's task names, as `score`.

    Raises UsageError where the mapping has no answers in `outputs` or `answers`, or there is no such match.
    """
    if match not in MATCHES:
        *others, last = MATCHES
        raise UsageError(f"match must be {', '.join(others)} or {last}, got {match!r}")
    return MATCHES[match](reply, _reference(sample))


def _reference(sample: Referenced | Reference | Mapping[str, object]) -> Reference:
    if isinstance(sample, Reference):
        return sample
    if not isinstance(sample, Mapping):
        return sample.reference
    try:
        return Reference.model_validate(sample)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(map(str, problem["loc"]))
        reason = problem["msg"][0].lower() + problem["msg"][1:]
        raise UsageError(f"reference: {key}: {reason}; it is such as {Reference.EXAMPLE}") from None
