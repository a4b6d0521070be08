"""What a text states in the manner of the answers, and is none of them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from .flat import REMARK
from .kinds import Answer
from .signs import ABSENT, ANSWERS, BOLD, BOLD_END, BULLET, MARK, MARK_END, NAMED, OTHER_DATE

SIGN = re.compile(f"[{ANSWERS}]")
_SIGNS = f"{ANSWERS}{NAMED}{ABSENT}{OTHER_DATE}"
_WORD = re.compile(rf"[^\W_]+(?:['-][^\W_]+)*|[{_SIGNS}]")
_NAME = re.compile(
    r"(?<![\w'-])[A-ZÀ-ÞŠŽ][\w'-]*(?:\.(?= [A-Z]))?(?:(?: (?:of|de|del|la|van|von|der|di|da))?[ -][A-ZÀ-ÞŠŽ][\w'-]*)*"
)
_JOIN = r"(?:,|;|/|\||&|\+|→|->|>|\((?=(?:or|and|also|maybe|perhaps|possibly|alternatively|probably)\b)|\b(?:and/or|and|or|nor|plus|as well as|along with|together with|alternatively)\b)"
_FILLING = (
    r"(?: |,|\b(?:also|perhaps|possibly|maybe|even|else|both|either|probably|likely|rather|potentially|it|is|was|could|be|"
    r"been|have|might|may|by|in|at|on|if not|instead|alternatively|less likely|more likely|the|a|an|or|and|to|another is|"
    r"conceivably|arguably|presumably|then|finally|lastly|followed by)\b)*"
)
_AFTER = re.compile(rf"[ )]*(?:{_JOIN}{_FILLING}|\n *[{BULLET}{BOLD}]? *)", re.IGNORECASE)
_BEFORE = re.compile(
    rf"(?:(?P<firm>(?:,? ?\(?\b(?:or|and|and/or|as well as|alternatively)\b|/|&|\||;|→|->){_FILLING})|,{_FILLING}) *$",
    re.IGNORECASE,
)
_STARTS_LIST = re.compile(
    rf"(?:^|[\n:.!?;=\[({MARK}{BOLD}{BULLET}]|\b(?:is|are|was|were|be|by|either|both|of|from|say|says|include|includes)) *$",
    re.IGNORECASE,
)
_FRAME = re.compile(
    r"\b(?:it|that|this|he|she|they|others?|answer|alternative|possibility|person|one|candidate|option|guess)\b"
    r"(?: (?:\w+ly|may|might|could|must|would|can|will|also|well|have|has|had|been|be|is|was|are|were|just|perhaps|maybe))*"
    r" (?:is|was|are|were|be|been|being|has been|have been)(?: (?:also|probably|possibly|perhaps|maybe|likely|in|at|by|on|either|both|rather|the))*[: ]+",
    re.IGNORECASE,
)
_MAY = re.compile(
    r"\b(?:or|alternatively|perhaps|maybe|possibly|probably|might|may|could|other(?:wise)?|another|also|instead|some(?:one)?|"
    r"else|plus|additionally|as well|likely|guess|unless|potentially|if not)\b",
    re.IGNORECASE,
)
_LEADS_ON = re.compile(
    r"^(?:(?:or|and|also|maybe|perhaps|possibly|alternatively|probably|plus|else|instead)\b,? ?)+", re.IGNORECASE
)
_SAYS_ANSWER = re.compile(
    r"answers?|or|alternatives?|also|options?|candidates?|possibl\w+|others?|names?|results?|second\w*", re.IGNORECASE
)
_VALUE_IS = re.compile(
    r"\b(?:number|value|answer|uuid|word|amount|content|result|it|code|date)s? (?:is|was|are|would be|must be|should be|could be|might be|=|:) ?(?:the |probably |likely )*",
    re.IGNORECASE,
)
_ANYTHING = re.compile(
    rf"(?P<one>[{ANSWERS}])[^.;,\n{ANSWERS}]{{0,20}}\bor\b[^.;,\n{ANSWERS}]{{0,20}}(?!(?P=one))[{ANSWERS}]|"
    rf"[{ANSWERS}][^.;\n{ANSWERS}{ABSENT}]{{0,30}}\bor\b[^.;\n{ANSWERS}{ABSENT}]{{0,20}}[{ABSENT}{NAMED}]|"
    rf"[{ABSENT}{NAMED}][^.;\n{ANSWERS}]{{0,20}}\bor\b[^.;\n{ANSWERS}]{{0,20}}[{ANSWERS}]|"
    rf"[{ANSWERS}][^.\n{ANSWERS}{ABSENT}]{{0,40}}\b(?:if|unless|otherwise)\b[^.\n{ANSWERS}{ABSENT}]{{0,40}}{ABSENT}|"
    rf"[{ANSWERS}][^.\n{ANSWERS}]{{0,12}}\bor (?:(?:maybe|perhaps|possibly) )?(?:something|someone|somebody|another|other|some other|"
    r"(?:one|any) of|a different|any|similar)\b",
    re.IGNORECASE,
)
NO_NAMES = {
    "a", "absolutely", "according", "additionally", "after", "all", "also", "although", "an", "and", "another", "answer", "answers", "any",
    "april", "are", "article", "articles", "as", "at", "august", "based", "because", "before", "best", "block", "book", "both", "but", "by", "card",
    "cards", "certain", "certainly", "chapter", "clipping", "clippings", "company", "conclusion", "confidence", "consequently",
    "context", "correct", "could", "cheers", "count", "date", "december", "did", "dictionary", "do", "document", "documents", "does", "done", "drawer",
    "each", "either", "enjoy", "entry", "evidence", "excerpt", "explanation", "false", "february", "feel", "file", "files", "final", "finally",
    "find", "first", "for", "found", "from", "given", "good", "great", "had", "happy", "has", "have", "he", "hello", "hence", "here", "hi", "high",
    "hope", "how", "however", "i", "i'd", "i'll", "i'm", "i've", "if", "in", "index", "information", "is", "it", "it's", "its", "january", "july", "june",
    "just", "key", "kind", "let", "likewise", "line", "list", "location", "looked", "looking", "low", "map", "march", "may", "maybe", "me", "medium", "mentioned",
    "might", "moderate", "my", "name", "no", "none", "note", "notes", "nothing", "november", "number", "numbers", "object", "october", "of",
    "ok", "okay", "on", "one", "or", "our", "page", "pages", "paragraph", "passage", "perhaps", "person", "place", "please", "possibly", "probably", "question",
    "quote", "reading", "reason", "reasoning", "record", "records", "reference", "regards", "response", "result", "results", "saturday", "search", "section",
    "sections", "see", "september", "she", "since", "so", "some", "source", "sources", "specifically", "step", "sunday", "monday", "tuesday",
    "wednesday", "thursday", "friday", "sure", "table", "text", "thank", "thanks", "that", "that's", "the", "their", "then", "there", "there's", "therefore",
    "these", "they", "this", "those", "though", "thus", "title", "to", "total", "town", "true", "uncertain", "unfortunately", "under", "understood", "value", "values",
    "variable", "variables", "very", "via", "was", "we", "well", "were", "what", "when", "where", "whereas", "which", "while", "who", "why", "with",
    "word", "words", "would", "year", "yes", "you", "your", "verified", "verification", "documented", "stated", "i.e", "e.g",
}  # fmt: skip
_SMALL_TALK = NO_NAMES | {
    "above", "any", "anything", "appear", "appears", "be", "below", "can", "come", "else", "following", "further", "help", "helps", "know",
    "last", "more", "most", "need", "not", "often", "order", "that's", "times", "you", "common", "frequent", "used", "respectively", "too", "indeed",
    "lot", "luck", "day", "only", "etc", "such", "three", "two", "four", "five", "ten", "respective", "frequently", "follow", "followed", "second",
    "third", "fourth", "fifth", "next", "us", "once", "twice", "occurrences", "occurrence", "tied", "tie", "everything", "asked", "namely",
}  # fmt: skip
_UNITS = re.compile(
    r"\b\d+(?:[.,]\d+)? ?(?:%|percent\b|/ ?\d+|out of \d+|(?:different |distinct |separate |most |best |such )?(?:times?|values?|numbers?|words?|"
    r"variables?|dictionar(?:y|ies)|tables?|items?|entr(?:y|ies)|pairs?|keys?|results?|occurrences?|characters|digits|tokens|"
    r"sentences|lines?|paragraphs?|matches|things|others?|steps?|documents?|of them|in total|total|uuids?|instances|mentions|hits|"
    r"records?|maps|drawers|blocks|pages|objects|counts?|votes|seconds|minutes|x)\b)|"
    r"\b(?:step|line|paragraph|question|example|option|figure|sentence|chapter|point|confidence(?: level| score)?|certainty|"
    r"probability|score|part|total|count|top|total of|all|these|first|last)\b(?: is| are| was| of| =|:)* ?#?\d+(?:[.,]\d+)? ?(?:%|/ ?\d+)?|"
    r"\bkeys? (?:no\.? ?|#|is |was |of )?\(?\d+(?:, \d+)*\)?|\b\d+(?:st|nd|rd|th)\b|[x×]\d{1,7}\b|\b\d{1,7}[x×]",
    re.IGNORECASE,
)
_COUNTS = re.compile(
    rf"(?<=[{ANSWERS}])[\"']? ?(?:[:=–—-]|→|->)? ?[(\[]?(?:count ?[:=] ?)?\d{{1,7}}[)\]]?(?: ?times| ?x)?(?![\w-])"
)
_PAIRS = re.compile(r"\{[^{}]*:[^{}]*,[^{}]*:[^{}]*\}")
_BETWEEN = re.compile(
    rf"[\n,;|()\[\]{{}}<>{BULLET}{MARK}{MARK_END}{BOLD}{BOLD_END}]|[.!?…](?=\s|$)|\s[-–—/]\s|->|→|\b(?:and|or|then|followed by|plus)\b",
    re.IGNORECASE,
)
_UNIT = re.compile(rf"[^\n{MARK}{MARK_END}]+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[^a-z])|\n+")


_PIECES = re.compile(r"(?<=[.!?])\s+|\n+")


def _key(sentence: str) -> str:
    return " ".join(sentence.casefold().split()).strip(" .!?-*")


@dataclass(frozen=True)
class Reader:
    """Finds what looks like the answers, given what the model had read (nothing where that is not known)."""

    answers: Sequence[Answer]
    context: str = ""

    @cached_property
    def _shape(self) -> re.Pattern[str] | None:
        shapes = {answer.shape for answer in self.answers if answer.shape}
        if self.only_absent:
            shapes = {r"(?<![\w.-])(?=[0-9A-Za-z-]{2})[0-9A-Za-z]*\d[0-9A-Za-z]*(?:-[0-9A-Za-z]+)*(?![\w-])(?!\.\d)"}
        return re.compile("|".join(sorted(shapes))) if shapes else None

    @cached_property
    def only_absent(self) -> bool:
        """Whether the one answer is that there is none."""
        return all(answer.kind == "absent" for answer in self.answers)

    @cached_property
    def _names(self) -> bool:
        return self.only_absent or any(answer.kind == "name" for answer in self.answers)

    @cached_property
    def _longest(self) -> int:
        """Words of the longest answer without a telling shape; 0 where there is none."""
        longest = max((len(answer.text.split()) for answer in self.answers if answer.kind == "words"), default=0)
        return longest + 3 if longest > 1 else longest

    @cached_property
    def _capitals(self) -> set[int]:
        """Lengths of answers in capitals, which a reply may write small."""
        return {len(answer.text) for answer in self.answers if re.fullmatch(r"[A-Z]{2,}", answer.text)}

    @cached_property
    def _read(self) -> str:
        return " ".join(self.context.casefold().split())

    def _was_read(self, words: str) -> bool:
        return not self._read or " ".join(words.casefold().split()) in self._read

    def candidates(self, text: str) -> bool:
        """Whether a text gives anything that an answer could be."""
        return bool(SIGN.search(text) or ABSENT in text or OTHER_DATE in text) or any(True for _ in self._any(text))

    def _any(self, text: str) -> Iterator[str]:
        yield from self.shaped(text)
        if self._names:
            yield from (name for name in self._all_names(text) if " " in name or self.context)
        if self._longest:
            start = re.split(r"[.,;\n]", text.strip(f" \n:{BULLET}{BOLD}"), maxsplit=1)[0]
            words = _WORD.findall(start)
            if 0 < len(words) <= self._longest and not _SMALL_TALK.issuperset(map(str.casefold, words)):
                yield start

    def shaped(self, text: str) -> Iterator[str]:
        """What has the shape of an answer, wherever it stands, but for numbers that count something else."""
        if OTHER_DATE in text:
            yield OTHER_DATE
        if not self._shape:
            return
        text = _UNITS.sub(" ", _COUNTS.sub(" ", text))
        for found in self._shape.finditer(text):
            words = found[0]
            if (
                words.isalpha() is False
                and "-" in words
                and not re.search(r"\d", words)
                and self._is_compound(words, text, found.end())
            ):
                continue
            if words.isdigit() and len(words) < 4 and self._read and not re.search(rf"\b{words}\b", self._read):
                continue
            yield words.casefold()

    def _is_compound(self, words: str, text: str, end: int) -> bool:
        """Whether words with dashes are those of a sentence, as in `well-known text`."""
        if self._read:
            return not self._was_read(words)
        return re.match(r" (?!and\b|or\b|is\b|was\b)[a-z]", text[end : end + 8]) is not None

    def _all_names(self, text: str) -> Iterator[str]:
        for found in _NAME.finditer(text):
            if name := _bare_name(found[0]):
                yield name

    def named_beside(self, text: str) -> Iterator[str]:
        """Names joined to an answer as by `and` or `or`."""
        for sign in SIGN.finditer(text) if self._names else ():
            at = sign.end()
            for _ in range(50):
                joined = _AFTER.match(text, at)
                name = _NAME.match(text, joined.end()) if joined else None
                if not joined or not name or not _bare_name(name[0]):
                    break
                if joined[0].strip(" )\n") == "," and re.match(
                    r" (?!and\b|or\b|as\b)[a-z]", text[name.end() : name.end() + 4]
                ):
                    break
                yield _bare_name(name[0])
                at = name.end()
            yield from self._named_before(text, sign.start())

    def _named_before(self, text: str, at: int) -> Iterator[str]:
        for _ in range(50):
            window = text[max(at - 200, 0) : at]
            joined = _BEFORE.search(window)
            if not joined:
                return
            names = [name for name in _NAME.finditer(window, 0, joined.start()) if name.end() == joined.start()]
            if not names or not (name := _bare_name(names[-1][0])):
                return
            before = window[: names[-1].end() - len(name)]
            if not joined["firm"] and not _STARTS_LIST.search(before) and not _BEFORE.search(before):
                return
            if not joined["firm"] and _STARTS_LIST.search(before) and not self._was_read(name):
                return
            yield name
            at -= len(window) - len(before)

    def named_in_frames(self, text: str) -> Iterator[str]:
        """Names that are given as the answer: `it may also have been Jane Roe`."""
        for frame in _FRAME.finditer(text) if self._names else ():
            name = _NAME.match(text, frame.end())
            if name and (bare := _bare_name(name[0])):
                yield bare

    def values_given(self, text: str) -> Iterator[str]:
        """What has the shape of an answer and is called the value: `the number is 42`."""
        for frame in _VALUE_IS.finditer(text):
            yield from self.shaped(text[frame.end() : frame.end() + 60].split(" ")[0])

    def maybe_named(self, text: str) -> Iterator[str]:
        """Names in a sentence that adds a possibility."""
        if self._names:
            yield from (name for name in self._all_names(text) if " " in name or (self._read and self._was_read(name)))

    def many_named(self, text: str) -> Iterator[str]:
        """Names of a text that is full of them, as what is copied from a text of many is."""
        names = set(self._all_names(text)) if self._names else set[str]()
        if len(names) > 5 and len(_SENTENCE_END.split(text.strip())) > 4:
            yield from sorted(names)

    def sentences_read(self, text: str) -> Iterator[str]:
        """Sentences without an answer that are those of what was read, where there are more than a few."""
        read = self._sentences_read
        found = {key for sentence in _PIECES.split(text) if (key := _key(sentence)) in read} if read else set[str]()
        if len(found) > 3:
            yield from sorted(found)

    @cached_property
    def _sentences_read(self) -> set[str]:
        return {key for sentence in _PIECES.split(self.context) if len(key := _key(sentence)) > 8}

    def fragments(self, text: str) -> Iterator[str]:
        """Sentences and lines that are nothing but what an answer could be."""
        for piece in _SENTENCE_END.split(re.sub(f"[{MARK}{MARK_END}{BOLD}{BOLD_END}]", "\n", text)):
            piece = _LEADS_ON.sub("", piece.strip(" .!?,;:'\"()[]"))
            if not piece or SIGN.search(piece):
                continue
            if piece in (ABSENT, OTHER_DATE) or re.fullmatch(rf"(?:it is |it's |is )?{ABSENT}\W*", piece):
                yield piece
            label, colon, value = piece.strip(BULLET).rpartition(": ")
            if colon and (REMARK.fullmatch(label) or len(label.split()) > 3):
                continue
            value = value.strip()
            words = [word for word in _WORD.findall(value)]
            if self._shape and len(words) <= 3 and any(True for _ in self.shaped(value)):
                yield value
            elif (
                self._names
                and (not colon or _SAYS_ANSWER.search(label))
                and _NAME.fullmatch(value)
                and (name := _bare_name(value)) == value
                and len(words) <= 6
            ):
                if " " in name or (self._read and self._was_read(name)) or BULLET in piece:
                    yield name
            elif self._is_item(words, value) and (BULLET in piece or self._read) and self._was_read(value):
                yield value

    def _is_item(self, words: Sequence[str], item: str) -> bool:
        return (
            0 < len(words) <= self._longest
            and not re.search(f"[{_SIGNS}]", item)
            and not _SMALL_TALK.issuperset(word.casefold() for word in words)
            and any(len(word) > 1 for word in words)
        )

    def listed(self, text: str) -> Iterator[str]:
        """Items of the lists that the answers are items of."""
        for block in _blocks(text):
            places = [sign.start() for sign in SIGN.finditer(block)]
            if not places or (len(places) < 2 and not self._longest and not self._capitals):
                continue
            yield from self._items_beside(block, places[0], places[-1])

    def _items_beside(self, block: str, first: int, last: int) -> Iterator[str]:
        at = 0
        for edge in [*_BETWEEN.finditer(block), None]:
            end = edge.start() if edge else len(block)
            item, between = block[at:end], first < at <= last
            is_bullet = block[at - 1 : at] == BULLET
            if item.count(" ") < 400:
                yield from self._item(item, is_bullet=is_bullet, between=between, before=at <= first)
            at = edge.end() if edge else end

    def _item(self, item: str, *, is_bullet: bool, between: bool, before: bool) -> Iterator[str]:
        label, colon, value = item.partition(":")
        if is_bullet and colon and REMARK.fullmatch(label):
            return
        text = (label if is_bullet else item.rpartition(":")[2]).strip(" '")
        if not is_bullet and not between and before:
            text = re.split(r"\b(?:is|are|was|were|be)\b", text)[-1].strip()
        if SIGN.search(item):
            yield from self._between_answers(item)
            return
        words = _WORD.findall(text)
        if self._longest and self._is_item(words, text) and not text.isdigit():
            sure = is_bullet or self._longest == 1 or between or self._was_read(text) and bool(self._read)
            if (sure or (not before and len(words) > 2 and words[0].casefold() not in _SMALL_TALK)) and (
                self._longest == 1 or len(words) > 1 or between or is_bullet
            ):
                yield text
        elif len(words) == 1 and text.islower() and len(text) in self._capitals and text not in _SMALL_TALK:
            yield text
        elif self._names and between and _NAME.fullmatch(text) and _bare_name(text):
            yield text

    def _between_answers(self, item: str) -> Iterator[str]:
        """Words between two answers with nothing to part them: `apple plum pear`."""
        words = _WORD.findall(item)
        places = [place for place, word in enumerate(words) if SIGN.fullmatch(word)]
        for word in words[places[0] : places[-1]]:
            if not re.fullmatch(f"[{_SIGNS}]", word) and self._longest == 1 and self._is_item([word], word):
                yield word


def _bare_name(name: str) -> str:
    """The name without words at its ends that begin sentences or head documents; empty where nothing is left."""
    words = name.split()
    while words and words[0].casefold().rstrip(".,'") in NO_NAMES:
        words.pop(0)
    while words and words[-1].casefold().rstrip(".,'") in NO_NAMES:
        words.pop()
    return " ".join(words)


def _blocks(text: str) -> Iterator[str]:
    """Sentences; lines of a list, or short lines one after the other, together."""
    lines = re.sub(f"[{BOLD}{BOLD_END}{MARK}{MARK_END}]", " ", text).split("\n")
    block = list[str]()
    for line in lines:
        item = BULLET in line or 0 < len(line.split()) <= 3 and ":" not in line
        if item or (not line.strip() and block):
            block.append(line)
            continue
        yield "\n".join(block)
        block = []
        yield from re.split(r"(?<=[.!?])\s+(?=[^a-z])", line)
    yield "\n".join(block)


def hedged(text: str) -> bool:
    """Whether a text adds a possibility to what was said."""
    return _MAY.search(text) is not None


def without_counts(text: str) -> str:
    """The text without numbers that count something, say how sure one is, or number steps."""
    return _UNITS.sub(" ", text)


def open_ended(text: str) -> Iterator[str]:
    """`or something else` beside an answer, which leaves open what it is."""
    yield from (found[0] for found in _ANYTHING.finditer(text))
