"""`inspect`: what a finished dataset holds, from its manifest and document table."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from ...packers.tokens.tokenizer import load_tokenizer
from ...schemas.errors import LcdataError
from ...schemas.manifest import Manifest, StageRecord, read_manifest
from ...schemas.sample import Sample
from ...schemas.tokens import TokenizerChoice


@dataclass(frozen=True)
class LengthBucket:
    """Documents of low..high-1 tokens."""

    low: int
    high: int
    documents: int
    tokens: int


@dataclass(frozen=True)
class Inspection:
    """What there is to say about a stage of a dataset."""

    manifest: Manifest
    stage: StageRecord
    buckets: list[LengthBucket]
    sample: Sample | None
    """The first document's text with its spans; None where its tokenizer cannot be had."""
    record: dict[str, Any]
    """Its record in the document table."""
    no_sample_because: str = ""


def inspect(folder: Path) -> list[Inspection]:
    """Look at every stage of a finished dataset; raises where it cannot be read."""
    manifest = read_manifest(folder)
    return [_inspect_stage(folder, manifest, stage) for stage in manifest.stages]


def _inspect_stage(folder: Path, manifest: Manifest, stage: StageRecord) -> Inspection:
    try:
        lengths = np.concatenate(
            [pq.read_table(folder / shard.docs.path, columns=["length"])["length"].to_numpy() for shard in stage.shards]
        )
        first = stage.shards[0]
        record = next(pq.ParquetFile(folder / first.docs.path).iter_batches(1)).to_pylist()[0]
        ids = _first_document(folder / first.data.path, record["length"])
    except OSError as error:
        raise LcdataError(f"{folder} cannot be read ({error}): run `lcdata verify {folder}`") from None
    try:
        sample = _sample(manifest, record, ids)
    except LcdataError as error:
        return Inspection(manifest, stage, _buckets(lengths), None, record, str(error))
    return Inspection(manifest, stage, _buckets(lengths), sample, record)


def _buckets(lengths: np.ndarray[Any, np.dtype[np.int32]]) -> list[LengthBucket]:
    """Powers of two, so that a document of exactly 128k counts among 64k+1..128k."""
    exponents = np.ceil(np.log2(lengths)).astype(np.int64)
    return [
        LengthBucket(
            2 ** (exponent - 1) + 1,
            2**exponent + 1,
            int(chosen.sum()),
            int(lengths[chosen].sum(dtype=np.int64)),
        )
        for exponent in map(int, np.unique(exponents))
        for chosen in [exponents == exponent]
    ]


def _first_document(path: Path, length: int) -> list[int]:
    batch = next(pq.ParquetFile(path).iter_batches(1, columns=["input_ids"]))
    return batch["input_ids"].values[:length].to_pylist()


def _sample(manifest: Manifest, record: dict[str, Any], ids: list[int]) -> Sample:
    """The text of a document and its spans, decoded piece by piece from its tokens."""
    identity = manifest.tokenizer
    choice = TokenizerChoice(source=identity.source, bos=identity.bos or "none", eos=identity.eos)
    tokenizer = load_tokenizer(choice, "tokenizers")
    if tokenizer.identity.sha256 != identity.sha256:
        raise LcdataError(f"the tokenizer {identity.source!r} has changed since")

    def text_until(token: int) -> str:
        return tokenizer.reference.decode(ids[:token], skip_special_tokens=True)

    def spans(name: str) -> tuple[tuple[int, int], ...]:
        return tuple((len(text_until(span["start"])), len(text_until(span["end"]))) for span in record[name])

    text = text_until(len(ids))
    prompt = text_until(record["prompt_length"])
    return Sample(
        prompt=prompt,
        answer=text[len(prompt) :],
        answers=tuple(record["answers"]),
        answer_spans=spans("answer_spans"),
        evidence_spans=spans("evidence_spans"),
        depth=tuple(record["depth"]),
        template=record["template"] or "",
    )
