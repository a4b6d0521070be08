"""What commands print: tables for people, JSON for machines, both on stdout."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import humanize
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from ...generators.description import Description
from ...generators.registry import build_task, settings_schema, tasks
from ...schemas.manifest import Manifest, StageRecord, TaskAccount
from ...schemas.quantity import format_length
from ...schemas.recipe import Recipe
from ...schemas.stage import Stage
from ..making.show import as_record, marked_text
from .progress import emit

if TYPE_CHECKING:  # a command loads its own pipeline alone
    from ..doctor import Finding
    from ..exporting.rows import ExportedRows
    from ..exporting.samples import Exported
    from ..making.samples import Made
    from ..planning.estimate import Estimate
    from ..planning.plan import Plan, StagePlan
    from ..proving.inspect import Inspection
    from ..proving.verify import Verdict
    from ..scoring.score import Group, Score

console = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 120)


def print_plan(plan: Plan, estimate: Estimate | None, as_json: bool) -> None:
    """What a build would make, and how long it would take where that is known."""
    if as_json:
        size = {} if estimate is None else {"bytes": estimate.bytes, "seconds": round(estimate.seconds, 1)}
        emit(
            "plan",
            name=plan.recipe.name,
            stages=[
                {
                    **one.facts,
                    "tasks": [task.model_dump(mode="json", exclude={"rates"}) for task in one.task_accounts],
                    "corpora": [account.model_dump(mode="json") for account in one.accounts],
                }
                for one in plan.stages
            ],
            shards=plan.num_shards,
            tokens=plan.num_tokens,
            **size,
            workers=None if estimate is None else estimate.workers,
        )
        return
    for one in plan.stages:
        _print_stage_plan(one)
    if estimate is not None:
        cores = f"{estimate.workers or 1} {'core' if estimate.workers < 2 else 'cores'}"
        pairs(
            {
                "size": f"about {humanize.naturalsize(estimate.bytes)}",
                "time": f"about {humanize.precisedelta(max(1, round(estimate.seconds)))} on {cores}",
            }
        )
    for note in plan.notes:
        console.print(f"[yellow]note[/yellow]  {note}")


def _print_stage_plan(plan: StagePlan) -> None:
    stage = plan.stage
    rows = f"{plan.num_rows:,} of at most {format_length(stage.seq_length)} in {plan.num_shards} shards"
    of_rows = f"{plan.num_tokens / (plan.num_rows * stage.seq_length):.3%} of the rows"
    if len(stage.mix) == 1 and plan.corpora is None:
        lengths = ", ".join(f"{length:,}" for length in stage.tasks[0].length.values)
        samples = f"{plan.num_samples:,} of {stage.tasks[0].length} ({lengths} tokens)"
        pairs({"dataset": stage.name, "samples": samples, "rows": rows, "tokens": f"{plan.num_tokens:,}, {of_rows}"})
        return
    console.rule(stage.name, align="left")
    print_tasks_made(plan.task_accounts)
    if plan.corpora is not None:
        from .corpus_printing import print_drawn

        print_drawn(plan.accounts, plan.num_shared)
    strategy = {} if plan.corpora is None else {"strategy": plan.corpora.strategy}
    pairs({"rows": rows, "tokens": f"{plan.num_tokens:,} with BOS and EOS, {of_rows}", **strategy})


def print_result(manifest: Manifest, out: Path, tokens_per_second: float | None, as_json: bool) -> None:
    """What a build made; speed is None where there was nothing to do."""
    if as_json:
        emit(
            "done",
            out=str(out),
            built=tokens_per_second is not None,
            tokens_per_second=None if tokens_per_second is None else round(tokens_per_second),
            fingerprint=manifest.fingerprint,
            **{name: manifest.total(name) for name in _TOTALS},
            stages=[
                {
                    **stage.model_dump(mode="json", include={"name", *_TOTALS, "fill", "row_fill", "notes"}),
                    "shares": {one.name: one.share for one in (*stage.tasks, *stage.corpora)},
                }
                for stage in manifest.stages
            ],
        )
        return
    if tokens_per_second is None:
        console.print(f"{out} is finished already, nothing to do")
    print_stages(manifest)
    pairs(
        {
            **({} if tokens_per_second is None else {"speed": f"{humanize.intword(tokens_per_second)} tokens/s"}),
            "next": " · ".join([f"lcdata inspect {out}", f"lcdata verify {out}", *_upload(manifest, out)]),
        }
    )


def _upload(manifest: Manifest, out: Path) -> list[str]:
    """The Hub client's own command, where the recipe says what the dataset is called there."""
    push = manifest.recipe.push
    return [] if push is None else [f"hf upload {push} {out} --repo-type dataset"]


