"""`niah`: needles in a haystack: say the values of some keys, each stated in one sentence of a long text.

Teaches retrieval of one or several facts from text of the same or another kind. Source: RULER's single, multi-key,
multi-value and multi-query needles (Hsieh et al. 2024) and the depth by length pressure test. Left out: needles that
need knowledge of the world.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from ..schemas.sample import Sample, Span
from .haystack import Passage, passage
from .identifiers import Kind, identifiers
from .task import SETTINGS, Task, Template
from .text import Words, running_chars, squeeze, words
from .wording import fill, shift

Depth = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, kw_only=True)
class Wording:
    """One way to put the task.

    Slots: {kind} of a value in the singular, {key}, {value} in `needle`; {keys} in the question; {key} and {values} in
    `fact`, which is repeated for each asked key.
    """

    optional: ClassVar[Sequence[str]] = ("kind",)

    id: str
    head: str
    needle: str
    one: str
    """The question for a single value."""
    many: str
    """The question for several."""
    fact: str


WORDINGS = (
    Wording(
        id="seed",
        head="Some special magic {kind}s are hidden in the text below. You will be asked for them.\n\n",
        needle="One of the special magic {kind}s for {key} is: {value}.",
        one="What is the special magic {kind} for {keys} mentioned in the provided text?",
        many="What are all the special magic {kind}s for {keys} mentioned in the provided text?",
        fact="The special magic {kind}s for {key}: {values}.",
    ),
    Wording(
        id="locker",
        head="The text that follows says in places which {kind} opens which locker.\n\n",
        needle="Locker {key} opens with the {kind} {value}.",
        one="Which {kind} opens locker {keys}?",
        many="Give every {kind} that opens {keys}.",
        fact="Locker {key} opens with {values}.",
    ),
    Wording(
        id="badge",
        head="Read this text. It mentions badges and the {kind} printed on each.\n\n",
        needle="The badge of {key} carries the {kind} {value}.",
        one="What {kind} does the badge of {keys} carry?",
        many="List each {kind} carried by the badges of {keys}.",
        fact="The badge of {key} carries {values}.",
    ),
    Wording(
        id="registry",
        head="Entries of a registry are scattered over the text below.\n\n",
        needle="In the registry, {key} is entered under the {kind} {value}.",
        one="Under which {kind} is {keys} entered in the registry?",
        many="Under which {kind}s are these entered in the registry: {keys}?",
        fact="{key} is entered under {values}.",
    ),
    Wording(
        id="signal",
        head="Somewhere in the next pages stations answer with a {kind}.\n\n",
        needle="Station {key} answered with the {kind} {value}.",
        one="With which {kind} did station {keys} answer?",
        many="Report every {kind} that came from {keys}.",
        fact="Station {key} answered with {values}.",
    ),
    Wording(
        id="crate",
        head="A long text follows. Crates and the {kind} stamped on them come up in it now and then.\n\n",
        needle="Crate {key} is stamped with the {kind} {value}.",
        one="Which {kind} is stamped on crate {keys}?",
        many="Write down all that is stamped on {keys}, {kind} by {kind}.",
        fact="Crate {key} is stamped with {values}.",
    ),
    Wording(
        id="ticket",
        head="In this text some tickets are mentioned together with a {kind}.\n\n",
        needle="Ticket {key} was sold with the {kind} {value}.",
        one="What {kind} was ticket {keys} sold with?",
        many="Name every {kind} sold with {keys}.",
        fact="Ticket {key} was sold with {values}.",
    ),
    Wording(
        id="seed_bank",
        head="Between other sentences this text tells the {kind} of several samples of seeds.\n\n",
        needle="Sample {key} is filed with the {kind} {value}.",
        one="Which {kind} is sample {keys} filed with?",
        many="Which {kind}s belong to these samples: {keys}?",
        fact="Sample {key} is filed with {values}.",
    ),
    Wording(
        id="beacon",
        head="Pay attention to the beacons in this text and to the {kind} each of them sends.\n\n",
        needle="Beacon {key} sends the {kind} {value}.",
        one="Which {kind} does beacon {keys} send?",
        many="Collect each {kind} sent by {keys}.",
        fact="Beacon {key} sends {values}.",
    ),
)

_KIND_WORDS: Mapping[Kind, str] = {"words": "word", "numbers": "number", "uuids": "uuid"}
_NOT_FOUND = "not mentioned"

_RULER: Mapping[str, Mapping[str, Any]] = {
    "single_1": {"haystack": "noise"},
    "single_2": {"haystack": "prose"},
    "single_3": {"haystack": "prose", "value_type": "uuids"},
    "multikey_1": {"haystack": "prose", "num_keys": 4},
    "multikey_2": {"haystack": "needles"},
    "multikey_3": {"haystack": "needles", "key_type": "uuids", "value_type": "uuids"},
    "multivalue": {"haystack": "prose", "num_values": 4},
    "multiquery": {"haystack": "prose", "num_queries": 4},
}


@dataclass(frozen=True, kw_only=True, config=SETTINGS)
class Niah(Task):
    """Needles in a haystack: say the values of some keys, each stated in one sentence of a long text."""

    name: ClassVar[str] = "niah"
    templates: ClassVar[Sequence[Template]] = WORDINGS
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = _RULER

    num_keys: Annotated[int, Field(ge=1, le=1000)] = 1
    """Keys with values of their own in the text; at least as many as are asked for."""

    num_values: Annotated[int, Field(ge=1, le=100)] = 1
    """Values of each key, each in a sentence of its own."""

    num_queries: Annotated[int, Field(ge=1, le=100)] = 1
    """Keys that are asked for."""

    key_type: Kind = "words"
    """What keys are made of."""

    value_type: Kind = "numbers"
    """What values are made of."""

    haystack: Literal["noise", "prose", "needles"] = "noise"
    """What the needles lie in: plain sentences, invented prose, or other needles."""

    depths: Annotated[tuple[Depth, ...], Field(min_length=1)] | None = None
    """Depths to draw the asked needles' place from, 0 the beginning; by default it is anywhere."""

    absent: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of samples in which the first asked key is not in the text and the answer says so."""

    def draft(self, rng: np.random.Generator, template: Template, num_units: int) -> "NiahDraft":
        """Sentences of the haystack as units; the needles come on top of them."""
        assert isinstance(template, Wording)
        return NiahDraft(self, rng, template, num_units)


@dataclass(frozen=True, kw_only=True)
class _Needle:
    """A sentence of the text that states a value of a key."""

    key: str
    value: str
    place: float
    """Where it stands: the share of the haystack's sentences before it."""
    sentence: str = field(default="")


