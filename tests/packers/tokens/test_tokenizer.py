"""The engine gives the ids of `tokenizers`, text never makes control tokens, spans cover what they say."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Reference
from tokenizers import models, normalizers, pre_tokenizers, trainers

from lcdata.packers.tokens.probes import around
from lcdata.packers.tokens.tokenizer import HOSTILE, Tokenizer, load_tokenizer, open_tokenizer
from lcdata.schemas.errors import HubError, UsageError
from lcdata.schemas.sample import Fragments
from lcdata.schemas.tokens import TokenizerChoice

from .conftest import Load, added

TEXTS = st.text(alphabet=st.characters(codec="utf-8"), max_size=60) | st.sampled_from(HOSTILE)


@pytest.fixture(scope="module")
def tokenizer(tokenizer_source: str) -> Tokenizer:
    """Each of the tokenizers."""
    return load_tokenizer(TokenizerChoice(source=tokenizer_source))


def test_the_engine_agrees_with_tokenizers(tokenizer: Tokenizer) -> None:
    assert tokenizer.engine == "fastokens"

    @settings(max_examples=300)
    @given(TEXTS)
    def agrees(text: str) -> None:
        assert tokenizer.disagreement([text]) is None

    agrees()


def test_fragments_that_are_made_of_words_have_the_tokens_of_these(tokenizer: Tokenizer) -> None:
    words = ("", " a", " kettle", " of Jonesville")
    alone = tokenizer.count(Fragments(words))
    assert alone.tolist() == [len(tokenizer.encode(word)) for word in words]
    made_of = np.array([[0, 1, 2], [3, 0, 0], [0, 0, 0]], np.int32)
    assert tokenizer.count(Fragments(words, made_of)).tolist() == [alone[1] + alone[2], alone[3], 0]


def test_text_never_makes_control_tokens(tokenizer: Tokenizer) -> None:
    special = {token.content for token in tokenizer.reference.get_added_tokens_decoder().values() if token.special}
    ids = {tokenizer.reference.token_to_id(content) for content in special}
    assert special
    for content in special:
        for text in (content, f"a{content}b", f" {content} {content}", content[:-1] + "\u200d" + content[-1]):
            assert not ids & set(tokenizer.encode(text).tolist())
            assert not ids & set(tokenizer.encode_reference(text).tolist())


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(text=TEXTS.filter(bool), ends=st.tuples(st.floats(0, 1), st.floats(0, 1)))
@example(text="A\u0300", ends=(1.0, 1.0))
@example(text=" A\u0300\u0301 b", ends=(0.8, 0.8))
def test_a_token_span_covers_its_text_with_no_token_to_spare(
    tokenizer: Tokenizer, text: str, ends: tuple[float, float]
) -> None:
    """Checked against byte positions where the tokens are pieces of the text, else against the decoded text."""
    start, end = sorted(int(place * (len(text) - 1)) for place in ends)
    end += 1
    ids = tokenizer.encode(text)
    [(first, last)] = tokenizer.token_spans(text, ids, [(start, end)])
    assert 0 <= first < last <= len(ids)
    assert tokenizer.token_bytes is not None
    sizes = tokenizer.token_bytes.num_bytes[ids].astype(np.int64)
    extra = int(sizes.sum()) - len(text.encode())
    if extra in (0, tokenizer.token_bytes.prefix):
        ends_at = np.cumsum(sizes) - extra
        starts_at = ends_at - sizes
        low, high = len(text[:start].encode()), len(text[:end].encode())
        assert starts_at[first] <= low < ends_at[first]
        assert starts_at[last - 1] < high <= ends_at[last - 1]


def test_spans_are_right_where_the_normalizer_rewrites_the_text(tokenizer: Tokenizer) -> None:
    text = "before e\u0301e\u0301e\u0301 Å middle 日本 after"
    ids = tokenizer.encode(text)
    for word in ("before", "middle", "after"):
        start = text.index(word)
        [(first, last)] = tokenizer.token_spans(text, ids, [(start, start + len(word))])
        decoded = tokenizer.reference.decode(ids[first:last].tolist())
        assert word in decoded
        assert len(decoded.strip()) <= len(word) + 3


def test_bos_and_eos_follow_the_rule(trained: Path) -> None:
    expected = {"embedded": ("<s>", "</s>"), str(trained / "gpt2-like"): (None, "<|endoftext|>")}
    expected[str(trained / "sentencepiece-like")] = ("<s>", "</s>")
    for source, (bos, eos) in expected.items():
        identity = load_tokenizer(TokenizerChoice(source=source)).identity
        assert (identity.bos, identity.eos) == (bos, eos)
        tokenizer = load_tokenizer(TokenizerChoice(source=source, bos="none"))
        assert tokenizer.identity.bos_id is None


def test_a_configuration_beside_the_tokenizer_names_its_eos(tmp_path: Path, small: str) -> None:
    content = json.loads((Path(small) / "tokenizer.json").read_text())
    extra = {"id": 900, "content": "<|stop|>", "special": True}
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    content["added_tokens"].append(extra | flags)
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"eos_token": {"content": "<|stop|>"}}))
    assert load_tokenizer(TokenizerChoice(source=str(tmp_path))).identity.eos_id == 900


def test_unmarked_control_tokens_are_ordinary_text(tmp_path: Path, small: str) -> None:
    content = json.loads((Path(small) / "tokenizer.json").read_text())
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
    content["added_tokens"] += [{"id": 900, "content": "<think>"} | flags, {"id": 901, "content": "    "} | flags]
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    tokenizer = load_tokenizer(TokenizerChoice(source=str(tmp_path)))
    for encode in (tokenizer.encode, tokenizer.encode_reference):
        assert 900 not in encode("a <think> b")
        assert 901 in encode("a    b")


def test_a_tokenizer_that_fastokens_refuses_runs_on_tokenizers_with_a_warning(tmp_path: Path) -> None:
    reference = Reference(models.BPE(unk_token="<unk>"))
    reference.normalizer = normalizers.NFKC()
    reference.pre_tokenizer = pre_tokenizers.Whitespace()
    reference.train_from_iterator(["a b c 1 2 3"], trainers.BpeTrainer(special_tokens=["<unk>", "</s>"]))
    reference.save(str(tmp_path / "tokenizer.json"))
    with pytest.warns(UserWarning, match="using tokenizers, which is slower"):
        tokenizer = load_tokenizer(TokenizerChoice(source=str(tmp_path)))
    assert tokenizer.engine == "tokenizers"
    assert tokenizer.encode("a b 1").tolist() == tokenizer.encode_reference("a b 1").tolist()


def test_what_is_no_tokenizer_is_refused_with_the_cure(
    tmp_path: Path, small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, no_eos = tmp_path / "broken.json", tmp_path / "no_eos.json"
    broken.write_text('{"version": "1.0"')
    content = json.loads((Path(small) / "tokenizer.json").read_text())
    content["model"]["vocab"]["endoftext"] = content["model"]["vocab"].pop("<|endoftext|>")
    no_eos.write_text(json.dumps(content | {"added_tokens": []}))
    wrong = {
        str(tmp_path / "missing.json"): "no tokenizer at",
        str(tmp_path): "holds no tokenizer.json",
        str(broken): "is not a valid tokenizer.json",
        str(no_eos): "name it with --eos TOKEN",
    }
    for source, message in wrong.items():
        with pytest.raises(UsageError, match=message):
            load_tokenizer(TokenizerChoice(source=source))
    with pytest.raises(UsageError, match="--eos '<nope>' is not a token"):
        load_tokenizer(TokenizerChoice(source=small, eos="<nope>"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises((HubError, UsageError), match="org/nothing-here"):
        load_tokenizer(TokenizerChoice(source="org/nothing-here"))


LONG = "one two three 4567 naïve " * 3000


@pytest.mark.parametrize("engine", ["fastokens", "tokenizers"])
@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("truncation", {"direction": "Right", "max_length": 16, "strategy": "LongestFirst", "stride": 0}),
        ("truncation", {"direction": "Left", "max_length": 20_000, "strategy": "OnlyFirst", "stride": 3}),
        (
            "padding",
            {
                "strategy": {"Fixed": 90_000},
                "direction": "Left",
                "pad_to_multiple_of": 7,
                "pad_id": 0,
                "pad_type_id": 0,
                "pad_token": "<|endoftext|>",
            },
        ),
    ],
)
def test_truncation_and_padding_of_the_file_are_switched_off_and_said(
    load: Load, small: str, engine: str, name: str, limit: dict[str, object]
) -> None:
    whole = load_tokenizer(TokenizerChoice(source=small)).encode_reference(LONG)
    assert len(whole) > 20_000
    with pytest.warns(UserWarning, match=f"asks for the {name}.*, which is switched off"):
        tokenizer = load({name: limit}, engine=engine)
    again = open_tokenizer(replace(tokenizer.spec, data=tokenizer.spec.data + b" "))
    for opened in (tokenizer, again):
        for ids in (opened.encode(LONG), opened.encode_batch([LONG])[0], opened.encode_reference(LONG)):
            assert ids.tolist() == whole.tolist()
    assert tokenizer.tried().engine == engine


@pytest.mark.parametrize("engine", ["fastokens", "tokenizers"])
def test_dropout_is_refused_with_the_cure(load: Load, engine: str) -> None:
    load(model={"dropout": 0.0}, engine=engine)
    with pytest.raises(UsageError, match=r'dropout of 0.1, .*set "dropout" to null'):
        load(model={"dropout": 0.1}, engine=engine)


def test_engines_are_tried_on_a_long_document(load: Load) -> None:
    """Without a pre-tokenizer `fastokens` makes other tokens of some texts, which short ones need not show."""
    tokenizer = load()
    tokenizer._fast.enable_truncation(20_000)  # what switching it off prevents
    with pytest.warns(UserWarning, match="fastokens and tokenizers differ"):
        assert tokenizer.tried().engine == "tokenizers"


BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
PARTS = {
    "lowercase": {"normalizer": {"type": "Lowercase"}},
    "nfkc": {"normalizer": {"type": "NFKC"}},
    "strip": {"normalizer": {"type": "Strip", "strip_left": True, "strip_right": True}},
    "prepend": {"normalizer": {"type": "Prepend", "prepend": "_"}},
    "blanks": {"normalizer": {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}},
    "no pre-tokenizer": {"pre_tokenizer": None},
    "prefix space": {"pre_tokenizer": BYTES | {"add_prefix_space": True}},
    "no regex": {"pre_tokenizer": BYTES | {"use_regex": False}},
    "punctuation": {
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [{"type": "Punctuation", "behavior": "Isolated"}, BYTES],
        }
    },
    "first space": {
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}
    },
}
"""Parts of a tokenizer.json that change ids."""


@pytest.mark.filterwarnings("ignore:fastokens")
@pytest.mark.parametrize("flags", [{}, {"lstrip": True}, {"rstrip": True}, {"single_word": True}, {"normalized": True}])
@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_the_file_counts_alike_for_both_engines(load: Load, part: str, flags: dict[str, bool]) -> None:
    tokenizer = load(PARTS[part], tokens=[added("<h1>", 900, **flags), added("[IMG]", 901, **flags)]).tried()
    truth = Reference.from_str(tokenizer.spec.data.decode())
    for text in (*HOSTILE, *around(["<h1>", "[IMG]", "<H1>"]), "The the THE " * 300):
        ids = tokenizer.encode(text).tolist()
        true = truth.encode(text, add_special_tokens=False).ids
        assert ids == tokenizer.encode_reference(text).tolist()
        assert 901 not in ids
        assert ids == true or {0, 901} & set(true)


def test_a_forgotten_vocabulary_comes_back_for_spans_and_control_tokens(tokenizer_source: str) -> None:
    before, after = (load_tokenizer(TokenizerChoice(source=tokenizer_source)) for _ in range(2))
    after.forget_vocabulary()
    text = "a naïve row of 123 words"
    ids = before.encode(text)
    assert ids.tolist() == after.encode(text).tolist() == after.encode_reference(text).tolist()
    assert after.token_spans(text, ids, [(2, 7)]) == before.token_spans(text, ids, [(2, 7)])
    assert after.control_tokens == before.control_tokens
