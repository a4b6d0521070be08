"""A peer that anyone can install: lm-evaluation-harness's RULER generator, on the task nearest to key-value retrieval.

`measure_peer` gives it an environment of its own, made once, and runs this file there. The task is niah_multikey_3, a
haystack of uuid keys and values, with the same tokenizer. What differs: it writes text and no ids, fills less of the
length, and knows one process. Its steady speed leaves out its import and its search for a size before the first sample.
"""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

VERSIONS = {"lm_eval": "0.4.13", "transformers": "5.24.0"}
REQUIREMENTS = [f"lm_eval[ruler]=={VERSIONS['lm_eval']}", f"transformers=={VERSIONS['transformers']}"]
NUM_SAMPLES = {4 << 10: 400, 32 << 10: 40, 128 << 10: 10}
"""By length; its search for a size takes time quadratic in the length, which at 1M is a quarter of an hour."""
_VENV = Path(__file__).parent / ".peer"
_INSTALL_SECONDS, _RUN_SECONDS = 900, 300
_TOKENS_LEFT_FOR_THE_ANSWER = 128
"""The generator's default; it counts them into a sample's length."""


def measure_peer(tokenizer: bytes, lengths: Iterable[int], folder: Path) -> dict[int, dict[str, Any]]:
    """The peer's figures for every length that it can do; raises CalledProcessError or TimeoutExpired."""
    wanted = [length for length in lengths if length in NUM_SAMPLES]
    if not wanted:
        return {}
    path = folder / "peer-tokenizer.json"
    path.write_bytes(tokenizer)
    command = [_python(), "-P", __file__, path, *map(str, wanted)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=_RUN_SECONDS)
    figures = [json.loads(line) for line in done.stdout.splitlines()]
    return {one["length_tokens"]: one for one in figures}


def _python() -> Path:
    """The Python of the peer's environment, which is made where it is missing or holds other versions."""
    python, installed = _VENV / "bin" / "python", _VENV / "installed"
    if not installed.is_file() or installed.read_text().split() != REQUIREMENTS:
        subprocess.run([sys.executable, "-m", "venv", "--clear", _VENV], check=True, capture_output=True)
        (_VENV / ".gitignore").write_text("*\n")
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *REQUIREMENTS]
        subprocess.run(pip, check=True, capture_output=True, text=True, timeout=_INSTALL_SECONDS)
        installed.write_text("\n".join(REQUIREMENTS))
    return python


class _Stopwatch:
    """Stands in for the generator's progress bar, which it starts when its size is found."""

    def __init__(self) -> None:
        self.first_sample = 0.0

    def __call__(self, items: Iterable[int], **_: object) -> Iterator[int]:
        self.first_sample = time.perf_counter()
        yield from items


def _generate(prepare_niah: Any, template: str, tokenizer: Any, length: int) -> Mapping[str, Any]:
    """Make the samples of one length with the generator's module, and say how long that took."""
    stopwatch = _Stopwatch()
    prepare_niah.tqdm = stopwatch
    started = time.perf_counter()
    samples = prepare_niah.generate_samples(
        prepare_niah.get_haystack("needle"),
        TOKENIZER=tokenizer,
        max_seq_length=length,
        template=template,
        type_haystack="needle",
        type_needle_k="uuids",
        type_needle_v="uuids",
        num_samples=NUM_SAMPLES[length],
        tokens_to_generate=_TOKENS_LEFT_FOR_THE_ANSWER,
    )
    seconds = time.perf_counter() - stopwatch.first_sample
    tokens = sum(sample["length"] - _TOKENS_LEFT_FOR_THE_ANSWER for sample in samples)
    return {
        "length_tokens": length,
        "peer_samples": len(samples),
        "peer_tokens_per_second": tokens / seconds,
        "peer_seconds_before_first_sample": stopwatch.first_sample - started,
        "peer_fill": tokens / len(samples) / length,
    }


def main() -> None:
    """Print one JSON object a length; run by `measure_peer` inside the peer's environment."""
    path, *lengths = sys.argv[1:]
    with contextlib.redirect_stdout(sys.stderr):
        import nltk

        # The generator fetches a sentence splitter when it is imported; only its essay haystacks use it.
        nltk.download = lambda *_, **__: True
        from lm_eval.tasks.ruler import niah_utils, prepare_niah
        from transformers import PreTrainedTokenizerFast

        tokenizer = PreTrainedTokenizerFast(tokenizer_file=path)
    for length in lengths:
        figures = _generate(prepare_niah, niah_utils.TEMPLATE, tokenizer, int(length))
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
