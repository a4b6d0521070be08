"""Text never makes control tokens, and makes all other tokens as it does under `tokenizers`."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer as Reference
from tokenizers import decoders, models, pre_tokenizers

from lcdata.packers.tokens.for_text import files_of
from lcdata.packers.tokens.probes import around
from lcdata.packers.tokens.tokenizer import Tokenizer, load_tokenizer
from lcdata.schemas.errors import UsageError
from lcdata.schemas.tokens import TokenizerChoice

from .conftest import Load, added, template

TEXT_TOKENS = ("    ", "\n\n", "<h1>", "</table>", "<s>", "<BR>", "word", "...", "-->")
CONTROL_TOKENS = (
    "<think>",
    "</think>",
    "<|fim_prefix|>",
    "｜DSML｜",
    "◁think▷",
    "◁/think▷",
    "<｜tool▁sep｜>",
    "[IMG]",
    "<unused7>",
)
BOTH = [added(token, 900 + number) for number, token in enumerate((*TEXT_TOKENS, *CONTROL_TOKENS))]


def truly(tokenizer: Tokenizer, text: str) -> list[int]:
    """The ids by `tokenizers` itself, from the file as it is."""
    return Reference.from_str(tokenizer.spec.data.decode()).encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize("engine", ["fastokens", "tokenizers"])
def test_added_tokens_are_text_but_for_those_that_are_marked(load: Load, engine: str) -> None:
    tokenizer = load(tokens=BOTH, engine=engine)
    assert tokenizer.identity.text_tokens == TEXT_TOKENS
    assert tokenizer.identity.control_tokens == ("<|endoftext|>", *CONTROL_TOKENS)
    for text in around(TEXT_TOKENS):
        assert tokenizer.encode(text).tolist() == tokenizer.encode_reference(text).tolist() == truly(tokenizer, text)
    control = set(tokenizer.control_tokens.values())
    for text in around(CONTROL_TOKENS):
        assert control & set(truly(tokenizer, text))
        for ids in (tokenizer.encode(text), tokenizer.encode_reference(text)):
            assert not control & set(ids.tolist())
            assert tokenizer.reference.decode(ids.tolist(), skip_special_tokens=False) == text


def test_what_the_chat_template_names_is_control_but_for_blanks_and_words(load: Load) -> None:
    tokens = [added(token, 900 + at) for at, token in enumerate(("<h1>", "/nothink", "user", "\n", "<h2>"))]
    config = {"eos_token": "<|endoftext|>", "chat_template": "{{ 'user' }}\n<h1>/nothink"}
    identity = load(tokens=tokens, beside={"tokenizer_config.json": config}).identity
    assert identity.control_tokens == ("<|endoftext|>", "<h1>", "/nothink")
    assert identity.text_tokens == ("user", "\n", "<h2>")


def test_a_chat_template_of_the_user_s_counts_too(load: Load, tmp_path: Path) -> None:
    (tmp_path / "own.jinja").write_text("<h2>{{ messages }}")
    tokens = [added("<h1>", 900), added("<h2>", 901)]
    identity = load(tokens=tokens, chat_template=str(tmp_path / "own.jinja")).identity
    assert identity.text_tokens == ("<h1>",)


@pytest.mark.parametrize(
    "config",
    [
        {"pad_token": "<h1>"},
        {"additional_special_tokens": ["<h1>"]},
        {"extra_special_tokens": {"image_token": "<h1>"}},
        {"added_tokens_decoder": {"900": {"content": "<h1>", "special": True}}},
    ],
)
def test_what_the_configuration_declares_special_is_control(load: Load, config: dict[str, Any]) -> None:
    beside = {"tokenizer_config.json": {"eos_token": "<|endoftext|>", **config}}
    assert load(tokens=[added("<h1>", 900)], beside=beside).identity.control_tokens == ("<|endoftext|>", "<h1>")


def test_what_is_special_in_the_file_is_control_however_it_looks(load: Load) -> None:
    tokenizer = load(tokens=[added("§mark", 900, special=True), added("§sign", 901)])
    assert tokenizer.identity.control_tokens == ("<|endoftext|>", "§mark")
    for ids in (tokenizer.encode("a§mark§sign"), tokenizer.encode_reference("a§mark§sign")):
        assert 900 not in ids
        assert 901 in ids


def test_the_ends_of_documents_are_control_however_they_look(load: Load) -> None:
    tokens = [added("§begin", 900), added("§end", 901), added("§else", 902)]
    ends = {"post_processor": template(["§begin"], ["§end"], {"§begin": 900, "§end": 901})}
    tokenizer = load(ends, tokens=tokens, beside={"tokenizer_config.json": {}})
    assert tokenizer.identity.control_tokens == ("<|endoftext|>", "§begin", "§end")
    assert load(tokens=tokens, eos="§else").identity.control_tokens == ("<|endoftext|>", "§else")
    for ids in (tokenizer.encode("a§begin§end§else"), tokenizer.encode_reference("a§begin§end§else")):
        assert not {900, 901} & {*ids.tolist()}
        assert 902 in ids


def test_the_reference_is_of_the_file_as_it_is_whatever_the_engine_is_given(load: Load) -> None:
    """Else an audit would compare a mistake with itself."""
    tokenizer = load(tokens=BOTH)
    files = files_of(tokenizer.spec.data, tokenizer.identity)
    content = json.loads(files.for_text)
    for token in content["added_tokens"]:
        token["special"] = True
    wrong = Tokenizer(tokenizer.spec, replace(files, for_text=json.dumps(content)))
    text = "a<h1>b"
    assert wrong.encode(text).tolist() != truly(tokenizer, text)
    assert wrong.encode_reference(text).tolist() == truly(tokenizer, text)
    assert wrong.disagreement(["ab", text]) == text


def test_a_plain_word_that_pads_stays_text(load: Load) -> None:
    beside = {"tokenizer_config.json": {"eos_token": "<|endoftext|>", "pad_token": "!"}}
    assert load(beside=beside).identity.control_tokens == ("<|endoftext|>",)


@pytest.mark.parametrize("engine", ["fastokens", "tokenizers"])
def test_options_move_a_token(load: Load, engine: str) -> None:
    tokens = [*BOTH, added("<|mine|>", 950, special=True)]
    moved = {"control_tokens": ("<h1>",), "text_tokens": ("<think>", "<|mine|>")}
    tokenizer = load(tokens=tokens, engine=engine, **moved)
    assert {"<think>", "<|mine|>"} <= {*tokenizer.identity.text_tokens}
    assert "<h1>" in tokenizer.identity.control_tokens
    for encode in (tokenizer.encode, tokenizer.encode_reference):
        assert tokenizer.control_tokens["<h1>"] not in encode("a<h1>b")
        assert encode("a<think>b<|mine|>").tolist() == truly(tokenizer, "a<think>b<|mine|>")


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"control_tokens": ("def",)}, "--control-token 'def' is ordinary text"),
        ({"control_tokens": ("<|nope|>",)}, "--control-token '<.nope.>' is not in the vocabulary"),
        ({"text_tokens": ("<|endoftext|>",)}, "is named by the ends of documents too"),
        ({"text_tokens": ("<h1>",), "control_tokens": ("<h1>",)}, "is named by --control-token too"),
        ({"text_tokens": ("def",)}, "--text-token 'def' is no token that was added"),
    ],
)
def test_what_cannot_be_moved_is_refused(load: Load, choice: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load(tokens=BOTH, **choice)


def vocabulary_of(kind: str) -> Reference:
    """A vocabulary that makes `</s>` of text by itself, because it looks for whole words or pieces."""
    words = {word: number for number, word in enumerate(["</s>", "<unk>", "a", "b", "<", ">", "/", "s", "u", "n", "k"])}
    if kind == "Unigram":
        pieces = [(word, 0.0 if len(word) > 2 else -3.0) for word in words]
        reference = Reference(models.Unigram([*pieces, ("▁", -2.0)], unk_id=1, byte_fallback=False))
        reference.pre_tokenizer, reference.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
        return reference
    if kind == "BPE":
        reference = Reference(models.BPE(words, [], unk_token="<unk>", ignore_merges=True))
        reference.pre_tokenizer = pre_tokenizers.Split(" ", "isolated")
        return reference
    model = {"WordPiece": models.WordPiece, "WordLevel": models.WordLevel}[kind]
    reference = Reference(model(words, unk_token="<unk>"))
    reference.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return reference


@pytest.mark.filterwarnings("ignore:fastokens cannot run this tokenizer")
@pytest.mark.parametrize("kind", ["Unigram", "WordPiece", "WordLevel", "BPE"])
def test_models_that_know_whole_words_make_no_control_token_either(tmp_path: Path, kind: str) -> None:
    reference = vocabulary_of(kind)
    reference.add_special_tokens(["</s>", "<unk>"])
    reference.add_tokens(["<h1>"])
    reference.save(str(tmp_path / "tokenizer.json"))
    tokenizer = load_tokenizer(TokenizerChoice(source=str(tmp_path), eos="</s>"))
    unaided = Reference.from_file(str(tmp_path / "tokenizer.json"))
    unaided.encode_special_tokens = True
    assert 0 in unaided.encode("a </s>").ids, "tokenizers alone does not keep it from text"
    for text in around(["</s>"]):
        assert 0 not in tokenizer.encode(text)
        assert tokenizer.encode(text).tolist() == tokenizer.encode_reference(text).tolist()
    assert tokenizer.encode("a b").tolist() == unaided.encode("a b").ids
    h1 = reference.token_to_id("<h1>")
    assert h1 in tokenizer.encode("a <h1> </s>"), "the others keep their ids"
    assert tokenizer.encode_with_control_tokens("a </s>").tolist() == reference.encode("a </s>").ids


def test_added_tokens_have_the_ids_that_tokenizers_gives_them(load: Load) -> None:
    """`tokenizers` counts added tokens on from the vocabulary, whatever the file says; `fastokens` reads the file."""
    tokenizer = load(tokens=[added("<|gap|>", 990, special=True), added("%%%", 970)])
    assert tokenizer.encode("a%%%b").tolist() == truly(tokenizer, "a%%%b")
    assert tokenizer.control_tokens["<|gap|>"] == 900
    assert tokenizer.identity.vocab_size == 902
    assert tokenizer.tried().engine == "fastokens"


def test_a_word_added_as_a_token_is_covered_by_its_span(load: Load) -> None:
    tokenizer = load(tokens=BOTH)
    text = "before <h1>日本</table>    after <think> end"
    ids = tokenizer.encode(text)
    for word in ("<h1>", "日本", "</table>", "after", "<think>", "end"):
        start = text.index(word)
        [(first, last)] = tokenizer.token_spans(text, ids, [(start, start + len(word))])
        assert tokenizer.decode(ids[first:last]).strip() == word


def test_decoding_leaves_control_tokens_out_and_text_in(load: Load) -> None:
    tokenizer = load(tokens=BOTH, text_tokens=("<think>",))
    ids = tokenizer.encode_with_control_tokens("a<h1>◁think▷b<think><|endoftext|>").astype(np.int32)
    assert tokenizer.decode(ids) == "a<h1>b<think>"


def test_the_manifest_s_identity_is_of_plain_json(load: Load) -> None:
    identity = load(tokens=BOTH).identity
    assert type(identity).model_validate(json.loads(identity.model_dump_json())) == identity