_TOTALS = ("rows", "documents", "tokens", "loss_tokens", "encodings", "audited")


def print_stages(manifest: Manifest) -> None:
    """What every stage came to."""
    for stage, record in manifest.pairs():
        if len(manifest.stages) > 1:
            console.rule(stage.name, align="left")
        pairs(_summary(manifest, stage, record))
        print_mixture(stage, record)


def _summary(manifest: Manifest, stage: Stage, record: StageRecord) -> dict[str, str]:
    size = sum(shard.data.bytes + shard.docs.bytes for shard in record.shards)
    return {
        **_documents(stage, record),
        "tokens": f"{record.tokens:,}, {record.loss_tokens:,} in the loss ({record.loss_tokens / record.tokens:.3%})",
        "fill": _fill(record),
        **_repetition(record),
        "size": f"{humanize.naturalsize(size)} in {len(record.shards)} shards, "
        f"{8 * size / record.tokens:.2f} bits/token",
        "tokenizer": _tokenizer(manifest, record),
    }


def _documents(stage: Stage, record: StageRecord) -> dict[str, str]:
    rows = f"in {record.rows:,} rows of at most {format_length(stage.seq_length)}"
    if stage.corpora:
        return {"documents": f"{record.documents:,} {rows}, long ones in pieces"}
    of_length = f" of {stage.tasks[0].length}" if len(stage.mix) == 1 else ""
    return {"samples": f"{record.documents:,}{of_length} {rows}"}


def _fill(record: StageRecord) -> str:
    of_rows = f"{record.row_fill:.3%} of the rows"
    return of_rows if record.corpora else f"{record.fill:.3%} of the length asked for, {of_rows}"


def _tokenizer(manifest: Manifest, record: StageRecord) -> str:
    if not record.tasks:
        return f"{manifest.tokenizer.source}, when the corpora were ingested"
    samples = sum(task.samples for task in record.tasks)
    encodings = f"{record.encodings / samples:.2f} encodings a sample"
    return f"{manifest.tokenizer.source} by {manifest.engine}, {encodings}, {record.audited:,} samples audited"


def _repetition(record: StageRecord) -> dict[str, str]:
    if record.repeated_chars == 0:
        return {}
    return {"repeats": f"{record.repeated_chars:,} characters stand twice in a document: the corpus is short"}


def print_sample(made: Made, recipe: Recipe, full: bool, as_json: bool) -> None:
    """One sample with its evidence and answers in brackets."""
    if as_json:
        print(json.dumps(as_record(made), ensure_ascii=False))
        return
    document = made.document
    console.print(marked_text(made.sample, full))
    console.rule(style="dim")
    pairs(
        {
            "sample": f"{document.source} {document.sample}, seed {recipe.seed}, template {document.template}",
            "tokens": f"{len(document.ids):,}: {document.prompt_length:,} before the answer, "
            f"{len(document.ids) - document.prompt_length} from there on",
            **_where(document.answers, document.answer_spans, document.evidence_spans, document.depth),
            "facts": json.dumps(document.facts),
        }
    )


def _where(answers: Iterable[str], answer_spans: Any, evidence_spans: Any, depth: Iterable[float]) -> dict[str, str]:
    return {
        "answers": ", ".join(
            f"{answer!r} at tokens {start}–{end}" for answer, (start, end) in zip(answers, answer_spans, strict=True)
        ),
        "evidence": ", ".join(
            f"tokens {start:,}–{end:,} at depth {at:.3f}"
            for (start, end), at in zip(evidence_spans, depth, strict=True)
        )
        or "in no single place",
    }


def print_tasks(as_json: bool) -> None:
    """All tasks, a line each."""
    if as_json:
        print(json.dumps({name: settings_schema(name) for name in tasks()}))
        return
    pairs({name: Description.of(name).summary for name in tasks()})
    console.print("\nSettings of one: lcdata tasks NAME. A sample: lcdata show NAME.", style="dim")


