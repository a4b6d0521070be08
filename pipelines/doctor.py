"""`doctor`: whether this machine can do the work, and with what."""

import importlib.metadata
import os
import platform
import shutil
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import humanize
import psutil

from ..generators.registry import build_task
from ..packers.tokens.probes import HOSTILE, around, long_text
from ..packers.tokens.tokenizer import Tokenizer, load_tokenizer
from ..schemas.counted import counted
from ..schemas.errors import LcdataError
from ..schemas.events.judged import Found
from ..schemas.stream import stream
from ..schemas.tokens import TokenizerChoice

_LIBRARIES = ("lcdata", "ray", "tokenizers", "fastokens", "pyarrow", "numpy", "huggingface_hub", "pydantic")
_NAMED = 10
"""Tokens that are named of a list."""
_WORKER_BYTES = 1_500_000_000
_SHARD_BYTES = 500_000_000


def doctor(choice: TokenizerChoice, folder: Path) -> Iterator[Found]:
    """Look at versions, tokenizer, cores, memory and the disk under `folder`."""
    versions = [f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES]
    yield Found(
        subject="python",
        holds=sys.version_info >= (3, 11),
        detail=f"{platform.python_version()} on {platform.platform()}",
    )
    yield Found(subject="libraries", holds=True, detail=", ".join(versions))
    yield from _tokenizer(choice)
    cores = len(os.sched_getaffinity(0))
    yield Found(subject="cores", holds=True, detail=f"{cores} to use")
    memory = psutil.virtual_memory().available
    needed = cores * _WORKER_BYTES
    yield Found(
        subject="memory",
        holds=memory >= _WORKER_BYTES,
        detail=f"{humanize.naturalsize(memory)} free"
        + ("" if memory >= needed else f", enough for --workers {memory // _WORKER_BYTES}"),
    )
    free = shutil.disk_usage(folder).free
    yield Found(subject="disk", holds=free >= _SHARD_BYTES, detail=f"{humanize.naturalsize(free)} free under {folder}")


def _tokenizer(choice: TokenizerChoice) -> Iterator[Found]:
    """Load the tokenizer and let both engines encode hostile strings and a task's text; say what is control."""
    task = build_task("kv", {})
    texts = [
        task.draft(stream("kv", 0, index, "doctor"), task.templates[0], 200).render(200).text for index in range(20)
    ]
    text, new_text = texts[0], "".join(texts)  # what was encoded before takes no time
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            tokenizer = load_tokenizer(choice)
    except LcdataError as error:
        yield Found(subject="tokenizer", holds=False, detail=str(error))
        return
    for warning in caught:
        yield Found(subject="tokenizer", holds=True, detail=str(warning.message))
    identity = tokenizer.identity
    probes = [*HOSTILE, text, long_text([text]), *around(identity.text_tokens)]
    different = tokenizer.disagreement(probes)
    if different is not None:
        yield Found(subject="tokenizer", holds=False, detail=f"fastokens and tokenizers differ on {different[:40]!r}")
        return
    yield Found(subject="tokenizer", holds=True, detail=_about(tokenizer, len(probes), new_text))
    lists = {"control": identity.control_tokens, "text": identity.text_tokens}
    for name, tokens in lists.items():
        yield Found(subject=name, holds=True, detail=_first_of(tokens), tokens=list(tokens))


def _first_of(tokens: Sequence[str]) -> str:
    """How many tokens there are, and the first of them."""
    named = " ".join(map(repr, tokens[:_NAMED]))
    more = f" and {len(tokens) - _NAMED:,} more, all with --json" if len(tokens) > _NAMED else ""
    return counted(len(tokens), "token") + (f": {named}{more}" if tokens else "")


def _about(tokenizer: Tokenizer, num_probes: int, text: str) -> str:
    started = time.perf_counter()
    num_tokens = len(tokenizer.encode(text))
    speed = num_tokens / (time.perf_counter() - started)
    identity = tokenizer.identity
    agrees = "fastokens agrees with tokenizers" if tokenizer.engine == "fastokens" else "tokenizers encodes"
    return (
        f"{identity.source}: {identity.vocab_size:,} tokens, BOS {identity.bos}, EOS {identity.eos}; "
        f"{agrees} on {num_probes} probes, {humanize.intword(speed)} tokens/s"
    )
