"""An engine that differs from `tokenizers` is found before and during a build."""

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer as Reference
from tokenizers import models

import lcdata
from lcdata.packers.tokens import tokenizer as tokenizer_module
from lcdata.packers.tokens.tokenizer import Tokenizer, load_tokenizer
from lcdata.pipelines.making.makers import makers_of
from lcdata.pipelines.making.samples import SampleMaker
from lcdata.schemas.errors import LcdataError, UsageError
from lcdata.schemas.events.building import Planned
from lcdata.schemas.events.event import Event
from lcdata.schemas.mix import TaskComponent
from lcdata.schemas.recipe import Recipe
from lcdata.schemas.tokens import TokenizerChoice


class OffByOne:
    """An engine that takes the digit 7 for something else."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def encode_batch_flat(self, texts: list[str], split_special_tokens: bool) -> tuple[bytes, bytes]:
        """Ids of the changed text."""
        return self._tokenizer.encode_reference(texts[0].replace("7", "8")).tobytes(), b""


def maker_of(tokenizer: Tokenizer, task: str = "kv", length: str = "1000") -> SampleMaker:
    """A maker of samples."""
    return SampleMaker(TaskComponent.model_validate({"task": task, "length": length, "n": 1}), 0, tokenizer)


def test_an_audit_names_the_sample_that_differs(small: str) -> None:
    tokenizer = load_tokenizer(TokenizerChoice(source=small))
    maker = maker_of(tokenizer)
    maker.audit(maker.make(3, 1000))
    tokenizer._fast = OffByOne(tokenizer)
    made = maker.make(3, 1000)
    with pytest.raises(LcdataError, match="audit: kv sample 3 has other ids under tokenizers than under fastokens"):
        maker.audit(made)


def test_a_build_whose_engine_differs_after_it_was_tried_publishes_nothing(small: str, tmp_path: Path) -> None:
    component = {"task": "kv", "length": "1k", "n": 4}
    recipe = {"name": "x", "seq_length": "1k", "tokenizer": {"source": small}, "mix": [component]}

    def change(event: Event) -> None:
        if isinstance(event, Planned):
            (tokenizer,) = tokenizer_module._open.values()
            tokenizer._fast = OffByOne(tokenizer)

    with pytest.raises(LcdataError, match="audit: kv sample 0 has other ids under tokenizers than under fastokens"):
        lcdata.build(recipe, tmp_path / "x", workers=0, tell=change)
    assert not (tmp_path / "x").exists()


def test_an_engine_that_fails_the_probes_is_not_used(small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = load_tokenizer(TokenizerChoice(source=small))

    def wrong_engine(data: str) -> Any:
        return OffByOne(honest)

    monkeypatch.setattr(tokenizer_module, "_fast_engine", wrong_engine)
    component = {"task": "kv", "length": "1k", "n": 1}
    recipe = Recipe.model_validate(
        {"name": "x", "seq_length": "1k", "tokenizer": {"source": small}, "mix": [component]}
    )
    with pytest.warns(UserWarning, match="fastokens and tokenizers differ on .* using tokenizers, which is slower"):
        tokenizer = makers_of(recipe, load_tokenizer(recipe.tokenizer), None).tokenizer
    assert tokenizer.engine == "tokenizers"
    assert tokenizer.encode("77").tolist() == honest.encode_reference("77").tolist()


def test_both_engines_make_the_same_sample(small: str) -> None:
    makers = [maker_of(load_tokenizer(TokenizerChoice(source=small), engine)) for engine in ("fastokens", "tokenizers")]
    assert [maker.tokenizer.engine for maker in makers] == ["fastokens", "tokenizers"]
    assert makers[0].rates == makers[1].rates
    for index in range(5):
        one, other = (maker.make(index, 1000) for maker in makers)
        assert one.document.sha256 == other.document.sha256


def test_a_sample_that_cannot_be_so_short_says_so(small: str) -> None:
    maker = maker_of(load_tokenizer(TokenizerChoice(source=small)))
    with pytest.raises(UsageError, match=r"kv sample 0: 10 tokens are too few: this sample needs \d+ at least"):
        maker.make(0, 10)


LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ .,:;?!'-_"


def lettered(folder: Path, letters: str) -> tuple[Recipe, Tokenizer]:
    """A recipe of kv, and its vocabulary of these letters, which leaves all else out without a token."""
    reference = Reference(models.BPE({word: number for number, word in enumerate(["</s>", *letters])}, []))
    reference.add_special_tokens(["</s>"])
    reference.save(str(folder / "tokenizer.json"))
    choice = TokenizerChoice(source=str(folder), eos="</s>")
    component = {"task": "kv", "length": "1k", "n": 1}
    recipe = Recipe.model_validate({"name": "x", "seq_length": "1k", "tokenizer": choice, "mix": [component]})
    return recipe, load_tokenizer(choice)


@pytest.mark.parametrize("letters", [LETTERS, "0123456789"], ids=["no digits", "no words"])
def test_a_task_whose_question_or_answer_cannot_be_written_fails_at_once(tmp_path: Path, letters: str) -> None:
    recipe, tokenizer = lettered(tmp_path, letters)
    with pytest.raises(UsageError, match=r"kv: the vocabulary of .* cannot write all of .*: use another --tokenizer"):
        makers_of(recipe, tokenizer, None)
    with pytest.raises(UsageError, match="cannot write all of"):
        maker_of(tokenizer).make(0, 1000)


@pytest.mark.filterwarnings("ignore:fastokens and tokenizers differ")
def test_a_question_that_cannot_be_written_fails_also_where_its_answer_can(tmp_path: Path) -> None:
    recipe, tokenizer = lettered(tmp_path, LETTERS + '0123456789{}[]()"')
    with pytest.raises(UsageError, match=r"kv: the vocabulary of .* cannot write all of .*<number>"):
        makers_of(recipe, tokenizer, None)


@pytest.mark.filterwarnings("ignore:the tokenizer .* asks for the truncation")
@pytest.mark.parametrize("engine", ["fastokens", "tokenizers"])
def test_a_tokenizer_that_truncates_makes_the_same_samples(small: str, tmp_path: Path, engine: str) -> None:
    content = json.loads((Path(small) / "tokenizer.json").read_text())
    content["truncation"] = {"direction": "Right", "max_length": 16, "strategy": "LongestFirst", "stride": 0}
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    (tmp_path / "tokenizer_config.json").write_bytes((Path(small) / "tokenizer_config.json").read_bytes())
    makers = [
        maker_of(load_tokenizer(TokenizerChoice(source=source), engine), "vt", "4k")
        for source in (small, str(tmp_path))
    ]
    made, expected = (maker.make(0, 4096) for maker in makers)
    assert made.document.sha256 == expected.document.sha256
    makers[1].audit(made)


@pytest.mark.filterwarnings("ignore:fastokens cannot run this tokenizer")
@pytest.mark.parametrize(("kept", "message"), [(600, "that are added to a text"), (16_000, "far fewer than shorter")])
def test_a_length_that_no_text_reaches_is_refused_before_memory_ends(
    small: str, tmp_path: Path, kept: int, message: str
) -> None:
    """Where the tokenizer's own normalizer cuts long texts."""
    content = json.loads((Path(small) / "tokenizer.json").read_text())
    cut = {"type": "Replace", "pattern": {"Regex": f"(?m)(?<=.{{{kept}}}).+"}, "content": ""}
    (tmp_path / "tokenizer.json").write_text(json.dumps(content | {"normalizer": cut}))
    tokenizer = load_tokenizer(TokenizerChoice(source=str(tmp_path), eos="<|endoftext|>"), "tokenizers")
    for task in ("kv", "vt"):
        with pytest.raises(UsageError, match=message):
            maker_of(tokenizer, task, "32k").make(0, 32768)
