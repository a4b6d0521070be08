"""What of a vocabulary is control and what is text, decided once for all that encodes.

Control tokens are the special ones, those at documents' ends, those that the chat template names, and those that are
marked as such though nobody declared them. All other tokens that were added, such as blanks and HTML tags, are text.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import tokenizers

from ...schemas.errors import UsageError
from ...schemas.tokens import TokenizerChoice
from .content import Content
from .vocabulary import Vocabulary

_BRACKETED = r"<[^<>]+>|\[[^\[\]]+\]|◁[^◁▷]+▷|｜[^｜]+｜"
_MARKED = re.compile(rf"{_BRACKETED}|<.*>|\[.*\]", re.DOTALL)
_HTML = """
a abbr address area article aside audio b base bdi bdo blockquote body br button canvas caption center cite code col
colgroup data datalist dd del details dfn dialog div dl dt em embed fieldset figcaption figure font footer form frame h1
h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins kbd label legend li link main map mark math menu meta
meter nav noscript object ol optgroup option output p param picture pre progress q rp rt ruby s samp script search
section select slot small source span strike strong style sub summary sup svg table tbody td template textarea tfoot th
thead time title tr track tt u ul var video wbr
"""
"""Names of the elements of HTML, whose tags are text."""


def is_marked(token: str) -> bool:
    """Whether a token looks like one that is not text, such as `<|im_end|>`, `<think>`, `◁think▷` or `｜DSML｜`."""
    return _MARKED.fullmatch(token) is not None and not _is_html(token)


def _is_html(token: str) -> bool:
    return token.startswith("<") and token.strip("</>").lower() in _HTML.split()


def _is_word(token: str) -> bool:
    """Whether a token is a blank, a plain word or mere punctuation, as which it may stand in any template's code."""
    words = token.strip().strip("▁").strip()
    return words.isalnum() or not any(map(str.isalnum, words))


def named_tokens(config: Mapping[str, Any]) -> set[str]:
    """The tokens that a tokenizer's configuration names or declares special."""
    decoder = config.get("added_tokens_decoder")
    declared = decoder.values() if isinstance(decoder, dict) else ()
    return {
        *(token for name, value in config.items() if name.endswith("_token") for token in _contents(value)),
        *_contents(config.get("additional_special_tokens")),
        *_contents(config.get("extra_special_tokens")),
        *_contents([entry for entry in declared if isinstance(entry, dict) and entry.get("special")]),
    }


def _contents(value: object) -> Iterator[str]:
    """The tokens that a field of a configuration names, which has many forms."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and "content" in value:
        yield from _contents(value["content"])
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _contents(part)


class Named:
    """The tokens of a vocabulary that may be named as control tokens: no word, no number, no piece of text."""

    def __init__(self, content: Content, config: Mapping[str, Any], source: str) -> None:
        self._content, self._source = content, source
        self._added = {token["content"] for token in content.added}
        special = {token["content"] for token in content.added if token["special"]}
        self._likely = special | {token for token in self._added if not _is_word(token)}
        self.declared = {token for token in named_tokens(config) if token in self._added or self.may_be_control(token)}
        self._likely |= self.declared

    def __contains__(self, token: str) -> bool:
        return token in self._added or token in self._content.vocab

    def may_be_control(self, token: str) -> bool:
        """Whether a token of the vocabulary can be kept from text without damage to it."""
        if token in self._likely:
            return True
        is_bracketed = _MARKED.fullmatch(token) is not None
        return is_bracketed and token in self._content.vocab and token not in self._content.merged

    def split(self, given: str, option: str, reference: tokenizers.Tokenizer, own: str | None) -> tuple[str, ...]:
        """The tokens that an option names, one or several one after another.

        UsageError with the token that may be meant where one is none of the vocabulary or a piece of ordinary text.
        """
        if self.may_be_control(given):
            return (given,)
        longest_first = sorted(self._likely, key=len, reverse=True)
        one = "|".join([*map(re.escape, longest_first), _BRACKETED])
        tokens = re.findall(one, given) if re.fullmatch(f"(?:{one})+", given) else []
        if tokens and all(map(self.may_be_control, tokens)):
            return tuple(tokens)
        is_text = given in self or given.isdigit()
        problem = "is ordinary text under the tokenizer" if is_text else "is not a token of the tokenizer"
        meant = self._meant(given, reference, own)
        cure = f": did you mean {meant!r}?" if meant else ": name one that `lcdata doctor --tokenizer` lists as control"
        raise UsageError(f"{option} {given!r} {problem} {self._source!r}{cure}")

    def _meant(self, given: str, reference: tokenizers.Tokenizer, own: str | None) -> str | None:
        by_id = reference.id_to_token(int(given)) if given.isdecimal() and int(given) < 2**31 else None
        if by_id is not None and self.may_be_control(by_id):
            return by_id
        bare = {re.sub(r"\W", "", token).lower(): token for token in sorted(self._likely)}
        near = get_close_matches(re.sub(r"\W", "", given).lower(), bare, 1, 0.8)
        return bare[near[0]] if near else own


def decide(
    content: Content, named: Named, ends: Iterable[str], template: str, choice: TokenizerChoice
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The control tokens and the other added tokens, in the vocabulary's order; `template` is that of conversations.

    Raises UsageError where the choice moves what cannot be moved.
    """
    added = [token["content"] for token in content.added]
    ends = set(ends)
    control = {
        token["content"]
        for token in content.added
        if token["special"]
        or is_marked(token["content"])
        or (token["content"] in template and not _is_word(token["content"]))
    }
    control |= ends | named.declared | {*choice.control_tokens}
    for token in choice.control_tokens:
        if token not in named or not named.may_be_control(token):
            what = "is ordinary text, which must stay so" if token in named else "is not in the vocabulary"
            raise UsageError(f"--control-token {token!r} {what}: name a token that was added to the vocabulary")
    for token in choice.text_tokens:
        if token in ends or token in choice.control_tokens:
            other = "the ends of documents" if token in ends else "--control-token"
            raise UsageError(f"--text-token {token!r} is named by {other} too, so it cannot be text: leave one out")
        if token not in added:
            raise UsageError(f"--text-token {token!r} is no token that was added to the vocabulary: leave it out")
    control -= {*choice.text_tokens}
    return (
        (*(token for token in added if token in control), *sorted(control.difference(added))),
        tuple(token for token in added if token not in control),
    )


def templates(vocabulary: Vocabulary) -> str:
    """All chat templates that come with a tokenizer, one after another."""
    found = vocabulary.config.get("chat_template")
    parts = [part.get("template") for part in found if isinstance(part, dict)] if isinstance(found, list) else [found]
    return "\n".join(part for part in parts if isinstance(part, str))
