"""The lines of a dataset card that somebody copies: how to load it, and how to train on it with the mask kept."""

from collections.abc import Sequence

from ...schemas.manifest import Manifest
from ...schemas.quantity import format_length
from ...schemas.stage import Stage

ANYWHERE = "PATH_OR_HUB_ID"
"""What stands for the dataset's place where nobody knows it yet."""


def loading(manifest: Manifest, source: str) -> list[str]:
    """How `datasets`, DuckDB and Polars read it."""
    first, split = manifest.stages[0].name, manifest.recipe.stages[0].split
    return [
        "## Loading",
        "",
        "```python",
        "from datasets import load_dataset",
        "",
        f'rows = load_dataset("{source}", "{first}", split="{split}", streaming=True)',
        f'documents = load_dataset("{source}", "{first}-docs", split="{split}", streaming=True)',
        "```",
        "",
        "Leave `streaming=True` out to have all of it on disk. `lcdata.open_dataset` and `lcdata.PackedDataset` read a "
        "downloaded folder: `huggingface_hub.snapshot_download`.",
        "",
    ]


def training(manifest: Manifest, source: str) -> list[str]:
    """How trainers take the rows so that no document sees another."""
    first, stages = manifest.stages[0].name, manifest.recipe.stages
    split = stages[0].split
    return [
        "## Training",
        "",
        "TRL, where `padding_free=True` keeps documents apart and `packing=True` would join them:",
        "",
        "```python",
        "from datasets import load_dataset",
        "from trl import SFTConfig, SFTTrainer",
        "",
        f'rows = load_dataset("{source}", "{first}", split="{split}")',
        "config = SFTConfig(padding_free=True, packing=False, max_length=None, per_device_train_batch_size=1,",
        '                   dataset_kwargs={"skip_prepare_dataset": True})',
        "SFTTrainer(model, args=config, train_dataset=rows).train()",
        "```",
        "",
        *(_transformers(source, first, split) if stages[0].with_labels else []),
        *_hints(manifest, stages),
        "",
    ]


def _transformers(source: str, config: str, split: str) -> list[str]:
    return [
        "The plain Trainer of `transformers`, where documents are told apart by `position_ids`:",
        "",
        "```python",
        "from datasets import load_dataset",
        "from transformers import Trainer, TrainingArguments, default_data_collator",
        "",
        f'rows = load_dataset("{source}", "{config}", split="{split}")',
        'arguments = TrainingArguments(output_dir="out", per_device_train_batch_size=1)',
        "Trainer(model, args=arguments, train_dataset=rows, data_collator=default_data_collator).train()",
        "```",
        "",
    ]


def _hints(manifest: Manifest, stages: Sequence[Stage]) -> list[str]:
    """What a trainer has to know besides."""
    longest = max(stage.seq_length for stage in stages)
    curriculum = " → ".join(f"`{stage.name}` ({format_length(stage.seq_length)})" for stage in stages)
    parallel = [
        f"{stage.seq_length:,} = {_halves(stage.seq_length)}" for stage in {s.seq_length: s for s in stages}.values()
    ]
    return [
        f"- Positions go up to {longest - 1:,}: the model's `max_position_embeddings` and RoPE base must be made for "
        f"{format_length(longest)}.",
        *([f"- Stages, in the order of training: {curriculum}."] if len(stages) > 1 else []),
        f"- Rows are not padded. Context parallelism splits a row in 2 × its ranks: pad rows to {', '.join(parallel)}, "
        "as a document of its own with labels of -100.",
        f"- Attention in a row costs the sum of its documents' squared `length`, in `{stages[0].name}-docs` by `shard` "
        "and `row`; full rows differ. `lcdata.row_costs` and `deal_rows` share them out evenly.",
        f"- Token ids go below {manifest.tokenizer.vocab_size:,}: they mean nothing to a model of another tokenizer.",
    ]


def _halves(length: int) -> str:
    """A length as a power of two and what is left: 131072 is `2^17`, 96000 is `2^8 × 375`."""
    power = (length & -length).bit_length() - 1
    rest = length >> power
    return f"2^{power}" if rest == 1 else f"2^{power} × {rest}"
