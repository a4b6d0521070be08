"""A peer of ingest that anyone can install: datatrove's DocumentTokenizer, with the same tokenizer and texts.

`measure_datatrove` gives it an environment of its own, made once, and runs this file there. It reads the same
compressed JSON lines in one process and writes one file of ids and one of document ends, without buckets, index or
hashes. Loading its tokenizer is not counted.
"""

import contextlib
import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

VERSIONS = {"datatrove": "0.10.1", "orjson": "3.13.0", "zstandard": "0.25.0"}
_VENV = Path(__file__).parent / ".datatrove"
_INSTALL_SECONDS, _RUN_SECONDS = 600, 300
_ONE_THREAD = {"TOKENIZERS_PARALLELISM": "false", "RAYON_NUM_THREADS": "1"}


def measure_datatrove(tokenizer: bytes, eos: str, texts: Path, folder: Path) -> Mapping[str, Any]:
    """The peer's figures for the files in a folder of texts, with documents as they come and shuffled.

    Raises CalledProcessError or TimeoutExpired.
    """
    path = folder / "datatrove-tokenizer.json"
    path.write_bytes(tokenizer)
    command = [_python(), "-P", __file__, path, eos, texts]
    environment = {**os.environ, **_ONE_THREAD}
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=_RUN_SECONDS, cwd=folder, env=environment
    )
    return json.loads(done.stdout)


def _python() -> Path:
    """The Python of the peer's environment, which is made where it is missing or holds other versions."""
    python, installed = _VENV / "bin" / "python", _VENV / "installed"
    versions = {**VERSIONS, "tokenizers": importlib.metadata.version("tokenizers")}
    requirements = [f"{name}=={version}" for name, version in versions.items()]
    if not installed.is_file() or installed.read_text().split() != requirements:
        subprocess.run([sys.executable, "-m", "venv", "--clear", _VENV], check=True, capture_output=True)
        (_VENV / ".gitignore").write_text("*\n")
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]
        subprocess.run(pip, check=True, capture_output=True, text=True, timeout=_INSTALL_SECONDS)
        installed.write_text("\n".join(requirements))
    return python


def _tokenize(tokenizer: str, eos: str, texts: str, shuffled: bool) -> tuple[int, float]:
    """Tokens without EOS that the peer wrote, and the seconds that took."""
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.tokens import DocumentTokenizer

    with tempfile.TemporaryDirectory(dir=".") as out:
        step = DocumentTokenizer(out, tokenizer, eos_token=eos, shuffle_documents=shuffled, seed=0)
        assert step.tokenizer.get_vocab_size()  # loads it
        started = time.perf_counter()
        step.run(JsonlReader(texts).run())
        seconds = time.perf_counter() - started
        (ids,), (ends,) = Path(out).glob("*.ds"), Path(out).glob("*.ds.index")
        return ids.stat().st_size // step.token_size - ends.stat().st_size // 8, seconds


def main() -> None:
    """Print the figures as JSON; run by `measure_datatrove` inside the peer's environment."""
    tokenizer, eos, texts = sys.argv[1:]
    with contextlib.redirect_stdout(sys.stderr):
        num_tokens, seconds = _tokenize(tokenizer, eos, texts, shuffled=False)
        _, seconds_shuffled = _tokenize(tokenizer, eos, texts, shuffled=True)
    figures = {
        "datatrove_tokens": num_tokens,
        "datatrove_tokens_per_second": num_tokens / seconds,
        "datatrove_shuffled_tokens_per_second": num_tokens / seconds_shuffled,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
