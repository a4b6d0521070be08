"""`niah`: needles in a haystack: say the values of some keys, each stated in one sentence of a long text.

Teaches retrieval of one or several facts from text of the same or another kind. Source: RULER's single, multi-key,
multi-value and multi-query needles (Hsieh et al. 2024), HELMET's recall set, and the depth by length pressure test,
whose needle names things to do in a city. Left out: needles that need knowledge of the world.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from ..schemas.quantity import Depth
from ..schemas.sample import CountTokens, Draft, Sample, Span
from .material.essay import CorpusPath, corpus_files, excerpt, names_in_corpus
from .material.fact_needles import FACTS
from .material.haystack import passage
from .material.identifiers import FactKind, NameKind, Names, identifiers
from .material.list_needles import LISTS
from .material.needles import Needle, NeedleWording, listed, needle_haystack
from .material.wording import fill, shift
from .task import SETTINGS, Task, Template

_NUM_LISTED = 5
_KIND_WORDS: Mapping[FactKind, str] = {"words": "word", "numbers": "number", "uuids": "UUID"}
_NOT_FOUND = "not mentioned"

_RULER: Mapping[str, Mapping[str, object]] = {
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
    presets: ClassVar[Mapping[str, Mapping[str, object]]] = {**_RULER, **_HELMET, "pressure_test": _PRESSURE_TEST}
    guessable: ClassVar[Collection[str]] = (
        *("defaults", "single_1", "single_2", "single_3"),
        *("multikey_1", "multivalue", "multiquery", "mv", "pressure_test"),
    )

    needle_type: Literal["fact", "list"] = "fact"
    """What a needle says: one value of a key, or the five best things to do in a city, all of which are asked for."""

    num_keys: Annotated[int, Field(ge=1, le=1000)] = 1
    """Keys with values of their own in the text; at least as many as are asked for."""

    num_values: Annotated[int, Field(ge=1, le=100)] = 1
    """Values of each key, each in a sentence of its own; a city has one list."""

    num_queries: Annotated[int, Field(ge=1, le=100)] = 1
    """Keys that are asked for."""

    key_type: FactKind = "words"
    """What keys are made of, other than cities."""

    value_type: FactKind = "numbers"
    """What values are made of, other than things to do."""

    haystack: Literal["noise", "prose", "needles", "essay"] = "noise"
    """What the needles lie in: plain sentences, invented prose, other needles, or the text of a corpus."""

    corpus: CorpusPath = None
    """Where haystack is essay: a file of texts, in any form that ingest reads, or a folder of .txt."""

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
        """The files of the corpus, where the settings name one."""
        return () if self.corpus is None else corpus_files(self.corpus)

    def draft(self, rng: np.random.Generator, template: Template, num_units: int) -> "NiahDraft":
        """A draft whose units are sentences of the haystack; the needles come on top of them."""
        assert isinstance(template, NeedleWording)
        return NiahDraft(self, rng, template, num_units)


class NiahDraft(Draft):
    """A haystack and the needles, which `render` spreads over its first sentences."""

    def __init__(self, task: Niah, rng: np.random.Generator, wording: NeedleWording, num_units: int) -> None:
        self.task, self.wording = task, wording
        self._is_list = task.needle_type == "list"
        self._kind = _KIND_WORDS[task.value_type]
        num_keys = max(task.num_keys, task.num_queries)
        num_needles = num_keys * task.num_values
        num_extra = num_units if task.haystack == "needles" else 0
        keys, values = self._draw_names(rng, num_keys + 1 + num_extra, num_needles + num_extra)
        self._absent = rng.random() < task.absent
        names = keys[: num_keys + 1].strings()
        self._asked = names[: task.num_queries]
        stated = [names[-1], *names[1:num_keys]] if self._absent else names[:num_keys]
        said = zip(*(column[:num_needles].strings() for column in values), strict=True)
        self._needles = self._draw_needles(rng, stated, list(said))
        self._evidence = [
            number for key in self._asked for number, needle in enumerate(self._needles) if needle.key == key
        ]
        if task.haystack == "needles":
            others = [column[num_needles:] for column in values]
            self._passage = needle_haystack(wording, self._kind, keys[num_keys + 1 :], others, numbered=self._is_list)
        elif task.haystack == "essay":
            assert task.corpus is not None
            self._passage = excerpt(task.corpus, rng, num_units)
        else:
            self._passage = passage(task.haystack, rng, num_units)
        self._head = fill(wording.head, kind=self._kind)[0]
        self._question = self._asking()
        self._answer, self._answers, self._answer_spans = self._answering()
        fixed = (self._head, "\n\n", self._question, "\n", self._answer, *(f"{n.sentence} " for n in self._needles))
        self.chars: NDArray[np.int64] = self._passage.ends + sum(map(len, fixed))

    def tokens(self, count: CountTokens) -> NDArray[np.int64] | None:
        """Tokens of the fragments of the first 0..capacity sentences; None where the haystack is not made of any."""
        return self._passage.tokens(count)

    def render(self, num_units: int) -> Sample:
        """The sample of the first sentences with all needles among them."""
        placed = [(int(needle.place * (num_units + 1)), needle.sentence) for needle in self._needles]
        body, spans = self._passage.with_needles(num_units, placed)
        evidence = [spans[number] for number in self._evidence]
        prompt = "".join((self._head, *body, "\n\n", self._question, "\n"))
        before, num_chars = len(self._head), sum(map(len, body))
        return Sample(
            prompt=prompt,
            answer=self._answer,
            answers=self._answers,
            answer_spans=tuple(shift(span, len(prompt)) for span in self._answer_spans),
            evidence_spans=tuple(shift(span, before) for span in evidence),
            context_span=(before, before + num_chars),
            depth=tuple(start / max(num_chars - (end - start), 1) for start, end in evidence),
            template=self.wording.id,
            facts={
                "asked": self._asked,
                "absent": bool(self._absent),
                "needles": [{"key": needle.key, "values": list(needle.values)} for needle in self._stated()],
                "num_needles": len(self._needles),
                "num_sentences": num_units,
                **self._passage.facts(num_units),
            },
        )

    def _draw_names(self, rng: np.random.Generator, num_keys: int, num_needles: int) -> tuple[Names, list[Names]]:
        """Keys, and what needles say of them first, second and so on.

        All are different, also from each other where they are of one kind, and none is in the corpus.
        """

        def draw(kind: NameKind, count: int) -> Names:
            taken = names_in_corpus(self.task.corpus, kind) if self.task.corpus is not None else frozenset[str]()
            return identifiers(kind, rng, count, taken)

        if self._is_list:
            outings = draw("outings", num_needles * _NUM_LISTED)
            return draw("cities", num_keys), [outings[place::_NUM_LISTED] for place in range(_NUM_LISTED)]
        if self.task.key_type == self.task.value_type:
            both = draw(self.task.key_type, num_keys + num_needles)
            return both[:num_keys], [both[num_keys:]]
        return draw(self.task.key_type, num_keys), [draw(self.task.value_type, num_needles)]

    def _draw_needles(
        self, rng: np.random.Generator, keys: Sequence[str], values: Sequence[tuple[str, ...]]
    ) -> list[Needle]:
        """The needles in order of the text; those between the same two sentences will keep it."""
        places = rng.random(len(values))
        if self.task.depths is not None:
            chosen = rng.choice(np.array(self.task.depths), len(values))
            num_asked = self.task.num_queries * self.task.num_values
            places[:num_asked] = np.minimum(chosen[:num_asked], np.nextafter(1.0, 0.0))
        needles: list[Needle] = []
        for number, (place, said) in enumerate(zip(places.tolist(), values, strict=True)):
            key = keys[number // self.task.num_values]
            sentence, _ = fill(self.wording.needle, kind=self._kind, key=key, value=self._listed(said)[0])
            needles.append(Needle(key=key, values=said, place=place, sentence=sentence))
        return sorted(needles, key=lambda needle: needle.place)

    def _asking(self) -> str:
        """The question for all asked keys."""
        if len(self._asked) > 1:
            pattern, what = self.wording.each, "For what the text does not mention"
        else:
            pattern = self.wording.one if self.task.num_values == 1 else self.wording.many
            what = "If the text does not mention it"
        text, _ = fill(pattern, kind=self._kind, keys=listed(self._asked, numbered=False)[0])
        return f"{text} {what}, answer: {_NOT_FOUND}." if self.task.absent > 0 else text

    def _stated(self) -> list[Needle]:
        """The needles that are asked for, in order of the asked keys and of the text."""
        return [self._needles[number] for number in self._evidence]

    def _answering(self) -> tuple[str, tuple[str, ...], list[Span]]:
        """The answer, its reference answers in the same order, and where they stand in it."""
        text, values, spans = "", list[str](), list[Span]()
        for key in self._asked:
            own = [value for needle in self._stated() if needle.key == key for value in needle.values]
            pattern = self.wording.fact if own else self.wording.absent
            listed, places = self._listed(own) if own else (_NOT_FOUND, [(0, len(_NOT_FOUND))])
            fact, slots = fill(pattern, kind=self._kind, key=key, values=listed)
            text += " " if text else ""
            spans += [shift(place, len(text) + slots["values"][0]) for place in places]
            text += fact
            values += own or [_NOT_FOUND]
        return text, tuple(values), spans

    def _listed(self, values: Sequence[str]) -> tuple[str, list[Span]]:
        return listed(values, numbered=self._is_list)
