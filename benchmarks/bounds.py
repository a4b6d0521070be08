"""What gen is held against on this machine: writing finished arrays, and `tokenizers` on the same texts."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lcdata.generators.registry import preset_settings
from lcdata.packers.files.parquet import arrow_row_writer, row_writer
from lcdata.packers.rows.row_group import RowGroup
from lcdata.packers.tokens.tokenizer import Tokenizer
from lcdata.pipelines.planning.materials import Materials
from lcdata.pipelines.planning.plan import make_plan
from lcdata.pipelines.run.versions import AUDIT_EVERY
from lcdata.schemas.recipe import Recipe
from lcdata.schemas.sample import Document, ids_sha256
from lcdata.schemas.stage import Stage

_TRIAL_TOKENS = 1 << 24
_TEXT_TOKENS = 1 << 19


@dataclass(frozen=True)
class Trial:
    """Some finished samples of a task, one a row, made in this process."""

    stage: Stage
    tokenizer: Tokenizer
    documents: Sequence[Document]
    texts: Sequence[str]
    """Of the first few documents."""
    make_seconds: float
    """What drawing, rendering, encoding and fitting them took."""

    @property
    def num_tokens(self) -> int:
        """Tokens of all documents."""
        return sum(len(document.ids) for document in self.documents)


def make_trial(task: str, length: int, preset: str | None = None) -> Trial:
    """Make about 16M tokens of samples of `length` tokens."""
    num_samples = max(2, _TRIAL_TOKENS // length)
    settings = preset_settings(task, preset) if preset else {}
    mix = [{"task": task, "length": length, "n": num_samples, "settings": settings}]
    recipe = Recipe.model_validate({"name": "trial", "seq_length": length, "mix": mix})
    (stage,) = make_plan(Materials(recipe)).stages
    maker = stage.tasks[0].maker
    texts: list[str] = []
    documents: list[Document] = []
    started = time.perf_counter()
    for sample in range(num_samples):
        made = maker.make(sample, length)
        documents.append(made.document)
        if sample < max(1, _TEXT_TOKENS // length):
            texts.append(made.sample.text)
    return Trial(stage.stage, maker.tokenizer, documents, texts, time.perf_counter() - started)


def encode_tokens_per_second(trial: Trial) -> float:
    """How fast `tokenizers` encodes the trial's texts on one thread, each for the first time."""
    started = time.perf_counter()
    encodings = trial.tokenizer.reference.encode_batch_fast(list(trial.texts), add_special_tokens=False)
    seconds = time.perf_counter() - started
    return sum(len(encoding.ids) for encoding in encodings) / seconds


def floor_seconds_per_token(trial: Trial, writing: float) -> float:
    """What every token costs one core even if samples were there for nothing; `writing` is the trial's seconds of it.

    The engine encodes each text once, ids and file are hashed, and `tokenizers` audits one document in AUDIT_EVERY.
    """
    started = time.perf_counter()
    lengths = [len(trial.tokenizer.encode(text)) for text in trial.texts]
    encoding = (time.perf_counter() - started) / sum(lengths)
    started = time.perf_counter()
    for document in trial.documents:
        ids_sha256(document.ids)
    hashing = (time.perf_counter() - started) / trial.num_tokens
    audit = 1 / (encode_tokens_per_second(trial) * AUDIT_EVERY)
    return encoding + hashing + audit + writing / trial.num_tokens


def write_seconds(trial: Trial, path: Path, by_arrow: bool = False) -> float:
    """Seconds that writing the trial's rows takes, or takes pyarrow; laying them out in arrays is not counted."""
    group = RowGroup(trial.stage.seq_length, trial.stage.with_labels)
    spent = 0.0
    with path.open("wb") as sink:
        writer = (arrow_row_writer if by_arrow else row_writer)(sink, trial.stage.with_labels)
        for first in range(0, len(trial.documents), group.max_rows):
            for document in trial.documents[first : first + group.max_rows]:
                group.add_row([document])
            table = group.take()
            started = time.perf_counter()
            writer.write_table(table)
            spent += time.perf_counter() - started
        started = time.perf_counter()
        writer.close()
        spent += time.perf_counter() - started
    path.unlink()
    return spent
