"""A peer that anyone can install: lm-evaluation-harness's RULER generators, with the same tokenizer.

`measure_peer` gives them an environment of their own, made once, and runs this file there. What differs: they write
text and no ids, fill less of the length, and know one process. Their steady speed leaves out their import and their
search for a size before the first sample, which for chains and words takes coarser steps here, to end in time.
"""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

VERSIONS = {"lm_eval": "0.4.13", "transformers": "5.24.0"}
REQUIREMENTS = [f"lm_eval[ruler]=={VERSIONS['lm_eval']}", f"transformers=={VERSIONS['transformers']}"]
NEAREST_TO_KV = "niah_multikey_3"
"""A haystack of uuid keys and values."""
NUM_SAMPLES = {4 << 10: 400, 32 << 10: 40, 128 << 10: 10}
"""By length; their search for a size takes time quadratic in the length, which at 1M is a quarter of an hour."""
_VENV = Path(__file__).parent / ".peer"
_INSTALL_SECONDS, _RUN_SECONDS = 900, 300


def measure_peer(
    tokenizer: bytes, generators: Iterable[str], lengths: Iterable[int], folder: Path
) -> dict[tuple[str, int], dict[str, Any]]:
    """The peer's figures for every generator and every length that it can do.

    Raises CalledProcessError or TimeoutExpired.
    """
    wanted = [f"{name}:{length}" for name in generators for length in lengths if length in NUM_SAMPLES]
    if not wanted:
        return {}
    path = folder / "peer-tokenizer.json"
    path.write_bytes(tokenizer)
    command = [_python(), "-P", __file__, path, *wanted]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=_RUN_SECONDS)
    figures = [json.loads(line) for line in done.stdout.splitlines()]
    return {(one["peer"], one["length_tokens"]): one for one in figures}


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


def _generate(name: str, tokenizer: Any, length: int) -> Mapping[str, Any]:
    """Make the samples of one length with a generator, and say how long that took."""
    stopwatch = _Stopwatch()
    started = time.perf_counter()
    samples, left_for_answer = _run(name, tokenizer, length, stopwatch)
    seconds = time.perf_counter() - stopwatch.first_sample
    tokens = sum(sample["length"] - left_for_answer for sample in samples)
    return {
        "peer": name,
        "length_tokens": length,
        "peer_samples": len(samples),
        "peer_tokens_per_second": tokens / seconds,
        "peer_seconds_before_first_sample": stopwatch.first_sample - started,
        "peer_fill": tokens / len(samples) / length,
    }


def _run(name: str, tokenizer: Any, length: int, stopwatch: _Stopwatch) -> tuple[Sequence[Any], int]:
    """A generator's samples, and the tokens of each that it counts for an answer yet to come."""
    from lm_eval.tasks.ruler import cwe_utils, fwe_utils, niah_utils, prepare_niah, vt_utils

    count = NUM_SAMPLES[length]
    if name.startswith("niah"):
        prepare_niah.tqdm = stopwatch
        haystack = "repeat" if name == "niah_single_1" else "needle"
        kinds = ("uuids", "uuids") if name == "niah_multikey_3" else ("words", "numbers")
        samples = prepare_niah.generate_samples(
            prepare_niah.get_haystack(haystack),
            TOKENIZER=tokenizer,
            max_seq_length=length,
            template=niah_utils.TEMPLATE,
            type_haystack=haystack,
            type_needle_k=kinds[0],
            type_needle_v=kinds[1],
            num_samples=count,
            tokens_to_generate=128,
        )
        return samples, 128
    if name == "vt":
        vt_utils.tqdm = stopwatch
        example = vt_utils.sys_vartrack_w_noise_random(tokenizer, 1, 500, incremental=5)[0]
        return vt_utils.sys_vartrack_w_noise_random(
            tokenizer, count, length, incremental=length // 512, icl_example=example
        ), 30
    if name == "cwe":
        cwe_utils.tqdm = stopwatch
        return cwe_utils.sys_word_pair_random(count, length, tokenizer, incremental=length // 512), 120
    fwe_utils.tqdm = stopwatch
    return fwe_utils.sys_kwext(tokenizer, length, count), 50


def main() -> None:
    """Print one JSON object for each generator and length; run by `measure_peer` inside the peer's environment."""
    path, *wanted = sys.argv[1:]
    with contextlib.redirect_stdout(sys.stderr):
        import nltk

        # The generator fetches a sentence splitter when it is imported; only its essay haystacks use it.
        nltk.download = lambda *_, **__: True
        from transformers import PreTrainedTokenizerFast

        tokenizer = PreTrainedTokenizerFast(tokenizer_file=path)
        for pair in wanted:
            name, _, length = pair.partition(":")
            print(json.dumps(_generate(name, tokenizer, int(length))), file=sys.__stdout__, flush=True)


if __name__ == "__main__":
    main()
