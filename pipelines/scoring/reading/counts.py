"""Numbers that count something, number steps or say how sure one is: they are no answers."""

import re

from .signs import ANSWERS

_UNIT = (
    r"(?:different |distinct |separate |most |best |such )?(?:times?|values?|numbers?|words?|variables?|"
    r"dictionar(?:y|ies)|"
    r"tables?|items?|entr(?:y|ies)|pairs?|keys?|results?|occurrences?|characters|digits|tokens|sentences|lines?|"
    r"paragraphs?|matches|things|others?|steps?|documents?|of them|in total|total|uuids?|instances|mentions|hits|"
    r"records?|maps|drawers|blocks|pages|objects|counts?|votes|seconds|minutes|x)"
)
_COUNTED = rf"\b\d{{1,12}}(?:[.,]\d{{1,9}})? ?(?:%|percent\b|/ ?\d{{1,9}}|out of \d{{1,9}}|{_UNIT}\b)"
_LED = (
    r"\b(?:step|line|paragraph|question|example|option|figure|sentence|chapter|point|confidence(?: level| score)?|"
    r"certainty|probability|score|part|total|count|top|total of|all|these|first|last)\b(?: is| are| was| of| =|:)*"
    r" ?#?\d{1,12}(?:[.,]\d{1,9})? ?(?:%|/ ?\d{1,9})?"
)
_KEY = r"\bkeys? (?:no\.? ?|#|is |was |of )?\(?\d{1,12}(?:, \d{1,12})*\)?"
_ORDINAL = r"\b\d{1,9}(?:st|nd|rd|th)\b|[x×]\d{1,7}\b|\b\d{1,7}[x×]"
_COUNT = re.compile("|".join((_COUNTED, _LED, _KEY, _ORDINAL)), re.IGNORECASE)
_SUM = re.compile(r"\$?\b\d[\d.,]{0,20}(?: ?[+×*/x–-] ?\$?\d[\d.,]{0,20}){1,200} ?=")
_OF_ANSWER = re.compile(
    rf"(?<=[{ANSWERS}])[\"']? ?(?:[:=–—-]|→|->)? ?[(\[]?(?:count ?[:=] ?)?\d{{1,7}}[)\]]?(?: ?times| ?x)?(?![\w-])"
)


def without_counts(text: str) -> str:
    """The text without numbers of things, of steps, of keys and of certainty, and without what is added up."""
    return _COUNT.sub(" ", _SUM.sub(" ", text))


def without_counts_of_answers(text: str) -> str:
    """The text without how often each answer occurs: `apple: 30`."""
    return _OF_ANSWER.sub(" ", text)
