"""The dataset card: what the Hub reads and shows, and how to train on what is there."""

from typing import Any

import yaml

from ...schemas.manifest import ComponentAccount, Manifest, StageRecord
from ...schemas.quantity import format_length
from ...schemas.stage import Stage
from ...schemas.tables import row_schema

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
    first = manifest.stages[0].name
    lines = [
        "---",
        yaml.safe_dump(_front_matter(manifest), sort_keys=False).strip(),
        "---",
        "",
        f"# {manifest.recipe.name}",
        "",
        *(line for stage, record in manifest.pairs() for line in _about_stage(manifest, stage, record)),
        f"Tokenizer: `{manifest.tokenizer.source}`, sha256 `{manifest.tokenizer.sha256}`.",
        "",
        "## Columns",
        "",
        "`input_ids`, `labels` (unshifted, -100 off the loss and on every document's first token; left out where all "
        "others are in the loss), `position_ids` (restart at 0 at every document), `seq_lengths` (of the documents in "
        "the row). There is no padding, and no `attention_mask`: an all-ones mask would let documents see each other.",
        "",
        *(f"`{stage.name}-docs` has a record for each document: {_records(stage)}." for stage, _ in manifest.pairs()),
        "",
        "## Training",
        "",
        "```python",
        "from datasets import load_dataset",
        "from trl import SFTConfig, SFTTrainer",
        "",
        f'rows = load_dataset("{manifest.recipe.push or "PATH_OR_HUB_ID"}", "{first}", split="train")',
        "config = SFTConfig(padding_free=True, packing=False, max_length=None, per_device_train_batch_size=1,",
        '                   dataset_kwargs={"skip_prepare_dataset": True})',
        "SFTTrainer(model, args=config, train_dataset=rows).train()",
        "```",
        "",
        "`lcdata verify` checks every hash, row and mask, and makes random samples again from `lcdata.json`; "
        "`lcdata check --for trl` runs rows through the trainer that is installed and compares what it makes of them.",
        "",
    ]
    return "\n".join(lines)


def _about_stage(manifest: Manifest, stage: Stage, record: StageRecord) -> list[str]:
    heading = [f"## {stage.name}", ""] if len(manifest.stages) > 1 else []
    return [
        *heading,
        f"{_content(stage, record)} in {record.rows:,} rows of at most {format_length(stage.seq_length)}, "
        f"{record.tokens:,} tokens ({record.row_fill:.2%} of the rows). The loss is on {_loss(stage)}: "
        f"{record.loss_tokens:,} tokens.",
        "",
        *_mixture(stage, record),
        *(f"- {note}" for note in record.notes),
        *([""] if record.notes else []),
    ]


def _loss(stage: Stage) -> str:
    losses = {component.loss for component in stage.mix}
    if len(losses) == 1:
        return "the answers" if losses == {"answer"} else "all tokens"
    answers = ", ".join(f"`{component.name}`" for component in stage.mix if component.loss == "answer")
    return f"the answers of {answers} and all tokens of the others"


def _content(stage: Stage, record: StageRecord) -> str:
    if len(stage.mix) == 1 and stage.tasks:
        task = stage.tasks[0]
        return (
            f"{record.documents:,} samples of the task `{task.task}` of {task.length} tokens "
            f"({record.fill:.2%} of the length asked for)"
        )
    names = ", ".join(f"{account.name} ({account.share:.1%})" for account in (*record.tasks, *record.corpora))
    kind = "samples" if not stage.corpora else "documents and pieces of longer ones"
    return f"{record.documents:,} {kind} from {names}"


def _records(stage: Stage) -> str:
    of_samples = "its answers, the token spans of answers and evidence, its depth and all facts"
    of_corpora = "which document of which corpus it is, where in it it begins, and how often it came before"
    about = [*([of_samples] if stage.tasks else []), *([of_corpora] if stage.corpora else [])]
    return f"where it lies, {'; of corpora, '.join(about)}"


def _mixture(stage: Stage, record: StageRecord) -> list[str]:
    """Tables of what was made of each task and drawn of each corpus, where there are several."""
    lines: list[str] = []
    if record.tasks and len(stage.mix) > 1:
        lines += ["| task | samples | tokens | share | wanted |", "|---|" + "---:|" * 4]
        lines += [
            f"| {task.name} | {task.samples:,} | {task.tokens:,} | {task.share:.2%} | {task.wanted_share:.2%} |"
            for task in record.tasks
        ]
        lines.append("")
    if record.corpora:
        lines += [
            "| corpus | tokens in it | used | unused | left out | repeated | share | wanted |",
            "|---|" + "---:|" * 7,
        ]
        lines += [_corpus_line(account) for account in record.corpora]
        lines.append("")
    return lines


def _corpus_line(account: ComponentAccount) -> str:
    sums = {name: sum(getattr(bucket, name) for bucket in account.buckets) for name in ("tokens", "used", "unused")}
    left_out = sum(sum(bucket.dropped.values()) for bucket in account.buckets)
    repeated = sum(bucket.drawn - bucket.used for bucket in account.buckets)
    counts = " | ".join(f"{count:,}" for count in (*sums.values(), left_out, repeated))
    return f"| {account.name} | {counts} | {account.share:.2%} | {account.wanted_share:.2%} |"


def _tags(manifest: Manifest) -> list[str]:
    tasks = sorted({task.task for stage in manifest.recipe.stages for task in stage.tasks})
    packed = ["packed"] if any(stage.corpora for stage in manifest.recipe.stages) else []
    return ["long-context", *(["synthetic"] if tasks else []), *packed, "lcdata", *tasks]


def _front_matter(manifest: Manifest) -> dict[str, object]:
    has_corpora = any(stage.corpora for stage in manifest.recipe.stages)
    return {
        "license": "other" if has_corpora else "apache-2.0",
        **({} if has_corpora else {"language": ["en"]}),
        "task_categories": ["text-generation"],
        "tags": _tags(manifest),
        "size_categories": [_size_category(manifest.total("rows"))],
        "configs": [
            {
                "config_name": f"{stage.name}{suffix}",
                **({"default": True} if number == 0 and not suffix else {}),
                "data_files": [{"split": "train", "path": f"{folder}/{stage.name}/*.parquet"}],
            }
            for number, stage in enumerate(manifest.stages)
            for folder, suffix in (("data", ""), ("docs", "-docs"))
        ],
        "dataset_info": [_dataset_info(stage, record) for stage, record in manifest.pairs()],
    }


def _dataset_info(stage: Stage, record: StageRecord) -> dict[str, Any]:
    columns = row_schema(stage.with_labels).names
    num_bytes = 4 * ((len(columns) - 1) * record.tokens + record.documents)
    return {
        "config_name": stage.name,
        "features": [{"name": column, "list": "int32"} for column in columns],
        "splits": [{"name": "train", "num_bytes": num_bytes, "num_examples": record.rows}],
        "download_size": sum(shard.data.bytes for shard in record.shards),
        "dataset_size": num_bytes,
    }


def _size_category(rows: int) -> str:
    below = "n"
    for limit, word in _SIZES:
        if rows < limit:
            return f"n<{word}" if below == "n" else f"{below}<n<{word}"
        below = word
    return f"n>{below}"
