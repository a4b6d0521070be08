"""`export`: a dataset's samples as JSON lines, for evaluation, for chat trainers, or as plain text.

Tokens do not give back the text that they came from, so each sample is made again from the manifest and compared with
what the dataset holds. One sample is in memory at a time.
"""

import contextlib
import json
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...packers.dataset import Dataset
from ...packers.files.arrays import numbers
from ...schemas.errors import QualityError, UsageError
from ...schemas.evaluation import Reference
from ...schemas.events.exported import Exported
from ...schemas.manifest import NumberedTask
from ...schemas.place import Place
from ...schemas.quantity import IntRange
from ..making.samples import Made
from ..proving.remake import SampleMakers, sample_makers
from ..run.files import storage_error, whole_file

Ints = NDArray[np.int64]

STDOUT = Path("-")


def export(
    dataset: Dataset,
    to: str,
    out: Path | None = None,
    indices: Sequence[IntRange] = (),
    *,
    first: int | None = None,
    config: str | None = None,
    overwrite: bool = False,
    progressed: Callable[[int, int], None] = lambda done, total: None,
) -> Exported:
    """Write the samples of these indices (all of them where none is named) as lines of a format, in order of index.

    `first` takes only so many, `config` those of a config alone, by the indices that they have in the dataset. `out` is
    a file, or STDOUT. Raises QualityError where a sample does not come out as the dataset holds it.
    """
    out = out or Path(f"{config or dataset.name}-{to}.jsonl")
    _check_place(out, dataset.folder, overwrite)
    samples = _chosen(indices, _numbers(dataset, config), config or "the dataset")[:first]
    remade = _remade(dataset, samples)
    num_tokens = num_bytes = 0
    with _whole_file(out) as file:
        for done, (number, made) in enumerate(remade, 1):
            line = json.dumps(FORMATS[to](number, made), ensure_ascii=False).encode() + b"\n"
            file.write(line)
            num_bytes += len(line)
            num_tokens += len(made.document.ids)
            progressed(done, len(samples))
    return Exported(path=str(out), to=to, samples=len(samples), tokens=num_tokens, bytes=num_bytes)


def _as_eval(number: int, made: Made) -> dict[str, object]:
    """A line with the keys that RULER and lm-evaluation-harness read, and those of a `Reference`."""
    document = made.document
    reference = Reference.of_document(
        index=number,
        answers=document.answers,
        length=len(document.ids),
        depth=document.depth,
        task=document.source,
        template=document.template,
        facts=document.facts,
    )
    return {
        "index": number,
        "input": made.question,
        "answer_prefix": "",
        "gen_prefix": "",
        "max_length": made.length,
        **reference.model_dump(mode="json", by_alias=True),
    }


def _as_chat(number: int, made: Made) -> dict[str, object]:
    """A line of a user's turn and an assistant's, as TRL, axolotl and LLaMA-Factory read them.

    A chat template makes the dataset's own conversations of them.
    """
    return {"messages": made.messages, "index": number, "length": len(made.document.ids)}


def _as_text(number: int, made: Made) -> dict[str, object]:
    """A line of the text that is tokenized, without BOS and EOS."""
    return {"text": made.sample.text}


FORMATS: Mapping[str, Callable[[int, Made], dict[str, object]]] = {"eval": _as_eval, "chat": _as_chat, "text": _as_text}
"""The formats by name: each makes a line of a sample's number in the dataset and the sample."""


def _check_place(out: Path, folder: Place, overwrite: bool) -> None:
    """Raise UsageError where the file must not be written."""
    if out == STDOUT:
        return
    if out.exists() and not out.is_file():
        raise UsageError(f"{out} is not a file: choose another --out")
    if isinstance(folder, Path) and folder.resolve() in out.resolve().parents:
        raise UsageError(f"{out} would be a foreign file in the dataset {folder}: choose an --out outside of it")
    if (out.exists() or out.is_symlink()) and not overwrite:
        raise UsageError(f"{out} exists already: choose another --out, or replace it with --overwrite")


def _chosen(indices: Sequence[IntRange], numbers: Ints, name: str) -> Ints:
    """The indices of the chosen samples, ascending, each once; UsageError where there is no such sample."""
    for end in (end for index in indices for end in (index.high, index.low)):
        if not numbers[0] <= end <= numbers[-1]:
            raise UsageError(f"there is no sample {end:,}: {name} has samples {numbers[0]:,} to {numbers[-1]:,}")
    if not indices:
        return numbers
    return np.unique(np.concatenate([np.arange(index.low, index.high + 1) for index in indices]))


def _numbers(dataset: Dataset, config: str | None) -> Ints:
    """The numbers of all tasks' samples, or of those of a config, which follow on one another.

    Raises UsageError where there are none, or no such config.
    """
    wanted = dataset.configs if config is None else {dataset.config(config).name}
    tasks = [task for task in dataset.manifest.tasks if task.stage.name in wanted]
    if not sum(task.account.samples for task in tasks):
        raise UsageError(
            f"{config or dataset.name} holds documents of corpora and no task's samples: there is nothing to do here"
        )
    return np.arange(tasks[0].number, tasks[-1].number + tasks[-1].account.samples)


def _remade(dataset: Dataset, chosen: Ints) -> Iterator[tuple[int, Made]]:
    """Chosen samples made again, each with its number; what can fail before the first sample fails at once."""
    hashes = _hashes(dataset, chosen)
    return _remade_tasks(dataset, sample_makers(dataset), dict(zip(chosen.tolist(), hashes, strict=True)))


def _remade_tasks(dataset: Dataset, makers: SampleMakers, hashes: Mapping[int, str]) -> Iterator[tuple[int, Made]]:
    manifest, folder = dataset.manifest, dataset.folder
    for task in manifest.tasks:
        maker, account = makers[task.stage.name, task.component.name], task.account
        end = account.first + account.samples
        lengths = task.component.length.of_samples(account.task, manifest.recipe.seed, end)
        for sample in range(account.first, end):
            number = task.number + sample - account.first
            if number not in hashes:
                continue
            made = maker.make(sample, int(lengths[sample]))
            if made.document.sha256 != hashes[number]:
                raise QualityError(
                    f"sample {number} comes out otherwise than {folder} holds it: `lcdata verify {folder} --samples "
                    "all` says in what, then make the dataset again"
                )
            yield number, made


def _hashes(dataset: Dataset, chosen: Ints) -> list[str]:
    """`sha256` of the samples of these numbers from the document table, in their order."""
    tables = [_numbered(dataset, task) for task in dataset.manifest.tasks]
    table = pa.concat_tables(tables).sort_by("number")
    table = table.filter(np.isin(table["number"].to_numpy(), chosen))
    if not np.array_equal(table["number"].to_numpy(), chosen):
        folder = dataset.folder
        raise QualityError(f"{folder} does not hold each of its samples once: run `lcdata verify {folder}`")
    return table["sha256"].to_pylist()


def _numbered(dataset: Dataset, task: NumberedTask) -> pa.Table:
    """`number` and `sha256` of all samples of a task."""
    table = dataset.configs[task.stage.name].document_table("source", "sample", "sha256")
    table = table.filter(pc.field("source") == task.component.name)
    number = table["sample"].to_numpy() + (task.number - task.account.first)
    return pa.table({"number": pa.chunked_array([numbers(number)]), "sha256": table["sha256"]})


@contextlib.contextmanager
def _whole_file(out: Path) -> Generator[IO[bytes]]:
    """The file `out`, or stdout; the file takes its name when it is whole and on disk."""
    if out == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(out) as file:
            yield file
    except OSError as error:
        raise storage_error(error, out) from None
