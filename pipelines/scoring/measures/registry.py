"""Measures of a reply by name, so that a task can name its own and a reward function can look it up."""

from collections.abc import Callable, Mapping

from ....schemas.errors import UsageError
from ....schemas.evaluation import Rating, Reference
from ..rate import citations_of, rate, rate_last, rate_substrings
from ..reading.marked import last_answer
from ..reading.thinking import without_thinking
from .numeric import count_credit, last_number
from .order import line_accuracy, ndcg, pairwise_order
from .sets import overlap
from .texts import prefixed_ratio, two_way_substring

Measure = Callable[[str, Reference], float]
"""What a reply is worth by a reference, from 0 to 1."""


def two_way(reply: str, reference: Reference) -> float:
    """Of the answers, the share that holds the last answer or is held by it: of one, all or nothing."""
    given = last_answer(reply)
    return sum(two_way_substring(given, answer) for answer in reference.answers) / len(reference.answers)


def count(reply: str, reference: Reference) -> float:
    """0.75 to the power of the error of the last answer's last number."""
    wanted = last_number(reference.answers[0])
    return 0.0 if wanted is None else count_credit(last_number(last_answer(reply)), wanted)


def sequence(reply: str, reference: Reference) -> float:
    """The sequence ratio of what is said, after `prefix` where the reference has one."""
    return prefixed_ratio(without_thinking(reply).strip(), reference.answers[0].strip(), reference.prefix)


def pairs(reply: str, reference: Reference) -> float:
    """The share of pairs of answers that stand in their order."""
    return pairwise_order(_in_order(reply, reference), reference.answers)


def lines(reply: str, reference: Reference) -> float:
    """The share of the answers that stand in their lines of what is said."""
    return line_accuracy(last_answer(reply), "\n".join(reference.answers))


def ranking(reply: str, reference: Reference) -> float:
    """NDCG@10 of the things of `grades` in the order in which the last answer names them."""
    known = reference.model_copy(update={"answers": tuple(reference.grades), "citations": ()})
    return ndcg(_in_order(last_answer(reply), known), reference.grades) if reference.grades else 0.0


def citation_f1(reply: str, reference: Reference) -> float:
    """F1 of the documents that are cited."""
    return overlap(citations_of(reply, reference), map(str, reference.citations)).f


def evidence(reply: str, reference: Reference) -> float:
    """F2 of the documents that are cited: one that is missing costs more than one too many."""
    return overlap(citations_of(reply, reference), map(str, reference.citations), beta=2).f


def _in_order(reply: str, reference: Reference) -> list[str]:
    """The answers in the order in which a reply first names them."""
    text = without_thinking(reply).casefold()
    places = {answer: text.find(answer.casefold()) for answer in reference.answers}
    return sorted((answer for answer, place in places.items() if place >= 0), key=lambda answer: places[answer])


MEASURES: Mapping[str, Measure] = {
    "exact": lambda reply, reference: rate(reply, reference)["exact"],
    "f1": lambda reply, reference: rate(reply, reference)["f1"],
    "recall": lambda reply, reference: rate(reply, reference)["recall"],
    "last_answer": lambda reply, reference: rate_last(reply, reference)["last_answer"],
    "substring": lambda reply, reference: rate_substrings(reply, reference)["string_match_all"],
    "two_way": two_way,
    "count": count,
    "sequence": sequence,
    "pairwise_order": pairs,
    "line_accuracy": lines,
    "ndcg_10": ranking,
    "citation_f1": citation_f1,
    "evidence_f2": evidence,
}
"""Measures that a reference can name as its own."""


def measure(name: str) -> Measure:
    """The measure of this name; UsageError where there is none."""
    try:
        return MEASURES[name]
    except KeyError:
        raise UsageError(f"unknown measure {name!r}. Known: {', '.join(MEASURES)}") from None


def rate_two_way(reply: str, reference: Reference) -> Rating:
    """`two_way` alone."""
    return {"two_way": two_way(reply, reference)}


def rate_own(reply: str, reference: Reference) -> Rating:
    """`score`: the measure that the reference names as its own, or else `exact`."""
    return {"score": measure(reference.measure or "exact")(reply, reference)}


Match = Callable[[str, Reference], Rating]


def _by_any_alias(match: Match) -> Match:
    """The best of the ratings by an answer or what is as good as it."""

    def best(reply: str, reference: Reference) -> Rating:
        ratings = [match(reply, way) for way in reference.ways]
        return max(ratings, key=lambda rating: next(iter(rating.values())))

    return best


MATCHES: Mapping[str, Match] = {
    "exact": _by_any_alias(rate),
    "last-answer": _by_any_alias(rate_last),
    "substring": _by_any_alias(rate_substrings),
    "two-way": _by_any_alias(rate_two_way),
    "task": _by_any_alias(rate_own),
}
"""Ways to compare a reply with a reference. The first measure of each is its main one."""
