"""TRL's SFTTrainer and the plain Trainer, as they are installed, learn from each document as if it were alone."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pytest

from lcdata.packers.dataset import open_dataset
from lcdata.pipelines.proving.trainers.alone import loss_alone, targets
from lcdata.pipelines.proving.trainers.compare import batch_of, dataset_of, loss_of
from lcdata.pipelines.proving.trainers.stored import CheckedRow, some_rows
from lcdata.pipelines.proving.trainers.trainers import TRAINERS, VOCABULARY, plain_trainer, sft_trainer, tiny_llama

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("trl")

SAME = 1e-5
"""Of losses of about 7."""


def reference(row: CheckedRow, labels: Any = None) -> float:
    """The mean loss of the documents one by one."""
    given = row.column("labels") if labels is None else labels
    small = np.where(given < 0, given, given % VOCABULARY)
    return loss_alone(tiny_llama(), row.column("input_ids") % VOCABULARY, small, row.lengths)


def losses(make: Callable[..., Any], rows: Iterable[CheckedRow], folder: Path, **settings: Any) -> list[float]:
    """The trainer's own loss of each row."""
    found: list[float] = []
    for row in rows:
        trainer = make(tiny_llama(), dataset_of(row), folder, **settings)
        found.append(loss_of(trainer, batch_of(trainer, row)))
    return found


@pytest.mark.parametrize("trainer", TRAINERS)
def test_the_loss_of_a_row_is_that_of_its_documents_alone(rows: list[CheckedRow], trainer: str, tmp_path: Path) -> None:
    wanted = [reference(row) for row in rows]
    found = losses(TRAINERS[trainer], rows, tmp_path)
    largest = float(np.abs(np.array(found) - wanted).max())
    print(f"largest difference of a loss of {np.mean(wanted):.2f}: {largest:.1e}")
    assert largest < SAME * np.mean(wanted)


@pytest.mark.parametrize("trainer", TRAINERS)
@pytest.mark.parametrize("dataset", ["kv", "organic"], indirect=True)
def test_three_steps_run_from_a_streamed_folder(dataset: Path, trainer: str, tmp_path: Path) -> None:
    config = open_dataset(dataset).config()
    stream = datasets.load_dataset(str(dataset), config.name, split="train", streaming=True)
    steps = {"max_steps": 3, "logging_strategy": "steps", "logging_steps": 1, "learning_rate": 1e-3}
    running = TRAINERS[trainer](tiny_llama(vocabulary=1024), stream, tmp_path, **steps)
    before = [weights.detach().clone() for weights in running.model.parameters()]
    running.train()
    logged = [record["loss"] for record in running.state.log_history if "loss" in record]
    assert len(logged) == running.state.global_step == 3
    (first,) = some_rows(config, 1, np.random.default_rng(0))
    alone = loss_alone(tiny_llama(vocabulary=1024), first.column("input_ids"), first.column("labels"), first.lengths)
    assert logged[0] == pytest.approx(alone, rel=1e-4)
    assert all((old != new).any() for old, new in zip(before, running.model.parameters(), strict=True))


@pytest.mark.parametrize("dataset", ["organic"], indirect=True)
def test_two_rows_in_a_batch_of_trl_are_as_many_documents(rows: list[CheckedRow], tmp_path: Path) -> None:
    both = datasets.concatenate_datasets([dataset_of(row) for row in rows[:2]])
    trainer = sft_trainer(
        tiny_llama(), both, tmp_path, per_device_train_batch_size=2, train_sampling_strategy="sequential"
    )
    batch = dict(next(iter(trainer.get_train_dataloader())))
    lengths = np.concatenate([row.lengths for row in rows[:2]])
    assert np.diff(batch["cu_seq_lens_q"]).tolist() == lengths.tolist()
    ids, labels = (np.concatenate([row.column(name) for row in rows[:2]]) for name in ("input_ids", "labels"))
    small = np.where(labels < 0, labels, labels % VOCABULARY)
    assert loss_of(trainer, batch) == pytest.approx(
        loss_alone(tiny_llama(), ids % VOCABULARY, small, lengths), rel=SAME
    )


def test_trl_without_padding_free_ignores_the_documents(row: CheckedRow, tmp_path: Path) -> None:
    trainer = sft_trainer(tiny_llama(), dataset_of(row), tmp_path, padding_free=False)
    batch = batch_of(trainer, row)
    assert batch["attention_mask"].all()
    assert "position_ids" not in batch
    assert abs(loss_of(trainer, batch) - reference(row)) > 100 * SAME


def test_trl_that_packs_rows_again_makes_one_document_of_a_row(row: CheckedRow, tmp_path: Path) -> None:
    settings = {"packing": True, "max_length": 2048, "dataset_kwargs": None}
    trainer = sft_trainer(tiny_llama(), dataset_of(row), tmp_path, **settings)
    batch = dict(next(iter(trainer.get_train_dataloader())))
    assert batch["cu_seq_lens_q"].tolist() == [0, len(row.column("input_ids"))]
    assert len(row.lengths) > 1
    assert abs(loss_of(trainer, batch) - reference(row)) > 100 * SAME


def test_trl_refuses_a_max_length_beside_padding_free(row: CheckedRow, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="`max_length` is not enforced"):
        sft_trainer(tiny_llama(), dataset_of(row), tmp_path, max_length=1024)


def with_labels(row: CheckedRow, labels: Any) -> CheckedRow:
    """The row with other labels."""
    place = row.columns.column_names.index("labels")
    column = pa.array([labels.tolist()], row.columns.schema.field("labels").type)
    return CheckedRow(row.place, row.columns.set_column(place, row.columns.schema.field("labels"), column), row.lengths)


def test_labels_on_first_tokens_change_the_loss_of_the_plain_trainer_alone(row: CheckedRow, tmp_path: Path) -> None:
    labels, ids = row.column("labels").copy(), row.column("input_ids")
    starts = np.cumsum(row.lengths) - row.lengths
    labels[starts] = ids[starts]
    assert (targets(labels, row.lengths) == row.column("labels")).all()
    wrong = with_labels(row, labels)
    assert abs(losses(plain_trainer, [wrong], tmp_path)[0] - reference(row)) > 100 * SAME
    assert losses(sft_trainer, [wrong], tmp_path)[0] == pytest.approx(reference(row), rel=SAME)
