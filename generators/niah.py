"""`niah`: needles in a haystack: say the values of some keys, each stated in one sentence of a long text.

Teaches retrieval of one or several facts from text of the same or another kind. Source: RULER's single, multi-key,
multi-value and multi-query needles (Hsieh et al. 2024), HELMET's recall set, and the depth by length pressure test,
whose needle names things to do in a city; needles that share no word with their question are after NoLiMa (Modarressi
et al. 2025). A lone needle looks like nothing else in its text and can be told without the question: the presets that
end in `_hard` hide it among likes of it. Left out: chains of needles.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from ..schemas.quantity import Depth
from ..schemas.sample import Span
from .material.association_needles import ASSOCIATING, MOST_ASSOCIATIONS, AssociationWording, hide_associations
from .material.decoys import aside_decoys, num_decoys, stray_decoys
from .material.essay import CorpusPath, corpus_files, excerpt, names_in_corpus
from .material.fact_needles import FACTS
from .material.haystack import passage
from .material.hidden import Hidden, HiddenDraft, Needle
from .material.identifiers import FactKind, NameKind, Names, identifiers
from .material.list_needles import LISTS
from .material.needles import NeedleWording, alike, listed, needle_haystack
from .material.phrases import Passage
from .material.prose_names import names_in_haystack, people_in_haystack
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
_HARD: Mapping[str, Mapping[str, object]] = {
    "single_1_hard": {"haystack": "noise", "num_keys": 32},
    "single_2_hard": {"haystack": "prose", "num_keys": 32},
    "single_3_hard": {"haystack": "prose", "value_type": "uuids", "num_keys": 16},
    "multikey_1_hard": {"haystack": "prose", "num_keys": 64},
    "multikey_2_hard": {"haystack": "needles"},
    "multikey_3_hard": {"haystack": "needles", "key_type": "uuids", "value_type": "uuids"},
    "multivalue_hard": {"haystack": "prose", "num_keys": 16, "num_values": 4},
    "multiquery_hard": {"haystack": "prose", "num_keys": 48, "num_queries": 4},
    "pressure_test_hard": {"haystack": "prose", "needle_type": "list", "num_keys": 16},
}
"""The tasks of RULER and the pressure test with so many likes of the needle that only the question tells it."""
_HELMET = {"mk_2": _RULER["multikey_2"], "mk_3": _RULER["multikey_3"], "mv": _RULER["multivalue"]}
_PRESSURE_TEST = {"haystack": "prose", "needle_type": "list", "depths": [step / 10 for step in range(11)]}


@dataclass(frozen=True, kw_only=True, config=SETTINGS)
class Niah(Task):
    """Needles in a haystack: say the values of some keys, each stated in one sentence of a long text."""

    name: ClassVar[str] = "niah"
    templates: ClassVar[Sequence[Template]] = FACTS
    presets: ClassVar[Mapping[str, Mapping[str, object]]] = {
        **_RULER,
        **_HELMET,
        "pressure_test": _PRESSURE_TEST,
        **{name: {**settings, "distractors": "near"} for name, settings in _HARD.items()},
        "association": {"haystack": "prose", "needle_type": "association", "num_keys": 19},
    }
    files: ClassVar[Collection[str]] = ("corpus",)
    guessable: ClassVar[Collection[str]] = (
        *("defaults", "single_1", "single_2", "single_3"),
        *("multikey_1", "multivalue", "multiquery", "mv", "pressure_test"),
    )

    needle_type: Literal["fact", "list", "association"] = "fact"
    """What a needle says: one value of a key, the five best things to do in a city, all of which are asked for, or
    something of a person that answers a question in other words, by what is known of the world."""

    num_keys: Annotated[int, Field(ge=1, le=1000)] = 1
    """Keys with values of their own in the text; at least as many as are asked for."""

    distractors: Literal["same", "near", "none"] = "same"
    """What keys that are not asked for are like: drawn as the asked ones, or so that all share halves with some others
    and numbers are others with digits swapped; then needles are worded in several ways, and decoys say something else
    of keys and name values elsewhere. None: there are no other keys."""

    num_values: Annotated[int, Field(ge=1, le=100)] = 1
    """Values of each key, each in a sentence of its own; a city has one list."""

    num_queries: Annotated[int, Field(ge=1, le=100)] = 1
    """Keys that are asked for."""

    key_type: FactKind = "words"
    """What keys are made of, other than cities."""

    value_type: FactKind = "numbers"
    """What values are made of, other than things to do."""

    haystack: Literal["noise", "prose", "code", "logs", "table", "json", "chat", "needles", "essay"] = "noise"
    """What the needles lie in: plain sentences, invented prose, functions of Python, lines of a log, rows of a
    Markdown table, JSON objects one a line, turns of a chat, other needles, or the text of a corpus."""

    corpus: CorpusPath = None
    """Where haystack is essay: a file of texts, in any form that ingest reads, or a folder of .txt."""

    depths: Annotated[tuple[Depth, ...], Field(min_length=1)] | None = None
    """Depths to draw the asked needles' place from, 0 the beginning; by default it is anywhere."""

    absent: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of samples in which the text does not tell the first asked key's values and the answer says so. Above 0,
    sentences say something else, of this key where it is absent, else of one that is not asked for."""

    @model_validator(mode="after")
    def _distractors_are_possible(self) -> "Niah":
        if self.distractors == "none" and (self.num_keys > self.num_queries or self.haystack == "needles"):
            raise ValueError("distractors=none has no other keys: leave out num_keys and haystack=needles")
        return self

    @model_validator(mode="after")
    def _use_other_wordings(self) -> "Niah":
        if self.needle_type == "association":
            if (self.num_values, self.num_queries, self.key_type, self.value_type) != (1, 1, "words", "numbers"):
                raise ValueError(
                    "needle_type=association asks for one person: leave out num_values, num_queries, key_type and "
                    "value_type"
                )
            if self.haystack == "needles" or self.num_keys > MOST_ASSOCIATIONS:
                raise ValueError(
                    f"needle_type=association has at most {MOST_ASSOCIATIONS} keys and no haystack=needles: use a "
                    "smaller num_keys, or another haystack"
                )
            object.__setattr__(self, "templates", ASSOCIATING)  # of this task, not of its class
        if self.needle_type == "list":
            if (self.num_values, self.key_type, self.value_type) != (1, "words", "numbers"):
                raise ValueError(
                    "needle_type=list has one list for each city: leave out num_values, key_type and value_type"
                )
            object.__setattr__(self, "templates", LISTS)
        return self

    def input_files(self) -> Sequence[Path]:
        """The files of the corpus, where the settings name one."""
        return () if self.corpus is None else corpus_files(self.corpus)

    def of_sample(self, seed: int, number: int) -> "Niah":
        """The task with the haystacks of a seed."""
        return self.of_seed(seed)

    def draft(self, rng: np.random.Generator, template: Template, num_units: int) -> HiddenDraft:
        """A draft whose units are sentences of the haystack; the needles come on top of them."""
        if isinstance(template, AssociationWording):
            haystack = self._haystack(rng, num_units)
            is_in_text = haystack.text.__contains__
            if self.haystack not in ("essay", "needles"):
                is_in_text = people_in_haystack(self.haystack, self.material).__contains__
            hidden = hide_associations(rng, template, is_in_text, self.num_keys, self.absent, self.depths, self.split)
            return HiddenDraft(haystack, hidden, template.id)
        assert isinstance(template, NeedleWording)
        facts = _Facts(self, rng, template, num_units if self.haystack == "needles" else 0)
        if facts.haystack is not None:
            return HiddenDraft(facts.haystack, facts.hidden, template.id, among_needles=True)
        return HiddenDraft(self._haystack(rng, num_units), facts.hidden, template.id)

    def _haystack(self, rng: np.random.Generator, num_sentences: int) -> Passage:
        if self.haystack == "essay":
            assert self.corpus is not None
            return excerpt(self.corpus, rng, num_sentences, self.split)
        assert self.haystack != "needles"
        return passage(self.haystack, rng, num_sentences, self.material)


class _Facts:
    """Needles that state facts or lists, with their decoys; and others as a haystack of `num_extra` sentences."""

    def __init__(self, task: Niah, rng: np.random.Generator, wording: NeedleWording, num_extra: int) -> None:
        self._task, self._wording = task, wording
        self._is_list = task.needle_type == "list"
        self._kind = _KIND_WORDS[task.value_type]
        self._is_near = task.distractors == "near"
        self._patterns = alike([wording.needle, *(wording.forms if self._is_near else ())])
        num_keys = max(task.num_keys, task.num_queries)
        num_needles = num_keys * task.num_values
        num_asides, num_strays = num_decoys(num_needles, are_lists=self._is_list) if self._is_near else (0, 0)
        num_stated = num_needles + num_extra
        num_fresh = num_asides + -(-num_strays // 2)
        num_missed = task.num_values if task.absent > 0 else 0
        keys, drawn = self._draw_names(rng, num_keys + 1 + num_extra, num_stated + num_fresh + num_missed)
        values = [column[: num_stated + num_fresh] for column in drawn]
        absent = rng.random() < task.absent
        names = keys[: num_keys + 1].strings()
        self._asked = names[: task.num_queries]
        stated = [names[-1], *names[1:num_keys]] if absent else names[:num_keys]
        needles = self._draw_needles(rng, stated, self._lists(values, np.arange(num_needles)))
        spare, first = names[-1], self._asked[0]
        if num_missed:
            said = self._lists([column[num_stated + num_fresh :] for column in drawn], np.arange(num_missed))
            needles += self._draw_asides(rng, [first if absent else spare] * num_missed, said)
        if self._is_near:
            needles += self._draw_decoys(rng, keys, values, num_stated, num_asides, num_strays)
        needles.sort(key=lambda needle: needle.place)
        evidence = [number for key in self._asked for number, needle in enumerate(needles) if needle.key == key]
        self.haystack: Passage | None = None
        if num_extra:
            others = [column[num_needles:num_stated] for column in values]
            forms = rng.integers(0, len(self._patterns), num_extra) if self._is_near else None
            self.haystack = needle_haystack(
                self._patterns, self._kind, keys[num_keys + 1 :], others, numbered=self._is_list, forms=forms
            )
        stated_of: dict[str, list[str]] = {key: [] for key in self._asked}
        for needle in (needles[number] for number in evidence):
            stated_of[needle.key] += needle.values
        answer, answers, spans = self._answering(stated_of)
        unasked = [value for needle in needles if needle.key == spare for value in needle.values]
        twin = self._answering(stated_of | {first: unasked})[0] if task.absent > 0 else ""
        self.hidden = Hidden(
            head=fill(wording.head, kind=self._kind)[0],
            needles=needles,
            evidence=evidence,
            question=self._asking(),
            answer=answer,
            answers=answers,
            answer_spans=spans,
            twin_answer=twin,
            facts={
                "asked": self._asked,
                "absent": bool(absent),
                "needles": [{"key": needles[at].key, "values": list(needles[at].values)} for at in evidence],
            },
        )

    def _draw_names(self, rng: np.random.Generator, num_keys: int, num_values: int) -> tuple[Names, list[Names]]:
        """Keys, and what needles say of them first, second and so on.

        All are different, also from each other where they are of one kind, and none is in the haystack.
        """
        task = self._task

        def draw(kind: NameKind, count: int, *, near: bool = False, unlike: Names | None = None) -> Names:
            taken = frozenset[str]()
            if task.corpus is not None:
                taken = names_in_corpus(task.corpus, kind)
            elif task.haystack not in ("essay", "needles"):
                taken = names_in_haystack(task.haystack, task.material, kind)
            return identifiers(kind, rng, count, taken, near=near, unlike=unlike, split=task.split)

        if self._is_list:
            outings = draw("outings", num_values * _NUM_LISTED)
            cities = draw("cities", num_keys, near=self._is_near)
            return cities, [outings[place::_NUM_LISTED] for place in range(_NUM_LISTED)]
        if task.key_type == task.value_type and not self._is_near:
            both = draw(task.key_type, num_keys + num_values)
            return both[:num_keys], [both[num_keys:]]
        keys = draw(task.key_type, num_keys, near=self._is_near)
        unlike = keys if task.key_type == task.value_type != "uuids" else None
        return keys, [draw(task.value_type, num_values, unlike=unlike)]

    def _lists(self, values: Sequence[Names], places: NDArray[np.int64]) -> list[tuple[str, ...]]:
        """The values at these places, of each all that its needle lists."""
        return list(zip(*(column[places.tolist()].strings() for column in values), strict=True))

    def _draw_needles(
        self, rng: np.random.Generator, keys: Sequence[str], values: Sequence[tuple[str, ...]]
    ) -> list[Needle]:
        """The needles that state values, those of a key one after another."""
        task = self._task
        places = rng.random(len(values))
        if task.depths is not None:
            chosen = rng.choice(np.array(task.depths), len(values))
            num_asked = task.num_queries * task.num_values
            places[:num_asked] = np.minimum(chosen[:num_asked], np.nextafter(1.0, 0.0))
        forms = rng.integers(0, len(self._patterns), len(values)) if self._is_near else [0] * len(values)
        needles: list[Needle] = []
        for number, (place, said, form) in enumerate(zip(places.tolist(), values, forms, strict=True)):
            key = keys[number // task.num_values]
            sentence, _ = fill(self._patterns[form], kind=self._kind, key=key, value=self._listed(said)[0])
            needles.append(Needle(key=key, values=said, place=place, sentence=sentence))
        return needles

    def _draw_decoys(
        self,
        rng: np.random.Generator,
        keys: Names,
        values: Sequence[Names],
        num_stated: int,
        num_asides: int,
        num_strays: int,
    ) -> list[Needle]:
        """Sentences about any of the keys and any of the values; values that no needle has come after `num_stated`."""
        fresh = np.arange(num_stated, len(values[0]))
        again = rng.integers(0, len(values[0]), num_strays - (len(fresh) - num_asides))
        about = keys[rng.integers(0, len(keys), num_asides).tolist()].strings()
        said = self._lists(values, np.concatenate([fresh, again]))
        strays = [self._listed(one)[0] for one in said[num_asides:]]
        decoys = stray_decoys(rng, self._kind, strays, are_lists=self._is_list)
        if self._wording.asides:
            decoys += self._draw_asides(rng, about, said[:num_asides])
        return decoys

    def _draw_asides(
        self, rng: np.random.Generator, keys: Sequence[str], values: Sequence[tuple[str, ...]]
    ) -> list[Needle]:
        """Sentences that say something else of keys, each with values of its own."""
        said = [self._listed(one)[0] for one in values]
        return aside_decoys(rng, self._wording.asides, self._kind, keys, said, are_lists=self._is_list)

    def _asking(self) -> str:
        """The question for all asked keys."""
        if len(self._asked) > 1:
            pattern, what = self._wording.each, "For what the text does not mention"
        else:
            pattern = self._wording.one if self._task.num_values == 1 else self._wording.many
            what = "If the text does not mention it"
        text, _ = fill(pattern, kind=self._kind, keys=listed(self._asked, numbered=False)[0])
        return f"{text} {what}, answer: {_NOT_FOUND}." if self._task.absent > 0 else text

    def _answering(self, stated: Mapping[str, Sequence[str]]) -> tuple[str, tuple[str, ...], list[Span]]:
        """The answer from what is stated of each asked key, its reference answers in the same order, their places."""
        text, values, spans = "", list[str](), list[Span]()
        for key in self._asked:
            own = stated[key]
            pattern = self._wording.fact if own else self._wording.absent
            listed, places = self._listed(own) if own else (_NOT_FOUND, [(0, len(_NOT_FOUND))])
            fact, slots = fill(pattern, kind=self._kind, key=key, values=listed)
            text += " " if text else ""
            spans += [shift(place, len(text) + slots["values"][0]) for place in places]
            text += fact
            values += list(own) or [_NOT_FOUND]
        return text, tuple(values), spans

    def _listed(self, values: Sequence[str]) -> tuple[str, list[Span]]:
        return listed(values, numbered=self._is_list)
