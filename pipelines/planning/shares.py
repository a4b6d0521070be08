"""How a stage's budget of tokens is split between its tasks and its corpora."""

from dataclasses import dataclass

from ...schemas.stage import Stage


@dataclass(frozen=True)
class Shares:
    """What tasks and corpora are to have of a stage's tokens."""

    tasks: tuple[float, ...]
    """Shares of all tokens of the stage, one for each task."""
    corpora: tuple[float | None, ...]
    """Shares of the tokens of all corpora, one for each corpus; None for what its documents amount to."""


def shares_of(stage: Stage) -> Shares:
    """The shares of a stage that has a budget."""
    given = [component.share for component in stage.mix]
    if len(given) == 1 and stage.tasks:
        return Shares((1.0,), ())
    tasks = tuple(component.share or 0.0 for component in stage.tasks)
    if all(share is not None for share in given):
        total = sum(share for share in given if share is not None)
        return Shares(tuple(share / total for share in tasks), tuple(corpus.share for corpus in stage.corpora))
    rest = 1 - sum(tasks)
    return Shares(tasks, tuple(corpus.share and corpus.share / rest for corpus in stage.corpora))
