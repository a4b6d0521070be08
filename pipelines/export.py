"""`export`: a dataset's samples as JSON lines, for evaluation, for chat trainers, or as plain text.

Tokens do not give back the text that they came from, so each sample is made again from the manifest and compared with
what the dataset holds. One sample is in memory at a time.
"""

import contextlib
import json
import os
import sys
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..schemas.errors import LcdataError, QualityError, UsageError
from ..schemas.evaluation import Reference
from ..schemas.manifest import Manifest
from ..schemas.quantity import IntRange
from .files import storage_error, sync_folder
from .samples import Made
from .verify import maker_of
from .workspace import read_manifest

Ints = NDArray[np.int64]

STDOUT = Path("-")


@dataclass(frozen=True)
class Exported:
    """What was written where."""

    path: Path
    samples: int
    tokens: int
    bytes: int

    @property
    def name(self) -> str:
        """For people."""
        return "stdout" if self.path == STDOUT else str(self.path)


def export(
    folder: Path,
    to: str,
    out: Path | None = None,
    indices: Sequence[IntRange] = (),
    *,
    tokenizer: str | None = None,
    force: bool = False,
    progressed: Callable[[int, int], None] = lambda done, total: None,
) -> Exported:
    """Write the samples of these indices (all of them where none is named) as lines of a format, in order of index.

    Raises QualityError where a sample does not come out as the dataset holds it.
    """
    manifest = read_manifest(folder)
    out = out or Path(f"{manifest.recipe.name}-{to}.jsonl")
    _check_place(out, folder, force)
    samples = _chosen(indices, manifest.recipe.task.n)
    remade = _remade(folder, manifest, samples, tokenizer)
    num_tokens = num_bytes = 0
    with _whole_file(out) as file:
        for done, made in enumerate(remade, 1):
            line = json.dumps(FORMATS[to](made), ensure_ascii=False).encode() + b"\n"
            file.write(line)
            num_bytes += len(line)
            num_tokens += len(made.document.ids)
            progressed(done, len(samples))
    return Exported(out, len(samples), num_tokens, num_bytes)


def _as_eval(made: Made) -> dict[str, Any]:
    """The keys of RULER's files and those of a `Reference`."""
    document = made.document
    reference = Reference.of_document(
        index=document.sample,
        answers=document.answers,
        length=len(document.ids),
        depth=document.depth,
        task=document.source,
        template=document.template,
        facts=document.facts,
    )
    return {
        "index": document.sample,
        "input": made.sample.prompt,
        "answer_prefix": "",
        **reference.model_dump(mode="json", by_alias=True),
    }


def _as_chat(made: Made) -> dict[str, Any]:
    """A user's turn and an assistant's, as TRL, axolotl and LLaMA-Factory read them."""
    turns = {"user": made.sample.prompt, "assistant": made.sample.answer}
    return {
        "messages": [{"role": role, "content": content} for role, content in turns.items()],
        "index": made.document.sample,
        "length": len(made.document.ids),
    }


def _as_text(made: Made) -> dict[str, Any]:
    """What is tokenized, without BOS and EOS."""
    return {"text": made.sample.text}


FORMATS: Mapping[str, Callable[[Made], dict[str, Any]]] = {"eval": _as_eval, "chat": _as_chat, "text": _as_text}
"""What a line holds."""


def _check_place(out: Path, folder: Path, force: bool) -> None:
    """Raise UsageError where the file must not be written."""
    if out == STDOUT:
        return
    if out.exists() and not out.is_file():
        raise UsageError(f"{out} is not a file: choose another --out")
    if folder.resolve() in out.resolve().parents:
        raise UsageError(f"{out} would be a foreign file in the dataset {folder}: choose an --out outside of it")
    if (out.exists() or out.is_symlink()) and not force:
        raise UsageError(f"{out} exists already: choose another --out, or replace it with --force")


def _chosen(indices: Sequence[IntRange], num_samples: int) -> Ints:
    """The indices, ascending, each once; UsageError where the dataset has no such sample."""
    last = max((index.high for index in indices), default=0)
    if last >= num_samples:
        raise UsageError(f"there is no sample {last:,}: the dataset has samples 0 to {num_samples - 1:,}")
    if not indices:
        return np.arange(num_samples)
    return np.unique(np.concatenate([np.arange(index.low, index.high + 1) for index in indices]))


def _remade(folder: Path, manifest: Manifest, samples: Ints, tokenizer: str | None) -> Iterator[Made]:
    """The samples as the dataset was made from them; what can fail before the first sample fails at once."""
    source = manifest.recipe.task
    hashes = _hashes(folder, manifest, samples)
    lengths = source.length.of_samples(source.task, manifest.recipe.seed, source.n)
    maker = maker_of(manifest, tokenizer)

    def remake(sample: int, sha256: str) -> Made:
        made = maker.make(sample, int(lengths[sample]))
        if made.document.sha256 != sha256:
            raise QualityError(
                f"sample {sample} comes out otherwise than {folder} holds it: `lcdata verify {folder} --samples "
                f"{source.n}` says in what, then make the dataset again"
            )
        return made

    return (remake(sample.as_py(), sha256.as_py()) for sample, sha256 in zip(*hashes.columns, strict=True))


def _hashes(folder: Path, manifest: Manifest, samples: Ints) -> pa.Table:
    """`sample` and `sha256` of these samples from the document table, in their order."""
    try:
        shards = [
            table.filter(np.isin(table["sample"].to_numpy(), samples))
            for shard in manifest.shards
            for table in [pq.read_table(folder / shard.docs.path, columns=["sample", "sha256"])]
        ]
    except (OSError, pa.ArrowException) as error:
        raise LcdataError(f"{folder} cannot be read ({error}): run `lcdata verify {folder}`") from None
    table = pa.concat_tables(shards).sort_by("sample")
    if not np.array_equal(table["sample"].to_numpy(), samples):
        raise QualityError(f"{folder} does not hold each of its samples once: run `lcdata verify {folder}`")
    return table


@contextlib.contextmanager
def _whole_file(out: Path) -> Generator[IO[bytes]]:
    """The file `out`, or stdout; the file takes its name when it is whole and on disk."""
    if out == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    temporary = out.with_name(f".{out.name}.{uuid.uuid4().hex}.tmp")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, out)
        sync_folder(out.parent)
    except OSError as error:
        raise storage_error(error, out) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
