"""Invented chats: turns of a few speakers about nothing in particular."""

from functools import cache

import numpy as np

from ...schemas.stream import stream
from .frames import Frame
from .grammar import Form, Lexicon
from .invented import blank, codes, numbers, people, towns, with_article
from .phrases import Phrases
from .vocabulary import ADJECTIVES, ADVERBS, DAYS, DETERMINERS, NOUNS, VERBS

_NUM_PHRASES = 1 << 16
_NUM_SPEAKERS = 6
_OPENINGS = (
    "Well, I", "I think I", "Last week I", "You know I", "As a child I", "Believe me, I", "Yesterday we", "My aunt",
    "The neighbours", "My brother", "To be fair, we", "Honestly, somebody", "In the end they", "I heard that they",
    "Of course I", "Nobody here", "By the way, we", "If I am right, you", "Some say that you", "No, they",
)  # fmt: skip
_CLOSINGS = (".", ".", ".", "!", ", right?", ", you know.", ", I hear.", ", sorry.", ", no?", " :)", "...", ", haha.")


@cache
def chat(seed: int) -> Phrases:
    """The phrases of a seed's chats: the speaker, who did, what, and how the turn ends."""
    rng = stream("haystack", seed, 0, "chat")
    lexicon, names = Lexicon(), people(rng)
    speakers: list[Form] = [(1, (names, ":"))]
    parts = [lexicon.phrases(rng, forms, _NUM_PHRASES) for forms in (speakers, _who_did(), _what(), _more(rng, names))]
    turn = Frame(lead="[^:]*: ", after="\n", unfit="\n")
    return Phrases.composed(lexicon, *parts, after_blank=False, frame=turn, num_first=_NUM_SPEAKERS)


def _who_did() -> list[Form]:
    openings, verbs = blank(_OPENINGS), blank(VERBS)
    return [(2, (openings, verbs)), (3, (openings, blank(ADVERBS), verbs))]


def _what() -> list[Form]:
    nouns, others = blank(NOUNS), blank(DETERMINERS)
    return [
        (3, (blank(map(with_article, ADJECTIVES)), nouns)),
        (2, (others, blank(ADJECTIVES), nouns)),
        (2, (others, nouns, " and", blank(map(with_article, NOUNS)))),
    ]


def _more(rng: np.random.Generator, names: list[str]) -> list[Form]:
    places, met, ends = blank(towns()), blank(names), [f"{closing}\n" for closing in _CLOSINGS]
    adjectives, nouns = blank(ADJECTIVES), blank(NOUNS)
    return [
        (3, (" near the", nouns, " of", places, ends)),
        (3, (" with", met, " on", blank(DAYS), ends)),
        (2, (" for", blank(numbers(rng)), adjectives, " coins", ends)),
        (2, (" because of the", adjectives, nouns, ends)),
        (1, (" like the one marked", blank(codes(rng)), " in", places, ends)),
    ]