class NiahDraft:
    """A haystack and the needles, which `render` spreads over its first sentences."""

    def __init__(self, task: Niah, rng: np.random.Generator, wording: Wording, num_units: int) -> None:
        self.task, self.wording = task, wording
        self._kind = _KIND_WORDS[task.value_type]
        num_keys = max(task.num_keys, task.num_queries)
        num_extra = num_units if task.haystack == "needles" else 0
        keys, values = self._draw_identifiers(rng, num_keys + 1 + num_extra, num_keys * task.num_values + num_extra)
        self._absent = rng.random() < task.absent
        names = [squeeze(row) for row in keys[: num_keys + 1]]
        asked = names[: task.num_queries]
        self._stated = [names[-1], *names[1:num_keys]] if self._absent else names[:num_keys]
        self._asked = asked
        self._needles = self._draw_needles(rng, [squeeze(row) for row in values[: num_keys * task.num_values]])
        if task.haystack == "needles":
            self._passage = self._needle_passage(keys[num_keys + 1 :], values[num_keys * task.num_values :])
        else:
            self._passage = passage(task.haystack, rng, num_units)
        fixed = len(self.render(1).text) - int(self._passage.ends[1])
        self.chars: NDArray[np.int64] = self._passage.ends + fixed

    def render(self, num_units: int) -> Sample:
        """The sample of the first sentences with all needles among them."""
        placed = [(int(needle.place * (num_units + 1)), needle.sentence) for needle in self._needles]
        body, spans = self._passage.with_needles(num_units, placed)
        head, _ = fill(self.wording.head, kind=self._kind)
        stated = [
            (needle, shift(span, len(head)))
            for needle, span in sorted(zip(self._needles, spans, strict=True), key=lambda pair: pair[1])
            if needle.key in self._asked
        ]
        answer, values, slots = self._answer([needle for needle, _ in stated])
        prompt = f"{head}{body}\n\n{self._question()}\n"
        found = {needle.value: span for needle, span in stated}
        evidence = [found[value] for value in values if value in found]
        return Sample(
            prompt=prompt,
            answer=answer,
            answers=tuple(values),
            answer_spans=tuple(shift(span, len(prompt)) for span in slots),
            evidence_spans=tuple(evidence),
            depth=tuple((start - len(head)) / max(len(body) - (end - start), 1) for start, end in evidence),
            template=self.wording.id,
            facts={
                "asked": self._asked,
                "absent": bool(self._absent),
                "needles": [{"key": needle.key, "value": needle.value} for needle, _ in stated],
                "num_needles": len(self._needles),
                "num_sentences": num_units,
            },
        )

    def _draw_identifiers(self, rng: np.random.Generator, num_keys: int, num_values: int) -> tuple[Words, Words]:
        """Keys and values, all different, also from each other where they are of one kind."""
        if self.task.key_type != self.task.value_type:
            return identifiers(self.task.key_type, rng, num_keys), identifiers(self.task.value_type, rng, num_values)
        both = identifiers(self.task.key_type, rng, num_keys + num_values)
        return both[:num_keys], both[num_keys:]

    def _draw_needles(self, rng: np.random.Generator, values: Sequence[str]) -> list[_Needle]:
        per_key = self.task.num_values
        places = rng.random(len(values))
        if self.task.depths is not None:
            chosen = rng.choice(np.array(self.task.depths), len(values))
            num_asked = self.task.num_queries * per_key
            places[:num_asked] = np.minimum(chosen[:num_asked], np.nextafter(1.0, 0.0))
        return [
            _Needle(key=key, value=value, place=float(place), sentence=self._sentence(key, value))
            for key, value, place in zip(np.repeat(self._stated, per_key).tolist(), values, places, strict=True)
        ]

    def _sentence(self, key: str, value: str) -> str:
        return fill(self.wording.needle, kind=self._kind, key=key, value=value)[0]

    def _needle_passage(self, keys: Words, values: Words) -> Passage:
        """The distractors of a haystack that is made of needles, a sentence each."""
        before, _, rest = fill(self.wording.needle, kind=self._kind, key="\0", value="\1")[0].partition("\0")
        between, _, after = rest.partition("\1")
        columns = [words(before), keys, words(between), values, words(after + " ")]
        block = np.concatenate(
            [np.broadcast_to(column, (len(keys), column.shape[-1])) for column in columns if column.size], axis=1
        )
        return Passage(squeeze(block), np.concatenate(([0], running_chars(block))))

    def _question(self) -> str:
        single = len(self._asked) == 1 and self.task.num_values == 1
        text, _ = fill(self.wording.one if single else self.wording.many, kind=self._kind, keys=_joined(self._asked))
        if self.task.absent > 0:
            text += f" For what the text does not mention, answer: {_NOT_FOUND}."
        return text

    def _answer(self, stated: Sequence[_Needle]) -> tuple[str, list[str], list[Span]]:
        """The answer, its reference answers in order of the asked keys and of the text, and where they stand in it."""
        text, values, spans = "", list[str](), list[Span]()
        for key in self._asked:
            own = [needle.value for needle in stated if needle.key == key] or [_NOT_FOUND]
            fact, slots = fill(self.wording.fact, kind=self._kind, key=key, values=", ".join(own))
            at = len(text) + (1 if text else 0) + slots["values"][0]
            for value in own:
                spans.append((at, at + len(value)))
                at += len(value) + len(", ")
            text = f"{text} {fact}" if text else fact
            values += own
        return text, values, spans


def _joined(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(items[:-1]), items[-1])))
