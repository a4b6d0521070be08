"""Needles of people, and a question that shares no word with its needle: what links them is known of the world."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from ...schemas.split import Split, is_of_split
from .associations import RELATIONS, Relation
from .hidden import Hidden, Needle
from .wording import fill

MOST_ASSOCIATIONS = min(len(relation.pairs) for relation in RELATIONS) - 1
"""Needles that a text can have at most: all are of one relation, and a further pair may be asked for in vain."""

_NOBODY = "nobody"


@dataclass(frozen=True, kw_only=True)
class AssociationWording:
    """One way to ask for a person. Slots: {question} in `ask`, {name} in `answer`."""

    id: str
    head: str
    ask: str
    answer: str


ASSOCIATING = (
    AssociationWording(
        id="people",
        head="People are mentioned in the text below. A question about one of them follows it.\n\n",
        ask="{question} Name the person.",
        answer="{name}",
    ),
    AssociationWording(
        id="infer",
        head="Read carefully: what you will be asked for is not said in so many words.\n\n",
        ask="What can be inferred from the text: {question}",
        answer="It must be {name}.",
    ),
    AssociationWording(
        id="detective",
        head="A detective has the pages that follow, and common knowledge, to go by.\n\n",
        ask="The detective asks: {question}",
        answer="The one to look for is {name}.",
    ),
    AssociationWording(
        id="gossip",
        head="Among other things, this text passes on what neighbours have noticed about each other.\n\n",
        ask="Going by what was noticed, {question}",
        answer="By all that was noticed, {name}.",
    ),
    AssociationWording(
        id="census",
        head="For a census, someone has collected remarks. They are scattered over these lines.\n\n",
        ask="One box of the form is still empty. {question}",
        answer="Enter {name}.",
    ),
    AssociationWording(
        id="riddle",
        head="This long text hides the solution of a riddle.\n\n",
        ask="Here is the riddle. {question}",
        answer="The solution is {name}.",
    ),
    AssociationWording(
        id="interview",
        head="You will be interviewed about somebody in the following text.\n\n",
        ask="First of all, {question} Think of what you know about the world.",
        answer="That is {name}.",
    ),
    AssociationWording(
        id="quiz",
        head="The text first, then the question of the quiz.\n\n",
        ask="For the prize: {question}",
        answer="{name} it is.",
    ),
)


def hide_associations(
    rng: np.random.Generator,
    wording: AssociationWording,
    is_in_text: Callable[[str], bool],
    num_keys: int,
    absent: float,
    depths: Sequence[float] | None,
    split: Split,
) -> Hidden:
    """Needles of `num_keys` people, one of whom is asked for, unless that one is absent.

    Each needle has the words of its question in a decoy about somebody else. None of the people is in the haystack,
    which `is_in_text` tells.
    """
    relation = RELATIONS[int(rng.integers(len(RELATIONS)))]
    pairs = [relation.pairs[at] for at in rng.permutation(len(relation.pairs)).tolist()]
    asked_pair = next(pair for pair in pairs if pair in _asked_in(relation, split))
    pairs.remove(asked_pair)
    drawn = [asked_pair, *pairs[:num_keys]]
    is_absent = bool(rng.random() < absent)
    stated = drawn[1:] if is_absent else drawn[:num_keys]
    people = _draw_people(rng, len(stated) + len(drawn), is_in_text, split)
    places = rng.random(len(people))
    if depths is not None:
        places[0] = min(float(rng.choice(np.array(depths))), float(np.nextafter(1.0, 0.0)))
    said = [(relation.statement, thing, follows) for thing, follows in stated]
    said += [(relation.trap, follows, "") for _, follows in drawn]
    needles = [
        Needle(key=key, values=(name,), place=place, sentence=fill(pattern, name=name, x=x)[0], is_decoy=not key)
        for (pattern, x, key), name, place in zip(said, people, places.tolist(), strict=True)
    ]
    asked = drawn[0][1]
    needles.sort(key=lambda needle: needle.place)
    evidence = [number for number, needle in enumerate(needles) if needle.key == asked]
    found, twin = (people[0], _NOBODY) if evidence else (_NOBODY, people[0])
    question, _ = fill(wording.ask, question=fill(relation.question, x=asked)[0])
    if absent > 0:
        question += f" If it cannot be told of anyone, answer: {_NOBODY}."
    answer, spans = fill(wording.answer, name=found)
    return Hidden(
        head=wording.head,
        needles=needles,
        evidence=evidence,
        question=question,
        answer=answer,
        answers=(found,),
        answer_spans=[spans["name"]],
        twin_answer=fill(wording.answer, name=twin)[0] if absent > 0 else "",
        facts={
            "asked": [asked],
            "absent": is_absent,
            "relation": relation.id,
            "needles": [{"key": needles[at].key, "values": list(needles[at].values)} for at in evidence],
        },
    )


@cache
def _asked_in(relation: Relation, split: Split) -> frozenset[tuple[str, str]]:
    """The pairs that samples of a split may ask for."""
    return frozenset(pair for pair in relation.pairs if is_of_split(pair[1], split))


def _draw_people(rng: np.random.Generator, count: int, is_in_text: Callable[[str], bool], split: Split) -> list[str]:
    """Different names of people who are not in the haystack; the first may be answered in samples of the split."""
    firsts, lasts = _names()
    people: dict[str, None] = {}
    while len(people) < count:
        name = f"{firsts[int(rng.integers(len(firsts)))]} {lasts[int(rng.integers(len(lasts)))]}"
        if not is_in_text(name) and (people or is_of_split(name, split)):
            people[name] = None
    return list(people)


@cache
def _names() -> tuple[list[str], list[str]]:
    """First names and surnames of letters alone, none of which is the beginning or the end of another."""
    from faker.providers.person.en_US import Provider

    firsts = sorted(name for name in set(Provider.first_names) if name.isascii() and name.isalpha() and name.istitle())
    lasts = sorted(name for name in set(Provider.last_names) if name.isascii() and name.isalpha() and name.istitle())
    return firsts, [name for name in lasts if not any(other != name and other.startswith(name) for other in lasts)]
