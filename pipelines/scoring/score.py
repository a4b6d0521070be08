"""`score`: how far a model's replies give the answers, overall and by task, length and depth.

A sample without a prediction counts as wrong. A sample with several pieces of evidence counts in the bucket of each.
"""

import codecs
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from ...packers.dataset import Dataset
from ...schemas.errors import UsageError
from ...schemas.evaluation import Prediction, Rating, Reference
from ...schemas.quantity import format_length
from .measures.registry import MATCHES

_YES_OR_NO = ("exact", "last_answer", "string_match_part")
NUM_DEPTHS = 10

Item = TypeVar("Item", Reference, Prediction)


@dataclass(frozen=True)
class Group:
    """Samples that have something in common, and the means of their measures."""

    by: str
    """What the samples have in common: `all`, `task`, `length` or `depth`."""
    name: str
    n: int
    measures: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    """95 % confidence intervals of the measures that are yes or no for each sample."""


@dataclass(frozen=True)
class Square:
    """Samples of one length whose evidence lies at one depth, and the mean of their main measure."""

    length: int
    """Tokens that the samples have at most, a power of two."""
    depth: int
    """Tenth of the context that the evidence lies in, from 0."""
    n: int
    value: float


@dataclass(frozen=True)
class Score:
    """How far predictions give the answers: overall, by groups, and by squares of length and depth."""

    match: str
    overall: Group
    groups: list[Group]
    squares: list[Square]
    missing: list[int] = field(default_factory=list[int])
    """Indices of the samples without a prediction."""

    @property
    def main(self) -> str:
        """Name of the main measure, which squares have."""
        return next(iter(self.overall.measures))


def score(
    predictions: Path,
    references: Path | None = None,
    data: Dataset | None = None,
    match: str = "exact",
) -> Score:
    """Rate a file of predictions by a file of references, by a dataset, or by the answers in its own lines.

    Raises UsageError for a line that cannot be meant.
    """
    if references is not None and data is not None:
        raise UsageError("--references and --data both say what the answers are: name one of them")
    if references is not None:
        judged = _joined(predictions, _references_of_file(references), references)
    elif data is not None:
        judged = _joined(predictions, _references_of_dataset(data), data.folder)
    else:
        judged = _self_contained(predictions)
    return _tally(judged, match)


Judged = Iterator[tuple[Reference, str | None]]
"""References, each with the reply to it."""


def _self_contained(predictions: Path) -> Judged:
    for where, line in _lines(predictions):
        prediction = _parsed(Prediction, where, line)
        if b'"outputs"' not in line:
            raise UsageError(f"{where}: has no outputs: name the answers with --references EVAL.jsonl or --data DIR")
        yield _parsed(Reference, where, line), prediction.reply


def _joined(predictions: Path, references: Iterable[Reference], source: object) -> Judged:
    """Every reference with its reply or none; the predictions are in memory, the references pass by."""
    replies = _replies(predictions)
    for reference in references:
        _, reply = replies.pop(reference.index, ("", None))
        yield reference, reply
    for index, (where, _) in replies.items():
        raise UsageError(f"{where}: {source} has no sample {index}: name the file or dataset that was predicted")


def _replies(predictions: Path) -> dict[int, tuple[str, str]]:
    """The place and the reply of each prediction, by its sample's index."""
    replies: dict[int, tuple[str, str]] = {}
    for where, line in _lines(predictions):
        prediction = _parsed(Prediction, where, line)
        if prediction.index is None:
            raise UsageError(f"{where}: has no index, which says what sample it is for, as in {Prediction.EXAMPLE}")
        if prediction.index in replies:
            raise UsageError(
                f"{where}: sample {prediction.index} was predicted at {replies[prediction.index][0]} already"
            )
        replies[prediction.index] = (where, prediction.reply)
    return replies


def _references_of_file(path: Path) -> Iterator[Reference]:
    seen = set[int]()
    for where, line in _lines(path):
        reference = _parsed(Reference, where, line)
        if reference.index < 0:
            raise UsageError(f"{where}: has no index, by which predictions find it")
        if reference.index in seen:
            raise UsageError(f"{where}: is the second line of sample {reference.index}: leave one of them out")
        seen.add(reference.index)
        yield reference


