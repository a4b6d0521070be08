"""Texts on which tokenizers have been seen to differ, which both engines are tried on."""

from collections.abc import Iterable, Iterator

HOSTILE = (
    "",
    " ",
    "  two  spaces   three ",
    "\n\n\r\n\t tabs\tand\n newlines \n\n\n",
    "0123456789 12 123 1234 12345 1234567 3.14 1e-7 0x1F",
    "Don't we'll I'VE they're it's 'quoted' ''",
    "naïve café Ångström ﬁ ﬃ Ⅳ ½ e\u0301 A\u030a",
    "Ελληνικά Русский עברית العربية हिन्दी ไทย 日本語 한국어 中文，。",
    "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇨🇭 \u200d\ufe0f",
    "<s> </s> <|endoftext|> <|im_start|>user <unk> [INST] <pad> <0x0A>",
    "\u0000\u0001\u001b[31m\u007f\u0085\u00a0\u2028\ufeff",
    'def f(x):\n\treturn x**2  # \'done\'\n\n{"a": [1, 2, {"b": null}]}',
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "550e8400-e29b-41d4-a716-446655440000 deadBEEF==/+",
    "▁ ▁▁ _ ▂",
)
"""Strings on which tokenizers have been seen to differ; both engines must agree on them."""

_LONG_CHARS = 1 << 17


def long_text(texts: Iterable[str]) -> str:
    """These texts and the hostile ones, but those of control tokens, again and again as one long document."""
    once = "\n\n".join([*(text for text in HOSTILE if "<" not in text), *texts])
    return " ".join([once] * (_LONG_CHARS // len(once) + 1))


def around(tokens: Iterable[str]) -> Iterator[str]:
    """Texts that hold the strings of tokens as documents may: alone, in a word, after a blank, on a line, doubled."""
    for token in tokens:
        yield from (token, f"a{token}b", f"a {token} b", f"a\n{token}\n", token + token)
