"""Documents begin and end as the tokenizer's own files say, and what is guessed or contradicts itself is said."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import needed

from lcdata.packers.tokens.layout import Layout
from lcdata.schemas.errors import UsageError
from lcdata.schemas.sample import Sample

from .conftest import Load, added, template

SAMPLE = Sample(prompt="Say ", answer="12", answers=(), answer_spans=(), evidence_spans=(), depth=(), template="")
GLM = [added("[gMASK]", 900, special=True), added("<sop>", 901, special=True), added("<eop>", 902, special=True)]
IDS = {"[gMASK]": 900, "<sop>": 901, "<eop>": 902}


def without_added(load: Load, small: str) -> dict[str, Any]:
    """Changes by which `<|endoftext|>` lies in the model's vocabulary alone."""
    content = json.loads((Path(small) / "tokenizer.json").read_text())
    assert "<|endoftext|>" in content["model"]["vocab"]
    return {"added_tokens": []}


def test_all_tokens_of_a_post_processor_stand_around_a_document(load: Load) -> None:
    tokenizer = load(
        {"post_processor": template(["[gMASK]", "<sop>"], ["<eop>", "<|endoftext|>"], IDS | {"<|endoftext|>": 0})},
        tokens=GLM,
    )
    identity = tokenizer.identity
    assert (identity.bos, identity.bos_ids) == ("[gMASK]<sop>", (900, 901))
    assert (identity.eos, identity.eos_ids) == ("<eop><|endoftext|>", (902, 0))
    ids = Layout.plain(tokenizer).lay_out(SAMPLE).ids.tolist()
    assert ids == tokenizer.reference.encode(SAMPLE.text).ids
    assert ids[:2] + ids[-2:] == [900, 901, 902, 0]


def test_options_take_several_tokens_and_none(load: Load) -> None:
    identity = load(tokens=GLM, bos="[gMASK]<sop>", eos="<eop><|endoftext|>").identity
    assert (identity.bos_ids, identity.eos_ids) == ((900, 901), (902, 0))
    around = {"post_processor": template(["[gMASK]", "<sop>"], [], IDS)}
    assert load(around, tokens=GLM, bos="none").identity.bos_ids == ()


@pytest.mark.parametrize(
    ("files", "eos"),
    [
        ({"tokenizer_config.json": {"eos_token": "<eop>"}, "generation_config.json": {"eos_token_id": 901}}, "<eop>"),
        ({"tokenizer_config.json": {}, "generation_config.json": {"eos_token_id": 902}}, "<eop>"),
        ({"tokenizer_config.json": {}, "generation_config.json": {"eos_token_id": [901, 902]}}, "<sop>"),
        ({"tokenizer_config.json": {}, "special_tokens_map.json": {"eos_token": {"content": "<eop>"}}}, "<eop>"),
        ({"tokenizer_config.json": {"eos_token": {"content": "<eop>", "lstrip": False}}}, "<eop>"),
    ],
)
def test_the_end_is_that_of_the_files_before_any_guess(load: Load, files: dict[str, Any], eos: str) -> None:
    assert load(tokens=GLM, beside=files).identity.eos == eos


@pytest.mark.needs("transformers")
def test_an_end_that_nobody_added_is_the_one_of_the_vocabulary(load: Load, small: str, tmp_path: Path) -> None:
    tokenizer = load(without_added(load, small))
    assert tokenizer.identity.eos_ids == (0,)
    assert tokenizer.identity.control_tokens == ("<|endoftext|>",)
    text = "a<|endoftext|>b"
    assert 0 not in tokenizer.encode(text)
    assert tokenizer.encode(text).tolist() == tokenizer.encode_reference(text).tolist()
    theirs = needed("transformers").AutoTokenizer.from_pretrained(tmp_path)
    assert tokenizer.encode_with_control_tokens(text).tolist() == theirs.encode(text, add_special_tokens=False)
    assert 0 in tokenizer.encode_with_control_tokens(text)


