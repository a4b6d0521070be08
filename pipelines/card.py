"""The dataset card: what the Hub reads and shows, and how to train on what is there."""

import yaml

from ..schemas.manifest import Manifest
from ..schemas.quantity import format_length
from ..schemas.recipe import TaskSource
from ..schemas.tables import row_schema

_SIZES = (
    (10**3, "1K"),
    (10**4, "10K"),
    (10**5, "100K"),
    (10**6, "1M"),
    (10**7, "10M"),
    (10**8, "100M"),
    (10**9, "1B"),
)


def dataset_card(manifest: Manifest) -> str:
    """README.md of a finished dataset."""
    recipe = manifest.recipe
    loss = "the answers" if recipe.source.loss == "answer" else "all tokens"
    lines = [
        "---",
        yaml.safe_dump(_front_matter(manifest), sort_keys=False).strip(),
        "---",
        "",
        f"# {recipe.name}",
        "",
        f"{_content(manifest)} in {manifest.rows:,} rows of at most {format_length(recipe.seq_length)}, "
        f"{manifest.tokens:,} tokens ({manifest.row_fill:.2%} of the rows). The loss is on {loss}: "
        f"{manifest.loss_tokens:,} tokens.",
        "",
        *_mixture(manifest),
        f"Tokenizer: `{manifest.tokenizer.source}`, sha256 `{manifest.tokenizer.sha256}`.",
        "",
        "## Columns",
        "",
        "`input_ids`, `labels` (unshifted, -100 off the loss and on every document's first token), `position_ids` "
        "(restart at 0 at every document), `seq_lengths` (of the documents in the row). There is no padding, and no "
        "`attention_mask`: an all-ones mask would let documents see each other.",
        "",
        f"`{recipe.name}-docs` has a record for each document: {_records(manifest)}.",
        "",
        "## Training",
        "",
        "```python",
        "from datasets import load_dataset",
        "from trl import SFTConfig, SFTTrainer",
        "",
        f'rows = load_dataset("PATH_OR_HUB_ID", "{recipe.name}", split="train")',
        "config = SFTConfig(padding_free=True, packing=False, max_length=None, per_device_train_batch_size=1,",
        '                   dataset_kwargs={"skip_prepare_dataset": True})',
        "SFTTrainer(model, args=config, train_dataset=rows).train()",
        "```",
        "",
        "`lcdata verify` checks every hash, row and mask, and makes random samples again from `lcdata.json`.",
        "",
    ]
    return "\n".join(lines)


def _content(manifest: Manifest) -> str:
    source = manifest.recipe.source
    if isinstance(source, TaskSource):
        return (
            f"{manifest.documents:,} samples of the task `{source.task}` of {source.length} tokens "
            f"({manifest.fill:.2%} of the length asked for)"
        )
    names = ", ".join(f"{account.name} ({account.share:.1%})" for account in manifest.accounts)
    return f"{manifest.documents:,} documents and pieces of longer ones from {names}"


def _records(manifest: Manifest) -> str:
    if manifest.accounts:
        return (
            "where it lies, which document of which corpus it is, where in it it begins, and how often it came before"
        )
    return "where it lies, its answers, the token spans of answers and evidence, its depth and all facts"


def _mixture(manifest: Manifest) -> list[str]:
    """A table of what was drawn of each component."""
    if not manifest.accounts:
        return []
    lines = [
        "| component | tokens in the corpus | used | unused | left out | repeated | share |",
        "|---|" + "---:|" * 6,
    ]
    for account in manifest.accounts:
        sums = {name: sum(getattr(bucket, name) for bucket in account.buckets) for name in ("tokens", "used", "unused")}
        left_out = sum(sum(bucket.dropped.values()) for bucket in account.buckets)
        repeated = sum(bucket.drawn - bucket.used for bucket in account.buckets)
        counts = " | ".join(f"{count:,}" for count in (*sums.values(), left_out, repeated))
        lines.append(f"| {account.name} | {counts} | {account.share:.2%} |")
    return [*lines, "", *(f"- {note}" for note in manifest.notes), *([""] if manifest.notes else [])]


def _tags(manifest: Manifest) -> list[str]:
    source = manifest.recipe.source
    own = ["synthetic", "lcdata", source.task] if isinstance(source, TaskSource) else ["packed", "lcdata"]
    return ["long-context", *own]


def _front_matter(manifest: Manifest) -> dict[str, object]:
    name, columns = manifest.recipe.name, row_schema(manifest.recipe.with_labels).names
    data_bytes = sum(shard.data.bytes for shard in manifest.shards)
    return {
        "license": "other" if manifest.accounts else "apache-2.0",
        **({} if manifest.accounts else {"language": ["en"]}),
        "task_categories": ["text-generation"],
        "tags": _tags(manifest),
        "size_categories": [_size_category(manifest.rows)],
        "configs": [
            {
                "config_name": name,
                "default": True,
                "data_files": [{"split": "train", "path": f"data/{name}/*.parquet"}],
            },
            {
                "config_name": f"{name}-docs",
                "data_files": [{"split": "train", "path": f"docs/{name}/*.parquet"}],
            },
        ],
        "dataset_info": [
            {
                "config_name": name,
                "features": [{"name": column, "list": "int32"} for column in columns],
                "splits": [
                    {
                        "name": "train",
                        "num_bytes": 4 * ((len(columns) - 1) * manifest.tokens + manifest.documents),
                        "num_examples": manifest.rows,
                    }
                ],
                "download_size": data_bytes,
                "dataset_size": 4 * ((len(columns) - 1) * manifest.tokens + manifest.documents),
            }
        ],
    }


def _size_category(rows: int) -> str:
    below = "n"
    for limit, word in _SIZES:
        if rows < limit:
            return f"n<{word}" if below == "n" else f"{below}<n<{word}"
        below = word
    return f"n>{below}"
