"""What a vocabulary cannot write is counted, in unknown tokens or in characters that are in none."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer as Reference
from tokenizers import models, normalizers, pre_tokenizers

from lcdata.packers.tokens.tokenizer import HOSTILE, Tokenizer, load_tokenizer
from lcdata.schemas.errors import UsageError
from lcdata.schemas.tokens import TokenizerChoice

WORDS = {word: number for number, word in enumerate(["</s>", "<unk>", *"abcdefghijklmnopqrstuvwxyz", "▁"])}


def saved(reference: Reference, folder: Path) -> Tokenizer:
    """The tokenizer as lcdata loads it."""
    reference.add_special_tokens(["</s>"])
    reference.save(str(folder / "tokenizer.json"))
    return load_tokenizer(TokenizerChoice(source=str(folder), eos="</s>"))


def counted(tokenizer: Tokenizer, text: str) -> int:
    """Places that cannot be written."""
    return tokenizer.unwritten(text, tokenizer.encode(text))


def test_a_vocabulary_of_all_bytes_writes_everything(tokenizer_source: str) -> None:
    tokenizer = load_tokenizer(TokenizerChoice(source=tokenizer_source), "tokenizers")
    assert sum(counted(tokenizer, text) for text in HOSTILE) == 0
    assert not tokenizer.cannot_write("日本 🏳️‍🌈")


def test_characters_that_are_left_out_without_a_token_are_counted(tmp_path: Path) -> None:
    tokenizer = saved(Reference(models.BPE(WORDS, [])), tmp_path)
    assert tokenizer.encode("key 42 is é").tolist() == tokenizer.encode("keyis").tolist()
    assert counted(tokenizer, "key 42 is éé") == 4
    assert counted(tokenizer, "key is") == 0
    assert tokenizer.cannot_write("42")
    assert not tokenizer.cannot_write("key")


def test_what_a_normalizer_makes_writable_is_not_counted(tmp_path: Path) -> None:
    reference = Reference(models.BPE(WORDS, []))
    reference.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.Replace(" ", "▁")])
    tokenizer = saved(reference, tmp_path)
    assert counted(tokenizer, "KEY is A") == 0
    assert counted(tokenizer, "KEY 1 É") == 2


def test_bytes_that_a_byte_level_vocabulary_lacks_are_counted(tmp_path: Path) -> None:
    reference = Reference(models.BPE({"</s>": 0, "a": 1, "Ã": 2, "Ġ": 3}, []))
    reference.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    with pytest.warns(UserWarning, match="using tokenizers, which is slower"):
        tokenizer = saved(reference, tmp_path).tried()
    assert counted(tokenizer, "a a é aé") == 2


@pytest.mark.filterwarnings("ignore:fastokens cannot run this tokenizer")
@pytest.mark.parametrize("kind", ["Unigram", "WordLevel", "WordPiece", "BPE"])
def test_unknown_tokens_are_counted(tmp_path: Path, kind: str) -> None:
    if kind == "Unigram":
        reference = Reference(models.Unigram([(word, -1.0) for word in WORDS], unk_id=1, byte_fallback=False))
    else:
        model = {"WordLevel": models.WordLevel, "WordPiece": models.WordPiece, "BPE": models.BPE}[kind]
        reference = Reference(model(WORDS, **({"merges": []} if kind == "BPE" else {}), unk_token="<unk>"))
    reference.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = saved(reference, tmp_path)
    assert counted(tokenizer, "a 4 é b") == 2
    assert counted(tokenizer, "a b") == 0


@pytest.mark.filterwarnings("ignore:fastokens cannot run this tokenizer")
def test_a_vocabulary_that_fails_on_what_it_cannot_write_is_refused(tmp_path: Path) -> None:
    reference = Reference(models.WordLevel({"</s>": 0, "a": 1}, unk_token="<unk>"))
    reference.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    with pytest.raises(UsageError, match=r"the tokenizer cannot write .*give one that has an unknown token"):
        saved(reference, tmp_path).encode("b")
