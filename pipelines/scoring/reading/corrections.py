"""What a reply corrects or takes back is stated only in its last form."""

import re
from collections.abc import Callable

from .signs import ABSENT, ANSWERS

_CORRECTION = re.compile(
    r"(?:^|(?<=[.!?\n…,;:—–)\]-])|(?<=[.!?,;] )|(?<= [-–—] ))"
    r"[ \"(\[]*(?:(?:oh|hmm+|hm|ah|um|uh|no|nope|sorry|but|well|or|ok(?:ay)?|edit)[,.:—–-]*\.*[ ]+)*"
    r"(?:wait\b|correction\b|actually\b|hold on\b|scratch that\b|strike that\b|on (?:second|further) thoughts?\b|"
    r"on (?:closer|further|re)-?\w*\b|"
    r"upon (?:re|closer|further|second|double)[\w-]*\b|after (?:re-?checking|double-checking|reconsider\w+|"
    r"a second look|rereading)|"
    r"let me correct\b|i (?:made|have made) an? (?:\w+ )?(?:mistake|error)\b|i (?:was|am|stand) (?:mistaken|wrong|"
    r"corrected)\b|my (?:mistake|bad|apologies)\b|"
    r"i misread\b|(?:my )?apolog(?:y|ies|ise|ize)\b|oops\b|i (?:need|have|must) (?:to )?correct\b|to correct\b|"
    r"i meant\b|i mean\b|rather\b(?! than)|no(?:pe)?, (?-i:(?=[^a-z]))|no(?:pe)?, (?:it|that|the)\b|no \b(?:it|"
    r"that)(?:'s|"
    r" is)\b|sorry,? (?:the|it|that|this|i|my)\b|sorry, (?-i:(?=[^a-z])))",
    re.IGNORECASE,
)
_TAKEN_BACK = re.compile(
    r"\b(?:that|this|it|which|the above|my (?:first |previous |earlier )?(?:answer|reply))(?:'s| is| was| seems|"
    r" must be| may be| might be) "
    r"(?:probably |clearly |actually |also )?(?:wrong|incorrect|false|not (?:right|correct|true)|mistaken|"
    r"an? (?:error|mistake))\b|"
    r"\bi (?:take|took) (?:that|it|this) back\b|\b(?:scratch|ignore|disregard|forget|strike) (?:that|this|the above|"
    r"my)\b|"
    r"\bi (?:retract|withdraw) (?:that|this|it|my)\b|\b(?:i'm|i am) (?:afraid|sorry),? (?:but )?(?:that|this) (?:is|"
    r"was) not\b|"
    r"\bi (?:cannot|can't|can not|am unable to|could not|couldn't) (?:actually |really )?(?:confirm|determine|tell|"
    r"say|decide|be sure)\b",
    re.IGNORECASE,
)


_DOUBT = re.compile(
    r"\blet me (?:re-?consider|re-?check|double-?check|check again|think again|re-?think|re-?read|look again|verify)\b|"
    r"\b(?:edit|update|corrected)\b ?:",
    re.IGNORECASE,
)
"""What leads to another answer only where it does not confirm the first."""


def last_corrected(text: str, has_candidate: Callable[[str], bool]) -> str:
    """What is left of a text after its last correction, or nothing where all was taken back."""
    for correction in reversed(list(_CORRECTION.finditer(text))[-50:]):
        after = text[correction.end() :]
        if has_candidate(after):
            text = after
            break
    for doubt in reversed(list(_DOUBT.finditer(text))[-50:]):
        after = text[doubt.end() :]
        if has_candidate(after) and not re.search(f"[{ANSWERS}]", after):
            text = after
            break
    for taken_back in reversed(list(_TAKEN_BACK.finditer(text))[-50:]):
        after = text[taken_back.end() :]
        if re.search(f"[{ANSWERS}{ABSENT}]", text[: taken_back.start()]):
            return after
    return text