def print_task(name: str, as_json: bool) -> None:
    """One task's settings."""
    if as_json:
        print(json.dumps(settings_schema(name)))
        return
    task = Description.of(name)
    console.print(f"[bold]{name}[/bold]: {task.summary}\n{task.about}\n")
    console.print(f"{len(task.wordings)} wordings: {', '.join(task.wordings)}\n")
    for preset, settings in task.presets.items():
        chosen = " ".join(f"{key}={value}" for key, value in settings.items())
        console.print(f"[dim]--preset[/dim] {preset:<12} {chosen}")
    if task.presets:
        console.print()
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("setting", "default", "range", "meaning"):
        table.add_column(heading)
    for setting in task.settings:
        table.add_row(setting.name, setting.default, setting.range, setting.meaning)
    Console(highlight=False).print(table)


def print_templates(name: str, as_json: bool) -> None:
    """A task's wordings as YAML, which `--templates` takes back."""
    import yaml

    wordings = [asdict(template) for template in build_task(name, {}).templates]  # pyright: ignore[reportArgumentType]
    if as_json:
        print(json.dumps(wordings, ensure_ascii=False))
    else:
        plain = json.loads(json.dumps(wordings))
        print(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=1000), end="")


def print_inspection(inspections: Sequence[Inspection], folder: Path, as_json: bool) -> None:
    """What a dataset holds."""
    manifest = inspections[0].manifest
    if as_json:
        content = manifest.model_dump(mode="json", exclude={"files": True, "stages": {"__all__": {"shards"}}})
        for stage, inspection in zip(content["stages"], inspections, strict=True):
            stage["lengths"] = [asdict(bucket) for bucket in inspection.buckets]
            stage["sample"] = inspection.record
        print(json.dumps(content))
        return
    pairs({"dataset": f"{folder} ({manifest.recipe.name}), seed {manifest.recipe.seed}"})
    for (stage, record), inspection in zip(manifest.pairs(), inspections, strict=True):
        if len(inspections) > 1:
            console.rule(stage.name, align="left")
        pairs(_summary(manifest, stage, record))
        print_mixture(stage, record)
        _print_lengths(inspection)
        _print_first(inspection)


def _print_lengths(inspection: Inspection) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("tokens a document", "documents", "tokens", "share"):
        table.add_column(heading, justify="right")
    for bucket in inspection.buckets:
        share = f"{bucket.tokens / inspection.stage.tokens:.1%}"
        table.add_row(f"{bucket.low:,}..{bucket.high - 1:,}", f"{bucket.documents:,}", f"{bucket.tokens:,}", share)
    console.print(table)


def _print_first(inspection: Inspection) -> None:
    """The first document of a stage."""
    record = inspection.record
    of_task = record["sample"] is not None
    sample = f": {record['source']} sample {record['sample']}" if of_task else ""
    console.rule(f"shard 0, row 0, document 0{sample}", style="dim")
    if inspection.sample is None:
        console.print(f"(no text: {inspection.no_sample_because})", style="dim")
    else:
        console.print(marked_text(inspection.sample))
        console.rule(style="dim")
    spans = {
        name: [(span["start"], span["end"]) for span in record[name]] for name in ("answer_spans", "evidence_spans")
    }
    if of_task:
        pairs(_where(record["answers"], spans["answer_spans"], spans["evidence_spans"], record["depth"]))
    else:
        pairs({"document": f"{record['source']}: {record['source_id']} from token {record['source_offset']:,} on"})


def print_mixture(stage: Stage, record: StageRecord) -> None:
    """What was made of which task and drawn of which corpus, where there are several."""
    if len(stage.mix) > 1:
        print_tasks_made(record.tasks)
    if record.corpora:
        from .corpus_printing import print_accounts

        print_accounts(record.corpora)