def test_a_guess_is_said(load: Load, small: str) -> None:
    with pytest.warns(UserWarning, match=re.escape("<|endoftext|> is a guess, choose with --eos")):
        assert load(without_added(load, small), beside={"tokenizer_config.json": {}}).identity.eos_ids == (0,)


def test_a_piece_of_ordinary_text_is_no_end(load: Load, small: str) -> None:
    """As in Qwen's vocabulary, whose merges make `</s>` of text."""
    model = json.loads((Path(small) / "tokenizer.json").read_text())["model"]
    model["vocab"] |= {"</": 900, "s>": 901, "</s>": 902}
    model["merges"] += [["<", "/"], ["s", ">"], ["</", "s>"]]
    with pytest.warns(UserWarning, match="<|endoftext|> is a guess"):
        assert load(model=model, beside={"tokenizer_config.json": {}}).identity.eos == "<|endoftext|>"
    with pytest.warns(UserWarning, match="'</s>' as the end of documents, which is ordinary text"):
        load(model=model, beside={"tokenizer_config.json": {"eos_token": "</s>"}, "special_tokens_map.json": {}})
    with pytest.raises(UsageError, match="--eos '</s>' is ordinary text"):
        load(model=model, eos="</s>")


@pytest.mark.parametrize(("says", "around"), [(True, []), (False, ["<sop>"])])
def test_a_configuration_that_says_otherwise_than_the_tokenizer_is_said(
    load: Load, says: bool, around: list[str]
) -> None:
    config = {"tokenizer_config.json": {"eos_token": "<|endoftext|>", "bos_token": "<sop>", "add_bos_token": says}}
    changes = {"post_processor": template(around, [], IDS)} if around else {}
    with pytest.warns(
        UserWarning, match=f"add_bos_token: {str(says).lower()}, and tokenizer.json puts .* choose with --bos <sop>"
    ):
        assert load(changes, tokens=GLM, beside=config).identity.bos_ids == ((901,) if around else ())
    load(changes, tokens=GLM, beside=config, bos="none")


def test_ends_are_what_transformers_puts_there(load: Load, tmp_path: Path) -> None:
    around = {"post_processor": template(["[gMASK]", "<sop>"], ["<eop>"], IDS)}
    tokenizer = load(around, tokens=GLM)
    theirs = needed("transformers").AutoTokenizer.from_pretrained(tmp_path)
    assert Layout.plain(tokenizer).lay_out(SAMPLE).ids.tolist() == theirs(SAMPLE.text).input_ids


@pytest.mark.parametrize(
    ("option", "given", "message"),
    [
        ("eos", "none", "--eos 'none' is .*did you mean '<.endoftext.>'"),
        ("eos", "0", "--eos '0' is ordinary text .*did you mean '<.endoftext.>'"),
        ("eos", "902", "did you mean '<eop>'"),
        ("eos", "Eop", "--eos 'Eop' is not a token .*did you mean '<eop>'"),
        ("eos", "def", "--eos 'def' is ordinary text"),
        ("eos", "", "--eos '' is not a token"),
        ("eos", "<eop>x", "--eos '<eop>x' is not a token"),
        ("eos", "<eop><nope>", "is not a token"),
        ("eos", " ", "is not a token|is ordinary text"),
        ("bos", "none<sop>", "--bos 'none<sop>' is not a token"),
        ("bos", "the", "--bos 'the' is .*name one that `lcdata doctor"),
    ],
)
def test_words_and_numbers_are_refused_with_the_token_meant(load: Load, option: str, given: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        load(tokens=GLM, **{option: given})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["tokenizer_config.json", "special_tokens_map.json", "generation_config.json"])
@pytest.mark.parametrize("content", ["[1]", "null", "{", '"eos"'])
def test_files_that_hold_no_names_are_refused_with_the_cure(load: Load, name: str, content: str) -> None:
    with pytest.raises(UsageError, match=f"{name} (holds a|is not JSON).*repair or remove it"):
        load(beside={name: content})
