"""Text to token ids: `tokenizers` is the truth, `fastokens` the engine where both agree.

Text never makes control tokens: special-token strings in it are encoded as ordinary text, and BOS and EOS are added
by rule around it.
"""

import gc
import json
import os
import re
import warnings
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import tokenizers
from numpy.typing import NDArray

from ...schemas.errors import LcdataError, UsageError
from ...schemas.sample import Fragments, Span
from ...schemas.tokens import TokenizerChoice, TokenizerIdentity
from .bytespans import TokenBytes
from .memory import give_back_memory
from .vocabulary import Vocabulary, find_vocabulary

# One thread a process: the cores are shared out among workers, and a second pool would fight them.
os.environ.setdefault("RAYON_NUM_THREADS", "1")
os.environ.setdefault("FASTOKENS_BPE_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

Ids = NDArray[np.int32]

_KNOWN_EOS = (
    "</s>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<eos>",
    "<｜end▁of▁sentence｜>",
    "<|return|>",
    "<|im_end|>",
    "[EOS]",
)

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


@dataclass(frozen=True)
class TokenizerSpec:
    """All that a worker needs to make the same tokenizer."""

    data: bytes
    identity: TokenizerIdentity
    engine: str = "fastokens"
    """What encodes: `fastokens`, or `tokenizers` where the former cannot be used."""


class Tokenizer:
    """One vocabulary with its two engines; made by `load_tokenizer` or `open_tokenizer`."""

    def __init__(self, spec: TokenizerSpec, marked: "_Marked | None" = None, fast: Any = None) -> None:
        self.spec = spec
        self.identity = spec.identity
        self._vocabulary: _Marked | None = marked or _Marked.of(spec.data)
        self._fast = (fast or _fast_engine(self._marked.text)) if spec.engine == "fastokens" else None
        self._counted: WeakKeyDictionary[Fragments, NDArray[np.int64]] = WeakKeyDictionary()

    @property
    def _marked(self) -> "_Marked":
        if self._vocabulary is None:
            self._vocabulary = _Marked.of(self.spec.data)
        return self._vocabulary

    def forget_vocabulary(self) -> None:
        """Give back what only loading, spans and control tokens need, up to 300 MB; it is parsed again if need be."""
        if self._vocabulary is not None:
            _ = self.reference  # made of it
            self._vocabulary = None
            give_back_memory()

    @cached_property
    def reference(self) -> tokenizers.Tokenizer:
        """The Hugging Face tokenizer, special-token strings taken as ordinary text."""
        return _reference_engine(self._marked.text)

    @cached_property
    def token_bytes(self) -> TokenBytes | None:
        """How many bytes of text each token covers, where the vocabulary says so."""
        return TokenBytes.of(self._marked.content, self.identity.vocab_size)

    @property
    def engine(self) -> str:
        """What encodes: `fastokens` or `tokenizers`."""
        return "tokenizers" if self._fast is None else "fastokens"

    def encode(self, text: str) -> Ids:
        """Token ids of a whole text without BOS and EOS, shape (num_tokens,)."""
        if self._fast is None:
            return self.encode_reference(text)
        ids, _ = self._fast.encode_batch_flat([text], split_special_tokens=True)
        return np.frombuffer(ids, np.int32)

    def encode_batch(self, texts: Sequence[str]) -> tuple[Ids, NDArray[np.int64]]:
        """Token ids of several whole texts one after another, and where each text's end, after a first 0."""
        if self._fast is None:
            ids = [self.encode_reference(text) for text in texts]
            return np.concatenate(ids), np.concatenate(([0], np.cumsum(list(map(len, ids)))))
        flat, ends = self._fast.encode_batch_flat(texts, split_special_tokens=True)
        return np.frombuffer(flat, np.int32), np.frombuffer(ends, np.int64)

    def count(self, fragments: Fragments) -> NDArray[np.int64]:
        """Tokens of each string by itself, shape (strings,); counted once."""
        if fragments not in self._counted:
            _, ends = self.encode_batch(fragments.strings)
            self._counted[fragments] = np.diff(ends)
        return self._counted[fragments]

    def encode_reference(self, text: str) -> Ids:
        """Token ids of a whole text without BOS and EOS by `tokenizers` itself, shape (num_tokens,)."""
        encoding = self.reference.encode_batch_fast([text], add_special_tokens=False)[0]
        return np.array(encoding.ids, np.int32)

    def encode_with_control_tokens(self, text: str) -> Ids:
        """Token ids by `tokenizers`, control tokens where the text names them: for text that is ours alone."""
        self.reference.encode_special_tokens = False
        try:
            return self.encode_reference(text)
        finally:
            self.reference.encode_special_tokens = True

    @cached_property
    def control_tokens(self) -> dict[str, int]:
        """The ids of the strings that only a chat template may write as one token."""
        return {token["content"]: token["id"] for token in self._marked.content["added_tokens"] if token["special"]}

    @cached_property
    def after_control_token(self) -> "Tokenizer":
        """What encodes text after a control token: puts no space before it, where only a text's start has one."""
        data = self.spec.data.replace(b'"prepend_scheme":"first"', b'"prepend_scheme":"never"')
        data = data.replace(b'"prepend_scheme": "first"', b'"prepend_scheme": "never"')
        return self if data == self.spec.data else Tokenizer(replace(self.spec, data=data))

    def token_spans(self, text: str, ids: Ids, spans: Sequence[Span]) -> list[Span]:
        """The tokens that cover each span of characters of `text`, as spans of `ids` = encode(text).

        A span covers every token that holds any part of its first to its last character. Raises LcdataError when
        the ids cannot be laid over the text.
        """
        if self.token_bytes is not None:
            found = self.token_bytes.token_spans(text, ids, spans)
            if found is not None:
                return found
        return self._reference_spans(text, ids, spans)

    def _reference_spans(self, text: str, ids: Ids, spans: Sequence[Span]) -> list[Span]:
        encoding = self.reference.encode(text, add_special_tokens=False)
        if not np.array_equal(np.array(encoding.ids, np.int32), ids):
            raise LcdataError("the engine's ids differ from those of tokenizers: run again with --engine tokenizers")
        offsets = np.array(encoding.offsets, np.int64).reshape(-1, 2)
        first = np.minimum.accumulate(offsets[::-1, 0])[::-1]
        last = np.maximum.accumulate(offsets[:, 1])
        # An accent that the normalizer joined to its letter lies in no token's offsets: it is part of the one before.
        following = np.append(first[1:], len(text))
        for token in np.flatnonzero(following > last):
            if not text[last[token]].isspace():
                last[token] = following[token]
        return [
            (int(np.searchsorted(last, start, side="right")), int(np.searchsorted(first, end, side="left")))
            for start, end in spans
        ]

    def disagreement(self, texts: Iterable[str]) -> str | None:
        """The first text on which the two engines differ, or None."""
        for text in texts:
            if not np.array_equal(self.encode(text), self.encode_reference(text)):
                return text
        return None

    def tried(self, texts: Iterable[str] = ()) -> "Tokenizer":
        """This tokenizer where its engine agrees with `tokenizers` on hostile strings and these texts.

        Where it does not, one of the same vocabulary that runs on `tokenizers`, with a warning.
        """
        different = None if self.engine == "tokenizers" else self.disagreement([*HOSTILE, *texts])
        if different is None:
            return self
        warnings.warn(
            f"fastokens and tokenizers differ on {different[:40]!r}: using tokenizers, which is slower", stacklevel=3
        )
        return Tokenizer(replace(self.spec, engine="tokenizers"))


def load_tokenizer(
    choice: TokenizerChoice, engine: str = "fastokens", vocabulary: Vocabulary | None = None
) -> Tokenizer:
    """The tokenizer that was asked for, with its ends decided; falls back to `tokenizers` with a warning.

    The vocabulary of the choice is looked for unless it is given. Raises UsageError or HubError where there is none, or
    none that can be used.
    """
    vocabulary = vocabulary or find_vocabulary(choice.source)
    fast: Future[Any] | None = None
    with ThreadPoolExecutor(1) as beside:  # the engine takes longest, and needs no lock that Python has
        try:
            if engine == "fastokens" and not _UNMARKED.search(vocabulary.data):
                fast = beside.submit(_fast_engine, vocabulary.data.decode())
            marked = _Marked.of(vocabulary.data)
            if engine == "fastokens" and fast is None:
                fast = beside.submit(_fast_engine, marked.text)
            reference = _reference_engine(marked.text)
        except Exception as error:  # tokenizers raises plain Exception for whatever is wrong with the JSON
            raise UsageError(
                f"the tokenizer {choice.source!r} is not a valid tokenizer.json ({error}): save it again with "
                "tokenizer.save('tokenizer.json')"
            ) from None
        identity = _identify(reference, marked, vocabulary, choice)
    tokenizer = _with_engine(TokenizerSpec(vocabulary.data, identity, engine), marked, fast)
    tokenizer.reference = reference
    return _keep_open(tokenizer)


def _with_engine(spec: TokenizerSpec, marked: "_Marked", fast: "Future[Any] | None") -> Tokenizer:
    try:
        return Tokenizer(spec, marked, None if fast is None else fast.result())
    except ValueError as error:
        reason = str(error).strip().splitlines()[0]
        warnings.warn(
            f"fastokens cannot run this tokenizer ({reason}): using tokenizers, which is slower", stacklevel=3
        )
        return Tokenizer(replace(spec, engine="tokenizers"), marked)


_open: dict[TokenizerSpec, Tokenizer] = {}


def open_tokenizer(spec: TokenizerSpec) -> Tokenizer:
    """The tokenizer of a spec; the last one stays open for the next call in this process."""
    return _open[spec] if spec in _open else _keep_open(Tokenizer(spec))


def _keep_open(tokenizer: Tokenizer) -> Tokenizer:
    _open.clear()
    _open[tokenizer.spec] = tokenizer
    return tokenizer


def _fast_engine(data: str) -> Any:
    import fastokens

    return fastokens.Tokenizer.from_json_str(data)


def _reference_engine(data: str) -> tokenizers.Tokenizer:
    reference = tokenizers.Tokenizer.from_str(data)
    reference.encode_special_tokens = True
    reference.no_truncation()
    reference.no_padding()
    return reference


_UNMARKED = re.compile(rb'"special":\s*false')
"""Found in every `tokenizer.json` that has unmarked tokens."""


@dataclass(frozen=True)
class _Marked:
    """A `tokenizer.json` with every bracketed added token marked special, so that no text can make one.

    Vocabularies leave tokens such as `<think>` or `<|fim_prefix|>` unmarked, and an unmarked one matches in text.
    """

    content: dict[str, Any]
    text: str

    @classmethod
    def of(cls, data: bytes) -> "_Marked":
        # Collecting garbage among a million new strings would double the time.
        gc.disable()
        try:
            content = json.loads(data)
        finally:
            gc.enable()
        unmarked = [
            token
            for token in content.get("added_tokens", [])
            if not token["special"] and re.fullmatch(r"<.*>|\[.*\]", token["content"], re.DOTALL)
        ]
        for token in unmarked:
            token["special"] = True
        return cls(content, json.dumps(content, ensure_ascii=False) if unmarked else data.decode())

    @property
    def vocab_size(self) -> int:
        """One more than the largest token id of the file."""
        vocab = self.content["model"]["vocab"]
        model_ids = vocab.values() if isinstance(vocab, dict) else range(len(vocab))
        return 1 + max(max(model_ids, default=0), *(token["id"] for token in self.content["added_tokens"]))


def _identify(
    reference: tokenizers.Tokenizer, marked: _Marked, vocabulary: Vocabulary, choice: TokenizerChoice
) -> TokenizerIdentity:
    plain = reference.encode("a", add_special_tokens=False).ids
    whole = reference.encode("a", add_special_tokens=True).ids
    num_before = whole.index(plain[0]) if plain and plain[0] in whole else 0
    bos = _chosen(reference, choice.bos, "--bos", choice.source)
    if choice.bos is None:
        bos = reference.id_to_token(whole[0]) if num_before else None
    eos = _chosen(reference, choice.eos, "--eos", choice.source) or _own_eos(reference, vocabulary, whole, plain)
    if eos is None:
        raise UsageError(f"the tokenizer {choice.source!r} names no end-of-document token: name it with --eos TOKEN")
    return TokenizerIdentity(
        source=choice.source,
        sha256=vocabulary.sha256,
        bos=bos,
        bos_id=None if bos is None else reference.token_to_id(bos),
        eos=eos,
        eos_id=int(reference.token_to_id(eos) or 0),
        vocab_size=marked.vocab_size,
    )


def _chosen(reference: tokenizers.Tokenizer, token: str | None, option: str, source: str) -> str | None:
    if token is None or (option == "--bos" and token.lower() == "none"):
        return None
    if reference.token_to_id(token) is None:
        raise UsageError(f"{option} {token!r} is not a token of the tokenizer {source!r}")
    return token


def _own_eos(reference: tokenizers.Tokenizer, vocabulary: Vocabulary, whole: list[int], plain: list[int]) -> str | None:
    if len(whole) > len(plain) and plain and whole[-1] != plain[-1]:
        return reference.id_to_token(whole[-1])
    named = vocabulary.config.get("eos_token")
    if isinstance(named, dict):
        named = named.get("content")
    special = {token.content for token in reference.get_added_tokens_decoder().values()}
    return next((token for token in (named, *_KNOWN_EOS) if token in special), None)