def print_tasks_made(accounts: Sequence[TaskAccount]) -> None:
    """Samples, tokens and share of each task."""
    if not accounts:
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    for heading in ("samples", "tokens", "wanted", "share"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in accounts:
        shares = f"{one.wanted_share:.2%}", f"{one.share:.2%}"
        table.add_row(escape(one.name), f"{one.samples:,}", f"{one.tokens:,}", *shares)
    console.print(table)


def print_verdict(verdict: Verdict, folder: Path, as_json: bool) -> None:
    """Whether a dataset holds what it promises."""
    if as_json:
        emit("verdict", holds=verdict.holds, **asdict(verdict))
        return
    for problem in verdict.problems:
        console.print(f"[red]broken[/red]  {problem}")
    checked = f"{verdict.rows:,} rows, {verdict.documents:,} documents, {verdict.tokens:,} tokens"
    if verdict.holds:
        console.print(f"{folder} holds: {checked} checked, {verdict.regenerated} samples made again")
    else:
        console.print(f"{folder} does not hold: {len(verdict.problems)} problems; {checked} checked")


def print_findings(findings: Iterable[Finding], as_json: bool) -> bool:
    """What the doctor found; whether all of it holds."""
    found = list(findings)
    if as_json:
        print(json.dumps([asdict(finding) for finding in found]))
    else:
        for finding in found:
            mark = "[green]ok  [/green]" if finding.holds else "[red]FAIL[/red]"
            console.print(f"{mark} {finding.subject:<10} {finding.detail}")
    return all(finding.holds for finding in found)


@contextlib.contextmanager
def export_progress(unit: str) -> Generator[Callable[[int, int], None]]:
    """What to call with the number done and the number of all: a bar on stderr, nothing where that is no terminal."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(unit)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def print_exported(exported: Exported, to: str, as_json: bool) -> None:
    """What was written; for people on stderr, since the samples may go to stdout."""
    if as_json:
        emit("exported", **(asdict(exported) | {"path": str(exported.path), "to": to}))
        return
    Console(stderr=True, soft_wrap=True, highlight=False).print(
        f"{exported.name}: {exported.samples:,} samples, {exported.tokens:,} tokens, "
        f"{humanize.naturalsize(exported.bytes)} as {to}",
        markup=False,
    )


def print_exported_rows(exported: ExportedRows, to: str, as_json: bool) -> None:
    """What was written of each config, and what its reader leaves unread."""
    if as_json:
        emit("exported", **(asdict(exported) | {"path": str(exported.path), "to": to}))
        return
    size = humanize.naturalsize(exported.bytes)
    console.print(f"{exported.path}: {size} as {to}, settings beside each folder", markup=False)
    for name, counts in exported.configs.items():
        loss = f"{counts.loss_tokens:,} in the loss"
        line = f"{name}: {counts.rows:,} rows, {counts.documents:,} documents, {counts.tokens:,} tokens, {loss}"
        console.print(line, markup=False)
    for note in exported.notes:
        console.print(f"note: {note}", markup=False)


def print_score(score: Score, plot: Path | None, as_json: bool) -> None:
    """The measures of all samples and of each group."""
    if as_json:
        for group in score.groups:
            emit("group", **asdict(group))
        overall = {"n": score.overall.n, **score.overall.measures, "intervals": score.overall.intervals}
        emit("score", match=score.match, **overall, missing=score.missing, plot=plot and str(plot))
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("", "", "n"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for measure in score.overall.measures:
        table.add_column(measure, justify="right", no_wrap=True)
    by = ""
    for group in (score.overall, *score.groups):
        table.add_row("" if group.by == by else group.by, *_measured(group, list(score.overall.measures)))
        by = group.by
    console.print(table)
    if score.missing:
        some = ", ".join(map(str, score.missing[:8])) + (", …" if len(score.missing) > 8 else "")
        console.print(f"{len(score.missing):,} samples have no prediction and count as wrong: {some}")
    if plot is not None:
        console.print(f"drawn: {plot}", markup=False)


def _measured(group: Group, measures: Iterable[str]) -> Iterator[str]:
    yield "" if group.by == "all" else group.name
    yield f"{group.n:,}"
    for measure in measures:
        value, interval = group.measures.get(measure), group.intervals.get(measure)
        between = f" ({interval[0]:.3f}–{interval[1]:.3f})" if interval else ""
        yield "" if value is None else f"{value:.3f}{between}"


def pairs(values: dict[str, str]) -> None:
    """Names and values, a line each."""
    width = max(map(len, values))
    for name, value in values.items():
        console.print(f"[dim]{name:<{width}}[/dim]  ", end="")
        console.print(value, markup=False)
