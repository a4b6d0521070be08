"""`niah`: needles in a haystack: say the values of some keys, each stated in one sentence of a long text.

Teaches retrieval of one or several facts from text of the same or another kind. Source: RULER's single, multi-key,
multi-value and multi-query needles (Hsieh et al. 2024), HELMET's recall set, and the depth by length pressure test,
whose needle names things to do in a city. Left out: needles that need knowledge of the world.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from ..schemas.sample import Sample, Span
from .essay import CorpusPath, corpus_files, excerpt, names_in_corpus
from .haystack import Passage, passage
from .identifiers import Kind, Name, identifiers
from .task import SETTINGS, Task, Template
from .text import Words, running_chars, squeeze, words
from .wording import fill, shift

Depth = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, kw_only=True)
class Wording:
    """One way to put the task.

    Slots: {kind} of a value in the singular, {key}, {value} in `needle`; {keys} in the question; {key} and {values} in
    `fact` and `absent`, one of which answers for each asked key. Only wordings for facts know {kind}.
    """

    optional: ClassVar[Sequence[str]] = ("kind",)

    id: str
    head: str
    needle: str
    one: str
    """The question for a single value or list."""
    many: str = field(default="")
    """The question for several values of one key; a key has a single list."""
    each: str
    """The question for several keys."""
    fact: str
    absent: str


FACTS = (
    Wording(
        id="seed",
        head="Some special magic {kind}s are hidden in the text below. You will be asked for them.\n\n",
        needle="One of the special magic {kind}s for {key} is: {value}.",
        one="What is the special magic {kind} for {keys} mentioned in the provided text?",
        many="What are all the special magic {kind}s for {keys} mentioned in the provided text?",
        each="What are all the special magic {kind}s for {keys} mentioned in the provided text?",
        fact="For {key} the text mentions {values}.",
        absent="{key} is {values}.",
    ),
    Wording(
        id="locker",
        head="The text that follows says in places which {kind} opens which locker.\n\n",
        needle="Locker {key} opens with the {kind} {value}.",
        one="Which {kind} opens locker {keys}?",
        many="Give every {kind} that opens locker {keys}.",
        each="Give every {kind} that opens one of the lockers {keys}.",
        fact="Locker {key} opens with {values}.",
        absent="Locker {key} is {values}.",
    ),
    Wording(
        id="badge",
        head="Read this text. It mentions badges and what is printed on them.\n\n",
        needle="The badge of {key} carries the {kind} {value}.",
        one="What {kind} does the badge of {keys} carry?",
        many="List each {kind} carried by the badge of {keys}.",
        each="List each {kind} carried by the badges of {keys}.",
        fact="The badge of {key} carries {values}.",
        absent="The badge of {key} is {values}.",
    ),
    Wording(
        id="registry",
        head="Entries of a registry are scattered over the text below.\n\n",
        needle="In the registry, {key} is entered under the {kind} {value}.",
        one="Under which {kind} is {keys} entered in the registry?",
        many="Under which {kind}s is {keys} entered in the registry?",
        each="Under which {kind}s are {keys} entered in the registry?",
        fact="{key} is entered under {values}.",
        absent="{key} is {values}.",
    ),
    Wording(
        id="signal",
        head="Somewhere in the next pages stations answer with a {kind}.\n\n",
        needle="Station {key} answered with the {kind} {value}.",
        one="With which {kind} did station {keys} answer?",
        many="Report every {kind} that came from station {keys}.",
        each="Report every {kind} that came from the stations {keys}.",
        fact="Station {key} answered with {values}.",
        absent="Station {key} is {values}.",
    ),
    Wording(
        id="crate",
        head="A long text follows. Now and then it tells which {kind} is stamped on a crate.\n\n",
        needle="Crate {key} is stamped with the {kind} {value}.",
        one="Which {kind} is stamped on crate {keys}?",
        many="Write down all that is stamped on crate {keys}, {kind} by {kind}.",
        each="Write down all that is stamped on the crates {keys}, {kind} by {kind}.",
        fact="Crate {key} is stamped with {values}.",
        absent="Crate {key} is {values}.",
    ),
    Wording(
        id="ticket",
        head="In this text some tickets are mentioned together with a {kind}.\n\n",
        needle="Ticket {key} was sold with the {kind} {value}.",
        one="What {kind} was ticket {keys} sold with?",
        many="Name every {kind} that ticket {keys} was sold with.",
        each="Name every {kind} that the tickets {keys} were sold with.",
        fact="Ticket {key} was sold with {values}.",
        absent="Ticket {key} is {values}.",
    ),
    Wording(
        id="seed_bank",
        head="Between other sentences this text tells with which {kind} samples of seeds are filed.\n\n",
        needle="Sample {key} is filed with the {kind} {value}.",
        one="Which {kind} is sample {keys} filed with?",
        many="Which {kind}s is sample {keys} filed with?",
        each="Which {kind}s are the samples {keys} filed with?",
        fact="Sample {key} is filed with {values}.",
        absent="Sample {key} is {values}.",
    ),
    Wording(
        id="beacon",
        head="Pay attention to the beacons in this text and to what each of them sends.\n\n",
        needle="Beacon {key} sends the {kind} {value}.",
        one="Which {kind} does beacon {keys} send?",
        many="Collect each {kind} sent by beacon {keys}.",
        each="Collect each {kind} sent by the beacons {keys}.",
        fact="Beacon {key} sends {values}.",
        absent="Beacon {key} is {values}.",
    ),
)

LISTS = (
    Wording(
        id="guide",
        head="Somewhere the text below says what to do in a city.\n\n",
        needle="The 5 best things to do in {key} are: {value}.",
        one="What are the 5 best things to do in {keys}?",
        each="What are the 5 best things to do in {keys}? Take one city after the other.",
        fact="The 5 best things to do in {key} are: {values}.",
        absent="{key} is {values}.",
    ),
    Wording(
        id="visitor",
        head="Someone who travels a lot has left advice between the sentences of this text.\n\n",
        needle="A visitor to {key} should not miss these five: {value}.",
        one="Which five things should a visitor to {keys} not miss?",
        each="Which five things should a visitor not miss in each of these cities: {keys}?",
        fact="A visitor to {key} should not miss these five: {values}.",
        absent="{key} is {values}.",
    ),
    Wording(
        id="weekend",
        head="Read on, and notice how one might spend a weekend.\n\n",
        needle="A perfect weekend in {key} has five parts: {value}.",
        one="What are the five parts of a perfect weekend in {keys}?",
        each="What are the five parts of a perfect weekend in {keys}, one city at a time?",
        fact="The five parts of a perfect weekend in {key}: {values}.",
        absent="A weekend in {key} is {values}.",
    ),
    Wording(
        id="mayor",
        head="In the text that follows mayors give their guests something to do.\n\n",
        needle="The mayor of {key} tells every guest to do five things: {value}.",
        one="Which five things does the mayor of {keys} tell every guest to do?",
        each="Which five things do the mayors of {keys} tell every guest to do?",
        fact="The mayor of {key} tells every guest to do this: {values}.",
        absent="The mayor of {key} is {values}.",
    ),
    Wording(
        id="journey",
        head="The plan of a journey was torn up and mixed into the text below.\n\n",
        needle="The plan for the day in {key} is this: {value}.",
        one="What is the plan for the day in {keys}?",
        each="What are the plans for the days in {keys}?",
        fact="The plan for the day in {key} is this: {values}.",
        absent="The day in {key} is {values}.",
    ),
    Wording(
        id="poll",
        head="Results of polls about city life are hidden in these pages.\n\n",
        needle="Asked what they like best, people in {key} named five things: {value}.",
        one="What did people in {keys} name when they were asked what they like best?",
        each="What did people name in each of these cities when they were asked what they like best: {keys}?",
        fact="People in {key} named five things: {values}.",
        absent="{key} is {values}.",
    ),
    Wording(
        id="club",
        head="A travel club explains its rules here and there in this text.\n\n",
        needle="Whoever joins the club in {key} has to do five things: {value}.",
        one="What does whoever joins the club in {keys} have to do?",
        each="What does whoever joins the clubs in {keys} have to do?",
        fact="Whoever joins the club in {key} has to do this: {values}.",
        absent="The club in {key} is {values}.",
    ),
    Wording(
        id="farewell",
        head="Look for good advice on leaving a city in what follows.\n\n",
        needle="Nobody should leave {key} before having done all of this: {value}.",
        one="What should everybody have done before leaving {keys}?",
        each="What should everybody have done before leaving each of these cities: {keys}?",
        fact="Before leaving {key} everybody should have done all of this: {values}.",
        absent="{key} is {values}.",
    ),
    Wording(
        id="trip",
        head="Now and then this long text advertises a day trip.\n\n",
        needle="The day trip to {key} offers five ways to pass the time: {value}.",
        one="Which five ways to pass the time does the day trip to {keys} offer?",
        each="Which five ways to pass the time do the day trips to {keys} offer?",
        fact="The day trip to {key} offers these: {values}.",
        absent="The day trip to {key} is {values}.",
    ),
)

_NUM_LISTED = 5
_KIND_WORDS: Mapping[Kind, str] = {"words": "word", "numbers": "number", "uuids": "UUID"}
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
_HELMET = {"mk_2": _RULER["multikey_2"], "mk_3": _RULER["multikey_3"], "mv": _RULER["multivalue"]}
_PRESSURE_TEST = {"haystack": "prose", "needle_type": "list", "depths": [step / 10 for step in range(11)]}


@dataclass(frozen=True, kw_only=True, config=SETTINGS)
class Niah(Task):
    """Needles in a haystack: say the values of some keys, each stated in one sentence of a long text."""

    name: ClassVar[str] = "niah"
    templates: ClassVar[Sequence[Template]] = FACTS
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {**_RULER, **_HELMET, "pressure_test": _PRESSURE_TEST}

    needle_type: Literal["fact", "list"] = "fact"
    """What a needle says: one value of a key, or the five best things to do in a city, all of which are asked for."""

    num_keys: Annotated[int, Field(ge=1, le=1000)] = 1
    """Keys with values of their own in the text; at least as many as are asked for."""

    num_values: Annotated[int, Field(ge=1, le=100)] = 1
    """Values of each key, each in a sentence of its own; a city has one list."""

    num_queries: Annotated[int, Field(ge=1, le=100)] = 1
    """Keys that are asked for."""

    key_type: Kind = "words"
    """What keys are made of, other than cities."""

    value_type: Kind = "numbers"
    """What values are made of, other than things to do."""

    haystack: Literal["noise", "prose", "needles", "essay"] = "noise"
    """What the needles lie in: plain sentences, invented prose, other needles, or the text of a corpus."""

    corpus: CorpusPath = None
    """Where haystack is essay: a file of text (.txt, .jsonl, .jsonl.gz, .jsonl.zst, .parquet) or a folder of .txt."""

    depths: Annotated[tuple[Depth, ...], Field(min_length=1)] | None = None
    """Depths to draw the asked needles' place from, 0 the beginning; by default it is anywhere."""

    absent: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of samples in which the first asked key is not in the text and the answer says so."""

    @model_validator(mode="after")
    def _use_wordings_for_lists(self) -> "Niah":
        if self.needle_type == "list":
            if (self.num_values, self.key_type, self.value_type) != (1, "words", "numbers"):
                raise ValueError(
                    "needle_type=list has one list for each city: leave out num_values, key_type and value_type"
                )
            object.__setattr__(self, "templates", LISTS)  # of this task, not of its class
        return self

    def input_files(self) -> Sequence[Path]:
        """The corpus."""
        return () if self.corpus is None else corpus_files(self.corpus)

    def draft(self, rng: np.random.Generator, template: Template, num_units: int) -> "NiahDraft":
        """Sentences of the haystack as units; the needles come on top of them."""
        assert isinstance(template, Wording)
        return NiahDraft(self, rng, template, num_units)


@dataclass(frozen=True, kw_only=True)
class _Needle:
    """A sentence of the text that states a value of a key, or lists several."""

    key: str
    values: tuple[str, ...]
    place: float
    """Where it stands: the share of the haystack's sentences before it."""
    sentence: str


