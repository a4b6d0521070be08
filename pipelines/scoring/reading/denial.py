"""What a reply denies or takes back is not stated by it."""

import re
from collections.abc import Callable

from .signs import ABSENT, ANSWERS, BOLD, BOLD_END, BULLET, MARK, MARK_END, NAMED

_FIRM = re.compile(
    r"\bnot (?:only|just|merely|surprisingly|sure|certain|entirely sure|completely sure|100% sure)\b|\bno (?:doubt|"
    r"problem)\b|"
    r"\b(?:no|not any|n't (?:\w+ )?any|nothing|no one|nobody)(?: \w+)?(?: \w+)? (?:but|other than|except|besides|"
    r"apart from)\b|"
    r"\bother than (?:this|that|these|those)\b|"
    r"\bno\. ?(?=[\d\[#])|\bobject no\b|\bwithout (?:a |any )?doubt\b|\b(?:is|does|do|are|was|were)(?: not|"
    r"n't) (?:repeated|mentioned|listed|stated|appear|occur|found)"
    r"(?: anywhere)? (?:else\w*|again|twice|elsewhere)\b|\bif (?:i am|i'm) not\b|\bwhether or not\b|"
    r"\bcannot be anything (?:but|other than)\b",
    re.IGNORECASE,
)
_DENIAL = re.compile(
    r"\b(?:not|\w+n't|cannot|never|neither|nor|rather than|instead of|except(?:ing|ion of| for)?|excluding|"
    r"other than|unlike|as opposed to|"
    r"isnt|aint|false that|wrong that|untrue that|incorrect that|differs? from|different from|no (?!longer))\b",
    re.IGNORECASE,
)
_NO_ANSWER_IS = re.compile(
    r"\b(?:is|are|was|were|does|do|did|has|have)(?: not|n't)(?: (?:the|a|an|my))?(?: \w+)??(?: (?:answers?|number|"
    r"value|word|one|"
    rf"person|town|key|correct|right|it|them|match\w*|what|that|count\w*|qualify|among|{NAMED}).*)?\s*$|"
    r"\b(?:is|are|was|were) (?:wrong|incorrect|false|ruled out|excluded|out|a distractor|another|for another|"
    r"on another|about another)\b",
    re.IGNORECASE,
)
_VERB = re.compile(r"\b(?:is|are|was|were|does|do|did|has|have|can|could|would|should)(?: not|n't)\b", re.IGNORECASE)
_SIGN = re.compile(f"[{ANSWERS}]")
_CLAUSE = re.compile(
    rf"(?:[^,.;:!?\n(){BULLET}{MARK}{MARK_END}{BOLD}{BOLD_END}]|(?<=\d)[.,:](?=\d)|(?<=\bno)\.)+", re.IGNORECASE
)
_TURN = re.compile(
    r"\b(?:but(?: rather| instead)?|however|although|though|whereas|while|yet|even if)\b|[–—]| - ", re.IGNORECASE
)


_RELATIVE = re.compile(
    rf"(\b(?:unlike|other than|rather than|instead of|not|as opposed to) [^.;,\n{ANSWERS}]{{1,80}}), (?:which|who|"
    rf"that|whose|at|with)\b"
    rf"[^,.;\n{ANSWERS}]*",
    re.IGNORECASE,
)
"""What is told of a thing that is denied."""


def without_denied(text: str) -> str:
    """The text without what it says not to be the answer."""
    if not _DENIAL.search(text) and not _NO_ANSWER_IS.search(text) and ABSENT not in text:
        return text
    text = _RELATIVE.sub(r"\1", _FIRM.sub(" indeed ", text))
    return _CLAUSE.sub(lambda clause: _affirmed(clause[0]), text)


_OPEN = re.compile(r"\b(?:or|if|unless|otherwise)\b", re.IGNORECASE)


def _is_bare(part: str) -> bool:
    return not _OPEN.sub("", part).strip(f" {ABSENT}{NAMED}")


def _affirmed(clause: str) -> str:
    parts, at = list[str](), 0
    for turn in _TURN.finditer(clause):
        parts += [_of_part(clause[at : turn.start()], is_last=False), turn[0]]
        at = turn.end()
    return "".join([*parts, _of_part(clause[at:], is_last=True)])


def _of_part(part: str, *, is_last: bool) -> str:
    if is_last and (found := _NO_ANSWER_IS.search(part)) and not re.search(f"[{ANSWERS}]", part[found.start() :]):
        return " ".join(["", *_OPEN.findall(part), ""])
    denial = _DENIAL.search(part)
    if not denial and ABSENT in part and not _SIGN.search(part):
        return f" {' '.join(_OPEN.findall(part))} {NAMED if NAMED in part else ''}{ABSENT if _is_bare(part) else ''} "
    if not denial:
        return part
    before = part[: denial.start()]
    if _VERB.search(part[: denial.end()][-12:]) and not _SIGN.search(before):
        before = " "
    return f"{before} {' '.join(re.findall(NAMED, part[denial.end() :]))} "


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
    r"i meant\b|i mean\b|rather\b(?! than)|no, (?=[^a-z])|sorry,? (?:the|it|that|this|i|my)\b|sorry, (?=[^a-z]))",
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


def last_corrected(text: str, has_candidate: Callable[[str], bool]) -> str:
    """What is left of a text after its last correction, or nothing where all was taken back."""
    for correction in reversed(list(_CORRECTION.finditer(text))[-50:]):
        after = text[correction.end() :]
        if has_candidate(after):
            text = after
            break
    for taken_back in reversed(list(_TAKEN_BACK.finditer(text))[-50:]):
        after = text[taken_back.end() :]
        if re.search(f"[{ANSWERS}{ABSENT}]", text[: taken_back.start()]):
            return after
    return text
