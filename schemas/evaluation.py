"""Reference answers, a model's reply to them, and what rating one by the other gives."""

import json
import operator
from collections.abc import Iterator, Mapping
from itertools import islice, product, zip_longest
from typing import Annotated, Any, ClassVar

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

from .quantity import Depth


def _as_list(value: object) -> object:
    return [] if value is None else value if isinstance(value, list | tuple) else [value]


def _as_text(value: object) -> object:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


_MOST_WAYS = 64
"""Combinations of aliases that a reply is tried by at most."""
_OF_FACTS = ("citations", "ordered", "aliases", "measure", "prefix", "grades")


class Reference(BaseModel):
    """What is known of a sample besides its text; the line of an evaluation file, where answers are `outputs`."""

    model_config = ConfigDict(
        frozen=True, coerce_numbers_to_str=True, use_attribute_docstrings=True, populate_by_name=True
    )

    EXAMPLE: ClassVar[str] = '{"index": 0, "outputs": ["42"]}'

    index: int = -1
    """Number of the sample in its dataset; -1 where it stands for itself."""

    answers: Annotated[
        tuple[Annotated[str, Field(pattern=r"\S")], ...],
        BeforeValidator(_as_list),
        Field(min_length=1, validation_alias=AliasChoices("outputs", "answers"), serialization_alias="outputs"),
    ]
    """Reference answers, all of which are wanted."""

    length: Annotated[int, Field(gt=0)] | None = None
    """Tokens of the sample's document."""

    depth: Annotated[tuple[Depth, ...], BeforeValidator(_as_list)] = ()
    """Where each evidence stands in the context, 0 its beginning."""

    task: str = ""
    template: str | None = None

    asked: tuple[str, ...] = ()
    """What the question names, such as a key: to repeat it is no answer."""

    citations: tuple[int, ...] = ()
    """Numbers of the documents that a reply has to cite."""

    ordered: bool = False
    """Whether the order of the answers matters."""

    aliases: Annotated[tuple[tuple[str, ...], ...], Field(exclude_if=operator.not_)] = ()
    """What is as good as each answer, in the order of the answers; those beyond have none."""

    measure: Annotated[str, Field(exclude_if=operator.not_)] = ""
    """The measure of its task, where that is not `exact`."""

    prefix: Annotated[str, Field(exclude_if=operator.not_)] = ""
    """What a reply has to begin with, where its measure is `sequence`."""

    grades: Annotated[Mapping[str, float], Field(exclude_if=operator.not_)] = {}
    """How relevant each thing to be ranked is, where its measure is `ndcg_10`."""

    context: Annotated[str, Field(validation_alias=AliasChoices("input", "context"), exclude=True, repr=False)] = ""
    """What the model had read, where it is known; what the question names is told by it."""

    @property
    def ways(self) -> Iterator["Reference"]:
        """The references without aliases that a reply may fulfil, the answers as they stand first."""
        choices = [(answer, *also) for answer, also in zip_longest(self.answers, self.aliases, fillvalue=())]
        for answers in islice(product(*choices), _MOST_WAYS):
            yield self.model_copy(update={"answers": tuple(map(str, answers)), "aliases": ()})

    @classmethod
    def of_document(cls, *, facts: Mapping[str, Any], **fields: Any) -> "Reference":
        """The reference of a document; the question names its facts `asked`, `key` and `value`.

        Facts of the same names say what is cited, whether order counts, what is as good as the answers, and by what
        measure a reply is rated.
        """
        asked = dict.fromkeys(leaf for name in ("asked", "key", "value") for leaf in leaves(facts.get(name)))
        named = [text for text in asked if text not in fields["answers"]]
        depth = [round(depth, 6) for depth in fields.pop("depth")]  # from memory or from a column of float32
        own = {name: facts[name] for name in _OF_FACTS if facts.get(name)}
        return cls(asked=tuple(named), depth=tuple(depth), **own, **fields)


class Prediction(BaseModel):
    """A model's reply to one sample."""

    model_config = ConfigDict(frozen=True)

    EXAMPLE: ClassVar[str] = '{"index": 0, "prediction": "42"}'

    index: int | None = None
    reply: Annotated[str, BeforeValidator(_as_text), Field(validation_alias=AliasChoices("prediction", "pred"))]


Rating = Mapping[str, float]
"""Measures by name, each from 0 to 1."""


def leaves(value: object) -> Iterator[str]:
    """The strings and numbers in a JSON value as strings, in order; of mappings the values."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, list | tuple | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from leaves(inner)
