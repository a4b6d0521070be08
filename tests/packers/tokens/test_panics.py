"""A damaged file on which a library in Rust panics is told as any other mistake."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import tokenizers

from lcdata.packers.tokens.panics import no_panic
from lcdata.packers.tokens.tokenizer import load_tokenizer
from lcdata.schemas.errors import UsageError
from lcdata.schemas.tokens import TokenizerChoice


@pytest.fixture
def damaged(trained: Path, tmp_path: Path) -> Path:
    """A tokenizer whose normalizer has lost its table, as a file that was cut and mended may have."""
    content = json.loads((trained / "gpt2-like" / "tokenizer.json").read_text())
    content["normalizer"] = {"type": "Precompiled", "precompiled_charsmap": ""}
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize("engine", ["fastokens", "tokenizers"])
def test_a_panic_is_a_line_that_names_the_file(damaged: Path, engine: str) -> None:
    with pytest.raises(BaseException, match="charsmap") as panic:
        tokenizers.Tokenizer.from_str(damaged.read_text())
    assert not isinstance(panic.value, Exception)
    with pytest.raises(UsageError) as told:
        load_tokenizer(TokenizerChoice(source=str(damaged)), engine)
    assert str(told.value).startswith(f"the tokenizer {str(damaged)!r} is damaged, no library can read it (")
    assert str(told.value).endswith("save it again with tokenizer.save('tokenizer.json')")
    assert "\n" not in str(told.value)


def test_the_command_ends_with_the_line_and_as_a_mistake(damaged: Path) -> None:
    command = [sys.executable, "-m", "lcdata", "show", "kv", "--length", "400", "--tokenizer", str(damaged)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f"lcdata: the tokenizer {str(damaged)!r} is damaged")
    assert "Traceback" not in done.stderr


def test_what_is_no_panic_stays_as_it_is() -> None:
    for error in (KeyboardInterrupt(), SystemExit(3), ValueError("other")):
        with pytest.raises(type(error)) as raised, no_panic("a"):
            raise error
        assert raised.value is error
