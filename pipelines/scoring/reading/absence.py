"""Statements that a text does not say what was asked, in all their forms."""

import re

_SAID = (
    r"(?:found|mention(?:ed|s|ing)?|stated?|states|given?|gives|specif(?:y|ied|ies)|provid(?:e|ed|es)|list(?:ed|s)?|"
    r"present(?:ed)?|available|includ(?:e|ed|es)|named?|names|known|exists?|appear(?:s|ed|ing)?|contain(?:s|ed)?|says?|"
    r"said|tells?|told|indicat(?:e|ed|es)|disclosed?|reveal(?:s|ed)?|identif(?:y|ied|ies)|describ(?:e|ed|es)|"
    r"record(?:ed)?|shown?|shows|defined|documented|cover(?:ed|s)?|addressed|discuss(?:ed|es)?|there|find|locate[d]?|"
    r"answerable|determine[ds]?|answer(?:ed)?|know|refer(?:s|red|enced)?|recorded|clear|entered|set|"
    r"supplied?|reported?|noted?|explain(?:s|ed)?|make (?:any )?mention|"
    r"(?:any |enough |sufficient )(?:information|info|mention|reference|record|data|details?|evidence|entry|match)|"
    r"(?:in|part of|among|within|anywhere in|one of) (?:the|this|that|these|those|any|either|my)\b|in (?:here|there))"
)
_BETWEEN = r"(?:[\w'-]+ ){0,4}?"
_FORMS = (
    rf"\b(?:not|never|nowhere|cannot|\w+n't) {_BETWEEN}{_SAID}\b",
    r"\b(?:does|do|did) not have (?:a|any|an) (?:value|entry|number|answer|key|match|word|uuid)\b",
    rf"\bno(?:t any)? {_BETWEEN}(?:mention|information|info|references?|records?|entr(?:y|ies)|match(?:es|ing)?|"
    r"answers?|indication|evidence|data|details?|trace|sign|statement)\b",
    rf"\bno (?:such )?(?:[\w'-]+ ){{0,3}}?(?:{_SAID}|has|have|holds?|matches|is called|with|for|was|under)\b",
    r"\bno such \w+",
    rf"\b{_SAID} (?:nowhere|in none|in no|by none|by no)\b",
    r"\bthere(?:'s| is| are| was| were) (?:no|not|nothing)\b",
    rf"\b(?:none|neither|nobody|no one|nothing)\b(?: of| in| about| is| {_BETWEEN}{_SAID})",
    r"\b(?:un(?:known|answerable|specified|stated|available|mentioned|listed|disclosed|recorded|clear)|undetermined)\b",
    r"\b(?:unable|fail(?:s|ed)?|impossible|not possible|insufficient|not enough)\b(?: information| data| details?)?"
    rf"(?: (?:to|for)(?: \w+){{0,2}}? (?:{_SAID}|say|tell|see))?",
    r"\b(?:is|are|was) (?:absent|missing|silent|omitted|lacking|nonexistent|non-existent|left out|left open)\b",
    r"\b(?:lacks?|omits?|leaves? out|makes? no|contains? no|gives? no|has no|have no|says? nothing|found nothing|"
    r"provides? no|offers? no|find no|found no|see no|saw no)\b",
    r"\bwithout (?:mentioning|saying|naming|stating|giving)\b",
    r"\b(?:nobody|no one)\b(?=[ \"'*]*\Z)",
    r"\bi (?:do not|don't) (?:know|have)\b",
)
CLAIM = re.compile("|".join(_FORMS), re.IGNORECASE)
BARE = re.compile(r"(?:none|n/?a|null|nil|nothing|absent|missing|no|empty|-)", re.IGNORECASE)
"""What says it when it is all that is said."""

ELSEWHERE = re.compile(
    r"\b(?:elsewhere|anywhere else|anyone else|anything else|any other|other than|besides|again|more than once|further|"
    r"in so many words|"
    r"more details?|only once|twice|another|apart from|in addition)\b|\bnot true\b|\bnot the case\b|\bnot correct\b|"
    r"\bno other\b|\bnothing (?:but|except)\b|\bnot (?:just|merely)\b|\bnobody else\b|\bno one else\b|"
    r"\bnothing else\b|\bno doubt\b|\bnot only\b|\bno further\b|\bno additional\b",
    re.IGNORECASE,
)
"""What makes such a statement one about other things, or denies it."""