def _references_of_dataset(dataset: Dataset) -> Iterator[Reference]:
    columns = ["sample", "source", "answers", "length", "depth", "template", "facts"]
    for config in dataset.configs.values():
        for docs in config.docs:
            for table in docs.row_groups(columns):
                for record in table.filter(table["sample"].is_valid()).to_pylist():
                    sample, task, facts = (record.pop(name) for name in ("sample", "source", "facts"))
                    index = dataset.sample_number(config.name, task, sample)
                    yield Reference.of_document(index=index, task=task, facts=json.loads(facts), **record)


def _lines(path: Path) -> Iterator[tuple[str, bytes]]:
    """The place, as `file:line`, and the bytes of every line that is not blank."""
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield f"{path}:{number}", line.removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


def _parsed(kind: type[Item], where: str, line: bytes) -> Item:
    """The object of a line; UsageError that says what is wrong with it."""
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(map(str, problem["loc"]))
        reason = problem["msg"][0].lower() + problem["msg"][1:]
        what = f"{key}: {reason}" if key else reason
        raise UsageError(f"{where}: {what}; a line is such as {kind.EXAMPLE}") from None


class _Sums:
    """The measures of samples, added up."""

    def __init__(self) -> None:
        self.n = 0
        self._values: dict[str, list[float]] = {}

    def add(self, rating: Rating) -> None:
        """Add the measures of one more sample."""
        self.n += 1
        for name, value in rating.items():
            count_and_sum = self._values.setdefault(name, [0, 0.0])
            count_and_sum[0] += 1
            count_and_sum[1] += value

    def as_group(self, by: str, name: str) -> Group:
        """The group of all samples that were added, with the means of their measures."""
        means = {measure: total / count for measure, (count, total) in self._values.items()}
        intervals = {
            measure: wilson(total, int(count))
            for measure, (count, total) in self._values.items()
            if measure in _YES_OR_NO
        }
        return Group(by, name, self.n, means, intervals)


def wilson(successes: float, trials: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's interval for a share: it stays within 0..1 and does not collapse where all or none succeed."""
    share, spread = successes / trials, z * z / trials
    middle = share + spread / 2
    reach = math.sqrt(spread * (share * (1 - share) + spread / 4))
    low, high = ((middle + side * reach) / (1 + spread) for side in (-1, 1))
    return (low if successes > 0 else 0.0, high if successes < trials else 1.0)


def _tally(judged: Judged, match: str) -> Score:
    overall, groups, squares = _Sums(), defaultdict[tuple[str, Any], _Sums](_Sums), defaultdict[Place, _Sums](_Sums)
    missing: list[int] = []
    for reference, reply in judged:
        if reply is None:
            missing.append(reference.index)
        rating = MATCHES[match](reply or "", reference)
        overall.add(rating)
        for key in _keys(reference):
            groups[key].add(rating)
        for place in _places(reference):
            squares[place].add(rating)
    if not overall.n:
        raise UsageError("there is nothing to score: the file has no lines")
    ordered = sorted(groups, key=lambda key: (("task", "length", "depth").index(key[0]), key[1]))
    total = overall.as_group("all", "all")
    main = next(iter(total.measures))
    return Score(
        match,
        total,
        [groups[by, value].as_group(by, _name(by, value)) for by, value in ordered],
        [
            Square(*place, (found := squares[place].as_group("", "")).n, found.measures[main])
            for place in sorted(squares)
        ],
        missing,
    )


Place = tuple[int, int]
"""Length and depth of a square."""


def _keys(reference: Reference) -> Iterator[tuple[str, Any]]:
    """The groups that a sample belongs to: by what, and its value."""
    if reference.task:
        yield "task", reference.task
    if reference.length is not None:
        yield "length", _power_of_two(reference.length)
    for depth in _depths(reference):
        yield "depth", depth


def _places(reference: Reference) -> list[Place]:
    if reference.length is None:
        return []
    return [(_power_of_two(reference.length), depth) for depth in _depths(reference)]


def _depths(reference: Reference) -> set[int]:
    return {min(int(depth * NUM_DEPTHS), NUM_DEPTHS - 1) for depth in reference.depth}


def _power_of_two(length: int) -> int:
    """The smallest power of two that is no less, so that a document of exactly 128k counts as 128k."""
    return 1 << (length - 1).bit_length()


def _name(by: str, value: Any) -> str:
    if by == "length":
        return format_length(value)
    return depth_name(value) if by == "depth" else str(value)


def depth_name(depth: int) -> str:
    """What a tenth of the context is called: `0.3–0.4`."""
    return f"{depth / NUM_DEPTHS:.1f}–{(depth + 1) / NUM_DEPTHS:.1f}"
