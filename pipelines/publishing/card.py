"""The dataset card: what is in a dataset, how to load it and train on it, and where it comes from."""

from collections.abc import Iterator, Sequence

from ...schemas.manifest import ComponentAccount, Manifest, StageRecord
from ...schemas.quantity import format_length
from ...schemas.stage import Stage
from .licenses import components_of_corpora, license_of
from .lines import ANYWHERE, loading, training
from .metadata import card_metadata, metadata_yaml

PICTURES = {
    "lengths.png": "Documents by length",
    "depth.png": "Evidence by length and depth",
    "mixture.png": "Tokens by component",
}
"""Pictures of a report that a card shows, with their captions."""


def dataset_card(
    manifest: Manifest, earlier: Sequence[Manifest] = (), source: str | None = None, report: Sequence[str] = ()
) -> str:
    """README.md of a finished dataset: a function of its arguments alone.

    earlier: builds whose files are listed with it, oldest first; all have its configs.
    source: what `load_dataset` takes for it, by default the Hub dataset that its recipe names.
    report: paths of the files of a report that lies beside it.
    """
    source = source or manifest.recipe.push or ANYWHERE
    lines = [
        f"# {manifest.recipe.name}",
        "",
        *(line for stage, record in manifest.pairs() for line in _about_stage(manifest, stage, record)),
        *_about_earlier(manifest, earlier),
        f"Tokenizer: `{manifest.tokenizer.source}`, sha256 `{manifest.tokenizer.sha256}`.",
        "",
        *_pictures(report),
        *_columns(manifest),
        *loading(manifest, source),
        *training(manifest, source),
        *_provenance(manifest),
        *_limits(manifest),
    ]
    return metadata_yaml(card_metadata([*earlier, manifest])) + "\n" + "\n".join(lines)


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


def _about_earlier(manifest: Manifest, earlier: Sequence[Manifest]) -> list[str]:
    """A table of the builds that are listed together, where there are several."""
    if not earlier:
        return []
    lines = [
        "These figures are of the newest build; configs hold the rows of all that are listed here.",
        "",
        "| build | documents | rows | tokens |",
        "|---|" + "---:|" * 3,
    ]
    for build in (*earlier, manifest):
        counts = " | ".join(f"{build.total(name):,}" for name in ("documents", "rows", "tokens"))
        lines.append(f"| `{build.fingerprint[:12]}` | {counts} |")
    return [*lines, ""]


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


def _mixture(stage: Stage, record: StageRecord) -> Iterator[str]:
    """Tables of what was made of each task and drawn of each corpus."""
    if record.tasks:
        yield from ("| task | samples | tokens | share | wanted | length |", "|---|" + "---:|" * 4 + "---|")
        lengths = {task.name: str(task.length) for task in stage.tasks}
        for task in record.tasks:
            shares = f"{task.share:.2%} | {task.wanted_share:.2%}"
            yield f"| {task.name} | {task.samples:,} | {task.tokens:,} | {shares} | {lengths[task.name]} |"
        yield ""
    if record.corpora:
        yield "| corpus | tokens in it | used | unused | left out | repeated | share | wanted |"
        yield "|---|" + "---:|" * 7
        yield from map(_corpus_line, record.corpora)
        yield ""


def _corpus_line(account: ComponentAccount) -> str:
    sums = {name: sum(getattr(bucket, name) for bucket in account.buckets) for name in ("tokens", "used", "unused")}
    left_out = sum(sum(bucket.dropped.values()) for bucket in account.buckets)
    repeated = sum(bucket.drawn - bucket.used for bucket in account.buckets)
    counts = " | ".join(f"{count:,}" for count in (*sums.values(), left_out, repeated))
    return f"| {account.name} | {counts} | {account.share:.2%} | {account.wanted_share:.2%} |"


def _pictures(report: Sequence[str]) -> list[str]:
    """The pictures of a report, and where the page is."""
    shown = [f"![{caption}](report/{name})" for name, caption in PICTURES.items() if f"report/{name}" in report]
    page = ["[The whole report](report/index.html), one page to download and open."] * ("report/index.html" in report)
    found = [*shown, *page]
    return ["## Pictures", "", *(line for one in found for line in (one, ""))] if found else []


def _columns(manifest: Manifest) -> list[str]:
    return [
        "## Columns",
        "",
        "`input_ids`, `labels` (unshifted, -100 off the loss and on every document's first token; left out where all "
        "others are in the loss), `position_ids` (restart at 0 at every document), `seq_lengths` (of the documents in "
        "the row). There is no padding, and no `attention_mask`: an all-ones mask would let documents see each other.",
        "",
        *(f"`{stage.name}-docs` has a record for each document: {_records(stage)}." for stage, _ in manifest.pairs()),
        "",
    ]


def _records(stage: Stage) -> str:
    of_samples = "its answers, the token spans of answers and evidence, its depth and all facts"
    of_corpora = "which document of which corpus it is, where in it it begins, and how often it came before"
    about = [*([of_samples] if stage.tasks else []), *([of_corpora] if stage.corpora else [])]
    return f"where it lies, {'; of corpora, '.join(about)}"


def _provenance(manifest: Manifest) -> list[str]:
    """What made it, and where texts come from, with their licences."""
    corpora = list(components_of_corpora(manifest))
    lines = [
        "## Provenance",
        "",
        f"Made by lcdata {manifest.lcdata}, fingerprint `{manifest.fingerprint}`. `recipe.yaml` makes it again, byte "
        "for byte; `lcdata verify` checks every hash, row and mask of a downloaded folder and makes random documents "
        "again from `lcdata.json`; `lcdata check --for trl` runs rows through the trainer that is installed.",
        "",
    ]
    if corpora:
        lines += ["| corpus | licence | source |", "|---|---|---|"]
        lines += [
            f"| {corpus.name} | {corpus.license or 'not stated'} | {corpus.source_url or 'not stated'} |"
            for corpus in corpora
        ]
        lines.append("")
    if any(stage.tasks for stage in manifest.recipe.stages):
        lines += ["Samples of tasks are written by lcdata's own templates, apart from haystacks of your own.", ""]
    if license_of(manifest) is None:
        lines += ["The sources have several licences, or none that is stated: what may be done is theirs to say.", ""]
    return lines


def _limits(manifest: Manifest) -> list[str]:
    """What it is not good for."""
    tasks = any(stage.tasks for stage in manifest.recipe.stages)
    corpora = any(stage.corpora for stage in manifest.recipe.stages)
    return [
        "## Limits",
        "",
        *(["- Samples of tasks train retrieval and tracking over long contexts, in English and by templates."] * tasks),
        *(["- Texts of corpora are as their sources have them: nothing was filtered for truth or harm."] * corpora),
        "- Rows are tokens of one tokenizer; for another one the recipe has to be built again.",
        "",
    ]
