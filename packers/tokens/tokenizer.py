"""Text to token ids: `tokenizers` is the truth, `fastokens` the engine where both agree.

Text never makes control tokens: their strings in it are encoded as ordinary text, and what stands at a document's ends
is put there by rule.
"""

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
from .content import Content
from .for_text import Files, encode, files_beside, files_of, id_of, reference_engine
from .identity import identify
from .memory import give_back_memory
from .panics import is_panic, no_panic
from .probes import HOSTILE, around, long_text
from .unwritten import Alphabet
from .vocabulary import Vocabulary, find_vocabulary

# One thread a process: the cores are shared out among workers, and a second pool would fight them.
os.environ.setdefault("RAYON_NUM_THREADS", "1")
os.environ.setdefault("FASTOKENS_BPE_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

Ids = NDArray[np.int32]


@dataclass(frozen=True)
class TokenizerSpec:
    """All that a worker needs to make the same tokenizer."""

    data: bytes
    identity: TokenizerIdentity
    engine: str = "fastokens"
    """What encodes: `fastokens`, or `tokenizers` where the former cannot be used."""


class Tokenizer:
    """One vocabulary with its two engines; made by `load_tokenizer`, `reopen_tokenizer` or `open_tokenizer`."""

    def __init__(self, spec: TokenizerSpec, files: Files | None = None, fast: Any = None) -> None:
        self.spec = spec
        self.identity = spec.identity
        self._known: Files | None = files or files_of(spec.data, spec.identity)
        self._fast: Any = (fast or _fast_engine(self._files.for_text)) if spec.engine == "fastokens" else None
        self._counted: WeakKeyDictionary[Fragments, NDArray[np.int64]] = WeakKeyDictionary()

    @property
    def _files(self) -> Files:
        if self._known is None:
            self._known = files_of(self.spec.data, self.identity)
        return self._known

    def forget_vocabulary(self) -> None:
        """Give back what only loading and spans need, up to 300 MB; it is parsed again if need be."""
        if self._known is not None:
            _ = self.reference, self._text_reference, self._alphabet, self._is_control  # made of it
            self._known = None
            give_back_memory()

    @cached_property
    def reference(self) -> tokenizers.Tokenizer:
        """The Hugging Face tokenizer as the file says, but for truncation and padding: text makes control tokens."""
        return self._files.reference

    @cached_property
    def _text_reference(self) -> tokenizers.Tokenizer:
        """The Hugging Face tokenizer that takes strings of control tokens as text; `reference` where both are one."""
        files = self._files
        is_same = files.for_text == files.content.data.decode()
        return files.reference if is_same else reference_engine(files.for_text)

    @cached_property
    def _alphabet(self) -> Alphabet:
        return Alphabet.of(self._files.content)

    @cached_property
    def _is_control(self) -> NDArray[np.bool_]:
        """Whether each id is that of a control token, shape (vocab_size,)."""
        is_control = np.zeros(self.identity.vocab_size, np.bool_)
        is_control[list(self.control_tokens.values())] = True
        return is_control

    @cached_property
    def token_bytes(self) -> TokenBytes | None:
        """How many bytes of text each token covers, where the vocabulary says so."""
        content = self._files.content
        added = {token["content"]: id_of(self.reference, token["content"]) for token in content.added}
        return TokenBytes.of(content, added, list(self.control_tokens.values()), self.identity.vocab_size)

    @property
    def engine(self) -> str:
        """What encodes: `fastokens` or `tokenizers`."""
        return "tokenizers" if self._fast is None else "fastokens"

    def encode(self, text: str) -> Ids:
        """Token ids of a whole text without BOS and EOS, shape (num_tokens,)."""
        if self._fast is None:
            return self._encode_as_text(text)
        ids, _ = self._encode_fast([text])
        return ids

    def encode_batch(self, texts: Sequence[str]) -> tuple[Ids, NDArray[np.int64]]:
        """Token ids of several whole texts one after another, and where each text's end, after a first 0."""
        if self._fast is None:
            ids = [self._encode_as_text(text) for text in texts]
            return np.concatenate(ids), np.concatenate(([0], np.cumsum(list(map(len, ids)))))
        return self._encode_fast(texts)

    def _encode_fast(self, texts: Sequence[str]) -> tuple[Ids, NDArray[np.int64]]:
        try:
            flat, ends = self._fast.encode_batch_flat(texts, split_special_tokens=True)
        except ValueError as error:
            raise LcdataError(
                f"fastokens cannot encode a text that tokenizers may ({error}): run again with --engine tokenizers"
            ) from None
        return np.frombuffer(flat, np.int32), np.frombuffer(ends, np.int64)

    def count(self, fragments: Fragments) -> NDArray[np.int64]:
        """Tokens of each fragment by itself, or of its words, shape (fragments,); counted once."""
        if fragments not in self._counted:
            _, ends = self.encode_batch(fragments.strings)
            counts = np.diff(ends)
            if fragments.made_of is not None:
                counts = counts.take(fragments.made_of).sum(axis=1)
            self._counted[fragments] = counts
        return self._counted[fragments]

    def encode_reference(self, text: str) -> Ids:
        """Token ids of a whole text without BOS and EOS by `tokenizers` itself, shape (num_tokens,).

        They come from the file as it is; only a text that makes control tokens there is encoded without them.
        """
        ids = encode(self.reference, text)
        return self._encode_as_text(text) if self._is_control[ids].any() else ids

    def _encode_as_text(self, text: str) -> Ids:
        engine = self._text_reference
        engine.encode_special_tokens = True
        try:
            return encode(engine, text)
        finally:
            engine.encode_special_tokens = False

    def encode_with_control_tokens(self, text: str) -> Ids:
        """Token ids by `tokenizers`, control tokens where the text names them: for text that is ours alone."""
        return encode(self.reference, text)

    def decode(self, ids: Ids) -> str:
        """The text of token ids, control tokens left out."""
        return self.reference.decode(ids[~self._is_control[ids]].tolist(), skip_special_tokens=False)

    def unwritten(self, text: str, ids: Ids) -> int:
        """Places of a text that the vocabulary cannot write, given its ids: unknown tokens, or characters in none."""
        return self._alphabet.count(text, ids, self.reference)

    def cannot_write(self, text: str) -> bool:
        """Whether a part of a text would become an unknown token or none."""
        return not self._alphabet.is_whole and self.unwritten(text, self.encode(text)) > 0

    @cached_property
    def control_tokens(self) -> dict[str, int]:
        """The ids of the strings that only a chat template may write as one token."""
        return {token: id_of(self.reference, token) for token in self.identity.control_tokens}

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
        self._text_reference.encode_special_tokens = True
        try:
            encoding = self._text_reference.encode(text, add_special_tokens=False)
        finally:
            self._text_reference.encode_special_tokens = False
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
        return next((text for text in texts if not self._agrees(text)), None)

    def _agrees(self, text: str) -> bool:
        reference = self.encode_reference(text)
        try:
            return np.array_equal(self.encode(text), reference)
        except LcdataError:
            return False

    def tried(self, texts: Iterable[str] = ()) -> "Tokenizer":
        """This tokenizer where its engine agrees with `tokenizers` on hostile strings, long ones, and these texts.

        Where it does not, one of the same vocabulary that runs on `tokenizers`, with a warning.
        """
        texts, added = [*texts], [*self.identity.text_tokens, *self.identity.control_tokens[:_TRIED_TOKENS]]
        probes = [*HOSTILE, *texts, *around(added), long_text(texts)]
        different = None if self.engine == "tokenizers" else self.disagreement(probes)
        if different is None:
            return self
        warnings.warn(
            f"fastokens and tokenizers differ on {different[:40]!r}: using tokenizers, which is slower", stacklevel=3
        )
        return Tokenizer(replace(self.spec, engine="tokenizers"), self._known)


_TRIED_TOKENS = 32
"""Control tokens around which engines are tried; some vocabularies have thousands that differ in a number."""


_UNMARKED = re.compile(rb'"special":\s*false')
"""Found in every file that has tokens which may have to be made special for text."""


def load_tokenizer(
    choice: TokenizerChoice, engine: str = "fastokens", vocabulary: Vocabulary | None = None
) -> Tokenizer:
    """The tokenizer that was asked for, its ends and control tokens decided; falls back to `tokenizers` with a warning.

    Warns of what its files ask for and is not done: truncation, padding. The vocabulary of the choice is looked for
    unless it is given. Raises UsageError or HubError where there is none, or none that can be used.
    """
    vocabulary = vocabulary or find_vocabulary(choice.source)
    with (
        no_panic(choice.source),
        ThreadPoolExecutor(1) as beside,
    ):  # the engine takes longest, and needs no lock that Python has
        early: Future[Any] | None = None
        try:
            if engine == "fastokens" and not _UNMARKED.search(vocabulary.data):
                early = beside.submit(_fast_engine, vocabulary.data.decode())
            content = Content.of(vocabulary.data)
            content.refuse_chance(choice.source)
            reference = reference_engine(vocabulary.data.decode())
        except UsageError:
            raise
        except Exception as error:  # tokenizers raises plain Exception for whatever is wrong with the JSON
            raise UsageError(
                f"the tokenizer {choice.source!r} is not a valid tokenizer.json ({error}): save it again with "
                "tokenizer.save('tokenizer.json')"
            ) from None
        identity = identify(reference, content, vocabulary, choice)
    for what in content.switched_off:
        warnings.warn(f"the tokenizer {choice.source!r} asks for {what}, which is switched off", stacklevel=2)
    files = files_beside(content, reference, identity)
    if files.for_text != vocabulary.data.decode():
        early = None
    return _keep_open(_with_engine(TokenizerSpec(vocabulary.data, identity, engine), files, early))


def reopen_tokenizer(identity: TokenizerIdentity, vocabulary: Vocabulary, engine: str = "fastokens") -> Tokenizer:
    """The tokenizer of a finished dataset again, nothing decided anew; falls back to `tokenizers` with a warning."""
    spec = TokenizerSpec(vocabulary.data, identity, engine)
    with no_panic(vocabulary.source):
        return _keep_open(_with_engine(spec, files_of(vocabulary.data, identity), None))


def _with_engine(spec: TokenizerSpec, files: Files, fast: "Future[Any] | None") -> Tokenizer:
    try:
        return Tokenizer(spec, files, None if fast is None else fast.result())
    except BaseException as error:
        if not (isinstance(error, ValueError) or is_panic(error)):
            raise
        reason = str(error).strip().splitlines()[0]
        warnings.warn(
            f"fastokens cannot run this tokenizer ({reason}): using tokenizers, which is slower", stacklevel=3
        )
        return Tokenizer(replace(spec, engine="tokenizers"), files)


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

    engine = fastokens.Tokenizer.from_json_str(data)
    engine.no_truncation()
    engine.no_padding()
    return engine
