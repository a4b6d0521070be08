"""How a stage's budget of tokens is split between its tasks and its corpora."""

from dataclasses import dataclass

from ...schemas.errors import UsageError
from ...schemas.stage import Stage


@dataclass(frozen=True)
class Shares:
    """What tasks and corpora are to have of a stage's tokens."""

    tasks: tuple[float, ...]
    """Shares of all tokens of the stage, one for each task."""
    corpora: tuple[float | None, ...]
    """Shares of the tokens of all corpora, one for each corpus; None for what its documents amount to."""


def shares_of(stage: Stage) -> Shares:
    """The shares of a stage that has a budget; UsageError where they contradict each other."""
    given = [component.share for component in stage.mix]
    if len(given) == 1 and stage.tasks:
        return Shares((1.0,), ())
    total = sum(share for share in given if share is not None)
    open_shares = [component.name for component in stage.corpora if component.share is None]
    tasks = [component.share or 0.0 for component in stage.tasks]
    if not open_shares:
        if total == 0:
            raise UsageError(f"{stage.name}: no component has a share above zero: give one to some")
        return Shares(tuple(share / total for share in tasks), tuple(corpus.share for corpus in stage.corpora))
    if tasks and total >= 1:
        raise UsageError(
            f"{stage.name}: the shares add up to {total:g} and leave nothing to {', '.join(open_shares)}: lower them "
            "below 1 in all, or give every component a share"
        )
    rest = 1 - sum(tasks)
    return Shares(tuple(tasks), tuple(corpus.share and corpus.share / rest for corpus in stage.corpora))