class NiahDraft:
    """A haystack and the needles, which `render` spreads over its first sentences."""

    def __init__(self, task: Niah, rng: np.random.Generator, wording: Wording, num_units: int) -> None:
        self.task, self.wording = task, wording
        self._is_list = task.needle_type == "list"
        self._kind = _KIND_WORDS[task.value_type]
        num_keys = max(task.num_keys, task.num_queries)
        num_needles = num_keys * task.num_values
        num_extra = num_units if task.haystack == "needles" else 0
        keys, values = self._draw_names(rng, num_keys + 1 + num_extra, num_needles + num_extra)
        self._absent = rng.random() < task.absent
        names = [squeeze(row) for row in keys[: num_keys + 1]]
        self._asked = names[: task.num_queries]
        stated = [names[-1], *names[1:num_keys]] if self._absent else names[:num_keys]
        self._needles = self._draw_needles(rng, stated, values[:num_needles])
        if task.haystack == "needles":
            self._passage = self._needle_passage(keys[num_keys + 1 :], values[num_needles:])
        elif task.haystack == "essay":
            assert task.corpus is not None
            self._passage = excerpt(task.corpus, rng, num_units)
        else:
            self._passage = passage(task.haystack, rng, num_units)
        fixed = len(self.render(1).text) - int(self._passage.ends[1])
        self.chars: NDArray[np.int64] = self._passage.ends + fixed

    def render(self, num_units: int) -> Sample:
        """The sample of the first sentences with all needles among them."""
        placed = [(int(needle.place * (num_units + 1)), needle.sentence) for needle in self._needles]
        body, spans = self._passage.with_needles(num_units, placed)
        head, _ = fill(self.wording.head, kind=self._kind)
        in_order = sorted(zip(spans, self._needles, strict=True), key=lambda pair: pair[0])
        stated = [(needle, span) for key in self._asked for span, needle in in_order if needle.key == key]
        answer, values, slots = self._answer([needle for needle, _ in stated])
        prompt = f"{head}{body}\n\n{self._question()}\n"
        return Sample(
            prompt=prompt,
            answer=answer,
            answers=tuple(values),
            answer_spans=tuple(shift(span, len(prompt)) for span in slots),
            evidence_spans=tuple(shift(span, len(head)) for _, span in stated),
            depth=tuple(start / max(len(body) - (end - start), 1) for _, (start, end) in stated),
            template=self.wording.id,
            facts={
                "asked": self._asked,
                "absent": bool(self._absent),
                "needles": [{"key": needle.key, "values": list(needle.values)} for needle, _ in stated],
                "num_needles": len(self._needles),
                "num_sentences": num_units,
                **self._passage.facts(num_units),
            },
        )

    def _draw_names(self, rng: np.random.Generator, num_keys: int, num_needles: int) -> tuple[Words, Words]:
        """Keys, shape (keys, words), and what needles say of them, shape (needles, values, words).

        All are different, also from each other where they are of one kind, and none is in the corpus.
        """

        def draw(kind: Name, count: int) -> Words:
            taken = names_in_corpus(self.task.corpus, kind) if self.task.corpus is not None else frozenset[str]()
            return identifiers(kind, rng, count, taken)

        if self._is_list:
            outings = draw("outings", num_needles * _NUM_LISTED)
            return draw("cities", num_keys), outings.reshape(num_needles, _NUM_LISTED, -1)
        if self.task.key_type == self.task.value_type:
            both = draw(self.task.key_type, num_keys + num_needles)
            return both[:num_keys], both[num_keys:, None]
        return draw(self.task.key_type, num_keys), draw(self.task.value_type, num_needles)[:, None]

    def _draw_needles(self, rng: np.random.Generator, keys: Sequence[str], values: Words) -> list[_Needle]:
        places = rng.random(len(values))
        if self.task.depths is not None:
            chosen = rng.choice(np.array(self.task.depths), len(values))
            num_asked = self.task.num_queries * self.task.num_values
            places[:num_asked] = np.minimum(chosen[:num_asked], np.nextafter(1.0, 0.0))
        needles: list[_Needle] = []
        for number, (place, rows) in enumerate(zip(places.tolist(), values, strict=True)):
            key, said = keys[number // self.task.num_values], tuple(squeeze(row) for row in rows)
            sentence, _ = fill(self.wording.needle, kind=self._kind, key=key, value=self._listed(said)[0])
            needles.append(_Needle(key=key, values=said, place=place, sentence=sentence))
        return needles

    def _needle_passage(self, keys: Words, values: Words) -> Passage:
        """The distractors of a haystack that is made of needles, a sentence each."""
        before, _, rest = fill(self.wording.needle, kind=self._kind, key="\0", value="\1")[0].partition("\0")
        between, _, after = rest.partition("\1")
        columns = [words(before), keys, words(between)]
        for place, label in enumerate(_labels(values.shape[1], self._is_list)):
            columns += [words(label), values[:, place]]
        columns.append(words(after + " "))
        block = np.concatenate(
            [np.broadcast_to(column, (len(keys), column.shape[-1])) for column in columns if column.size], axis=1
        )
        return Passage(squeeze(block), np.concatenate(([0], running_chars(block))))

    def _question(self) -> str:
        if len(self._asked) > 1:
            pattern, what = self.wording.each, "For what the text does not mention"
        else:
            pattern = self.wording.one if self.task.num_values == 1 else self.wording.many
            what = "If the text does not mention it"
        text, _ = fill(pattern, kind=self._kind, keys=_join(self._asked, numbered=False)[0])
        return f"{text} {what}, answer: {_NOT_FOUND}." if self.task.absent > 0 else text

    def _answer(self, stated: Sequence[_Needle]) -> tuple[str, list[str], list[Span]]:
        """The answer, its reference answers in order of the asked keys and of the text, and where they stand in it."""
        text, values, spans = "", list[str](), list[Span]()
        for key in self._asked:
            own = [value for needle in stated if needle.key == key for value in needle.values]
            pattern = self.wording.fact if own else self.wording.absent
            listed, places = self._listed(own) if own else (_NOT_FOUND, [(0, len(_NOT_FOUND))])
            fact, slots = fill(pattern, kind=self._kind, key=key, values=listed)
            text += " " if text else ""
            spans += [shift(place, len(text) + slots["values"][0]) for place in places]
            text += fact
            values += own or [_NOT_FOUND]
        return text, values, spans

    def _listed(self, values: Sequence[str]) -> tuple[str, list[Span]]:
        return _join(values, numbered=self._is_list)


def _join(items: Sequence[str], *, numbered: bool) -> tuple[str, list[Span]]:
    """`a`, `a and b`, `a, b and c`, or `1) a, 2) b and 3) c`, and where each item stands in it."""
    text, spans = "", list[Span]()
    for label, item in zip(_labels(len(items), numbered), items, strict=True):
        text += label + item
        spans.append((len(text) - len(item), len(text)))
    return text, spans


def _labels(count: int, numbered: bool) -> list[str]:
    """What stands before each item of a list."""
    links = ["", *[", "] * (count - 2), *[" and "] * (count > 1)]
    return [f"{link}{place}) " if numbered else link for place, link in enumerate(links, start=1)]
