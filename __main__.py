"""The command line: each command reads its options, calls one pipeline function and prints what came back."""

import json
import os
import shlex
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

import click

from . import __version__
from .pipelines.commands.interrupts import Terminated, hear_interrupts, hear_no_more
from .schemas.errors import LcdataError, UsageError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "LCDATA"})
@click.version_option(__version__, prog_name="lcdata")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def cli(debug: bool) -> None:
    """Long-context training data: exact in length and tokens, document-masked, reproducible."""


def _recipe_options(command: Any) -> Any:
    """The options that say what samples are made of."""
    options = [
        click.option("--tokenizer", default="embedded", show_default=True, help="A file, a folder or a Hub id."),
        click.option("--bos", help="Token before every document; `none` for nothing. [default: the tokenizer's]"),
        click.option("--eos", help="Token after every document. [default: the tokenizer's]"),
        click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True),
        click.option("--preset", help="Settings that a benchmark uses, see `lcdata tasks NAME`; --set changes them."),
        click.option(
            "--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of the task; repeatable."
        ),
        click.option("--haystack", metavar="PATH", help="A corpus to hide needles in: a file or a folder."),
        click.option("--template", multiple=True, metavar="ID", help="Use only this wording; repeatable."),
        click.option(
            "--templates",
            type=click.Path(path_type=Path),
            help="Wordings of your own in YAML, see `lcdata tasks NAME --templates`.",
        ),
        click.option(
            "--format",
            "layout",
            type=click.Choice(["plain", "chat"]),
            default="plain",
            show_default=True,
            help="Chat: one turn each, in the tokenizer's chat template.",
        ),
        click.option("--chat-template", help="A Jinja file. [default: the tokenizer's]"),
        click.option(
            "--engine",
            type=click.Choice(["fastokens", "tokenizers"]),
            help="What encodes. [default: fastokens]",
        ),
        click.option("--json", "as_json", is_flag=True, help="For machines, on stdout."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


_OF_TASKS = {
    *("n", "preset", "settings", "haystack", "template", "templates", "layout", "chat_template", "seq_length"),
    *("bos", "eos", "engine", "loss"),
}
_OF_CORPORA = {
    *("tokens", "upsample", "long_from", "short_keep", "bucket_weights", "max_repeats", "best_effort"),
    "long_documents",
    "packing",
}


def _refuse(names: set[str], of: str) -> None:
    """Raise UsageError where a flag was written that means nothing here."""
    context = click.get_current_context()
    for option in context.command.params:
        written = context.get_parameter_source(option.name or "") is click.core.ParameterSource.COMMANDLINE
        if option.name in names and written:
            raise UsageError(f"{option.opts[0]} is for {of}: leave it out")


@cli.command()
@click.option("--task", help="Make samples of this task, see `lcdata tasks`.")
@click.option("--corpus", "corpora", multiple=True, metavar="PATH[=SHARE]", help="Draw documents of it; repeatable.")
@click.option(
    "--length", required=True, help="Tokens of a sample: 128k, 4k,32k,128k in turn, or 4k..128k; or of a row."
)
@click.option("--n", help="Samples: 1000, 1e5, 10k.")
@click.option("--tokens", help="Tokens of documents to draw: 200M, 5B.")
@click.option(
    "--upsample",
    type=click.Choice(["natural", "per-source", "global", "long-only", "weights"]),
    help="Which documents are preferred. [default: natural]",
)
@click.option("--long-from", help="Tokens from which a document is long. [default: 4k; a row's for long-only]")
@click.option("--short-keep", type=click.FloatRange(0, 1), help="What a short document counts for. [default: 0.1]")
@click.option(
    "--bucket-weight", "bucket_weights", multiple=True, metavar="FROM=SHARE", help="For weights: 0=0.2, 64k=0.8."
)
@click.option("--max-repeats", type=click.IntRange(1), help="How often a document may be drawn. [default: as needed]")
@click.option("--best-effort", is_flag=True, help="Take the nearest mixture where the one asked for cannot be had.")
@click.option(
    "--long-documents",
    type=click.Choice(["split", "truncate", "drop"]),
    help="What becomes of documents longer than a row. [default: split]",
)
@click.option(
    "--packing",
    type=click.Choice(["best-fit", "concat"]),
    help="Whole documents where they leave the least room, or one after another and cut. [default: best-fit]",
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder to make. [default: the dataset's name]")
@click.option("--name", help="Name of the dataset. [default: task or corpora, and length]")
@_recipe_options
@click.option("--loss", type=click.Choice(["answer", "all"]), help="What is trained on. [default: a task's answers]")
@click.option("--labels", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
@click.option("--seq-length", help="Tokens of a row; shorter samples share it. [default: the longest sample]")
@click.option("--shard-rows", help="Rows of a data file. [default: what makes files of 200 to 500 MB]")
@click.option("--cdc", is_flag=True, help="Content-defined chunks, for datasets that are pushed again and again.")
@click.option("--workers", type=click.IntRange(0), help="Processes; 0 for this one. [default: by the size of the work]")
@click.option("--address", help="A Ray cluster to run on.")
@click.option("--dry-run", is_flag=True, help="Say what would be made, and how long it would take.")
def gen(
    task: str | None,
    corpora: tuple[str, ...],
    out: Path | None,
    workers: int | None,
    address: str | None,
    engine: str | None,
    dry_run: bool,
    as_json: bool,
    **flags: Any,
) -> None:
    """Make samples of a task, or draw documents of corpora: packed, masked, verified rows that trainers read."""
    from .pipelines.recipes.flags import corpora_recipe, task_recipe

    if (task is None) == (not corpora):
        raise UsageError("gen needs --task NAME or --corpus PATH, and not both")
    _refuse(_OF_CORPORA if task else _OF_TASKS, "--corpus" if task else "--task")
    recipe = task_recipe(task, **flags) if task else corpora_recipe(corpora, **flags)
    if dry_run:
        _print_plan(recipe, engine or "fastokens", workers, as_json)
    else:
        _build(recipe, out, workers, address, engine or "fastokens", as_json)


def _print_plan(recipe: Any, engine: str, workers: int | None, as_json: bool) -> None:
    from .pipelines.commands.printing import print_plan
    from .pipelines.planning.estimate import estimate
    from .pipelines.planning.plan import make_plan

    plan = make_plan(recipe, engine)
    print_plan(plan, estimate(plan, workers), as_json)


def _build(recipe: Any, out: Path | None, workers: int | None, address: str | None, engine: str, as_json: bool) -> None:
    from .pipelines.build import gen as run
    from .pipelines.commands.printing import print_result
    from .pipelines.commands.progress import ConsoleReporter, JsonReporter

    reporter = JsonReporter() if as_json else ConsoleReporter()
    out = out or Path(recipe.name)
    try:
        manifest, is_new = run(recipe, out, reporter, workers, address, engine)
    finally:
        reporter.stop()
    print_result(manifest, out, reporter.tokens_per_second if is_new else None, as_json)


@cli.command()
@click.argument("inputs", nargs=-1, required=True)
@click.option("--name", required=True, help="What the corpus is called in the store.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("store"), show_default=True, help="The store.")
@click.option("--text", default="text", show_default=True, help="Field that holds the text.")
@click.option("--id", "id_field", help="Field that names a document. [default: its file and line]")
@click.option("--group-by", help="Field whose equal values make one document: a repository, a book.")
@click.option("--order-by", help="Field that parts of a group are sorted by and headed with; `none`. [default: path]")
@click.option(
    "--order",
    type=click.Choice(["order", "given", "random"]),
    default="order",
    show_default=True,
    help="How parts of a group follow each other: by that field, as they come, or shuffled.",
)
@click.option("--header", help="What stands before each part, with {order} in it; empty for nothing.")
@click.option("--config", help="Of a dataset of the `datasets` library.")
@click.option("--split", default="train", show_default=True, help="Of a dataset of the `datasets` library.")
@click.option("--tokenizer", default="embedded", show_default=True, help="A file, a folder or a Hub id.")
@click.option("--bos", help="Token before every document; `none` for nothing. [default: the tokenizer's]")
@click.option("--eos", help="Token after every document. [default: the tokenizer's]")
@click.option("--buckets", help="Where buckets of lengths begin: 4k,32k,128k. [default: 1k,2k,4k … 1M]")
@click.option("--max-bad", default="0.1%", show_default=True, help="Share of records that may be unusable.")
@click.option("--max-doc-bytes", help="Longer documents are left out. [default: 128M]")
@click.option("--engine", type=click.Choice(["fastokens", "tokenizers"]), default="fastokens", show_default=True)
@click.option("--workers", type=click.IntRange(0), help="Processes; 0 for this one. [default: by the size of the work]")
@click.option("--address", help="A Ray cluster to run on.")
@click.option("--json", "as_json", is_flag=True, help="For machines, on stdout.")
def ingest(
    inputs: tuple[str, ...],
    out: Path,
    max_bad: str,
    workers: int | None,
    address: str | None,
    engine: str,
    as_json: bool,
    **flags: Any,
) -> None:
    """Read documents from files, folders, globs, URLs or a `datasets` id and store their tokens by length."""
    from .pipelines.recipes.flags import ingest_recipe, share

    _ingest(ingest_recipe(inputs, **flags), out, share(max_bad, "--max-bad"), workers, address, engine, as_json)


def _ingest(
    recipe: Any, store: Path, max_bad: float, workers: int | None, address: str | None, engine: str, as_json: bool
) -> None:
    from .pipelines.commands.corpus_printing import ConsoleIngestReporter, JsonIngestReporter, print_ingested
    from .pipelines.corpora.ingest import ingest as run

    reporter = JsonIngestReporter() if as_json else ConsoleIngestReporter()
    try:
        manifest, is_new = run(recipe, store, reporter, max_bad, workers, address, engine)
    finally:
        reporter.stop()
    print_ingested(manifest, store / recipe.name, is_new, as_json)


def _recipe_file(command: Any) -> Any:
    """A recipe in a file, its store, and changes to it."""
    options = [
        click.argument("recipe", type=click.Path(path_type=Path)),
        click.option(
            "--store",
            type=click.Path(path_type=Path),
            help="Where the recipe's corpora are, or are put. [default: as the recipe names them]",
        ),
        click.option(
            "--set",
            "changes",
            envvar="LCDATA_SET",
            multiple=True,
            metavar="PLACE=VALUE",
            help="Like seed=3 or stages.0.tokens=1M; repeatable.",
        ),
        click.option("--json", "as_json", is_flag=True, help="For machines, on stdout."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@cli.command()
@_recipe_file
def plan(recipe: Path, store: Path | None, changes: tuple[str, ...], as_json: bool) -> None:
    """Say what a recipe makes: of each component what is there, what is wanted, repeats and shares."""
    from .pipelines.recipes.recipe_file import read_recipe

    _print_plan(read_recipe(recipe, store, changes), "fastokens", None, as_json)


@cli.command()
@_recipe_file
@click.option("--out", type=click.Path(path_type=Path), help="Folder to make. [default: the recipe's output or name]")
@click.option("--print-config", is_flag=True, help="Print the whole recipe, with all defaults, and make nothing.")
@click.option("--max-bad", default="0.1%", show_default=True, help="Share of a corpus's records that may be unusable.")
@click.option("--workers", type=click.IntRange(0), help="Processes; 0 for this one. [default: by the size of the work]")
@click.option("--address", help="A Ray cluster to run on.")
def build(
    recipe: Path,
    store: Path | None,
    changes: tuple[str, ...],
    out: Path | None,
    print_config: bool,
    max_bad: str,
    workers: int | None,
    address: str | None,
    as_json: bool,
) -> None:
    """Make the dataset of a recipe: store its corpora, mix its stages, pack and publish."""
    from .pipelines.recipes.flags import share
    from .pipelines.recipes.recipe_file import STORE, read_recipe, recipe_yaml

    read = read_recipe(recipe, store, changes)
    if print_config:
        click.echo(recipe_yaml(read, read.output), nl=False)
        return
    for corpus in read.ingest:
        _ingest(corpus, store or STORE, share(max_bad, "--max-bad"), workers, address, "fastokens", as_json)
    out = out or (None if read.output is None else Path(read.output))
    _build(read, out, workers, address, "fastokens", as_json)


@cli.command()
@click.option("--out", type=click.Path(path_type=Path), help="File to write. [default: stdout]")
def schema(out: Path | None) -> None:
    """Print the JSON Schema of recipes, for editors that complete and check YAML."""
    from .pipelines.recipes.json_schema import recipe_schema

    text = json.dumps(recipe_schema(), indent=1) + "\n"
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text)


@cli.command()
@click.argument("task")
@click.option("--length", default="2k", show_default=True)
@click.option("--index", type=click.IntRange(0), default=0, show_default=True, help="Which sample.")
@_recipe_options
@click.option("--full", is_flag=True, help="Leave nothing out.")
def show(task: str, index: int, full: bool, engine: str | None, as_json: bool, **flags: Any) -> None:
    """Show one sample as a dataset would hold it, evidence and answers marked."""
    from .pipelines.commands.printing import print_sample
    from .pipelines.making.show import show as run
    from .pipelines.recipes.flags import task_recipe

    recipe = task_recipe(task, **flags, n=str(index + 1))
    made, _ = run(recipe, index, engine)
    print_sample(made, recipe, full, as_json)


@cli.command()
@click.argument("task", required=False)
@click.option("--templates", is_flag=True, help="Print the task's wordings as YAML, to write your own.")
@click.option("--markdown", is_flag=True, help="Print all tasks with a sample each, as in docs/tasks.md.")
@click.option("--json", "as_json", is_flag=True, help="For machines, on stdout.")
def tasks(task: str | None, templates: bool, markdown: bool, as_json: bool) -> None:
    """List the tasks, or one task's settings with meaning, default and range."""
    from .pipelines.commands.printing import print_task, print_tasks, print_templates

    if markdown:
        from .pipelines.commands.describe import gallery

        click.echo(gallery(), nl=False)
    elif task is None:
        print_tasks(as_json)
    elif templates:
        print_templates(task, as_json)
    else:
        print_task(task, as_json)


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For machines, on stdout.")
def inspect(folder: Path, as_json: bool) -> None:
    """Say what a finished dataset holds: counts, fill, loss, lengths and a sample; or what a token store does."""
    from .pipelines.corpora.store import is_store, open_store

    if is_store(folder):
        from .pipelines.commands.corpus_printing import print_store
        from .pipelines.corpora.inspect import look

        print_store((look(corpus) for corpus in open_store(folder)), as_json)
        return
    from .pipelines.commands.printing import print_inspection
    from .pipelines.proving.inspect import inspect as run

    print_inspection(run(folder), folder, as_json)


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--samples", type=click.IntRange(0), default=16, show_default=True, help="Random samples to make again.")
@click.option("--tokenizer", help="Where the dataset's tokenizer is now. [default: where it was]")
@click.option("--workers", type=click.IntRange(0), default=0, show_default=True, help="Processes; 0 for this one.")
@click.option("--json", "as_json", is_flag=True, help="For machines, on stdout.")
def verify(folder: Path, samples: int, tokenizer: str | None, workers: int, as_json: bool) -> int:
    """Check hashes, rows and masks, and make random samples again from the manifest alone; or check a token store."""
    from .pipelines.corpora.store import is_store, open_store

    if is_store(folder):
        from .pipelines.commands.corpus_printing import print_corpus_verdict
        from .pipelines.corpora.verify import verify_corpus

        verdicts = [(corpus, verify_corpus(corpus)) for corpus in open_store(folder)]
        for corpus, found in verdicts:
            print_corpus_verdict(found, corpus.path, as_json)
        return 0 if all(found.holds for _, found in verdicts) else 3
    from .pipelines.commands.printing import print_verdict
    from .pipelines.proving.verify import verify as run

    verdict = run(folder, samples, tokenizer, workers)
    print_verdict(verdict, folder, as_json)
    return 0 if verdict.holds else 3


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--for", "trainer", type=click.Choice(["trl", "transformers"]), required=True, help="Whose code to run.")
@click.option(
    "--rows", type=click.IntRange(1), default=8, show_default=True, help="Of each config: the first and random ones."
)
@click.option("--json", "as_json", is_flag=True, help="For machines, on stdout.")
def check(folder: Path, trainer: str, rows: int, as_json: bool) -> int:
    """Run rows through a trainer as it is installed and compare documents, labels and loss with what is meant."""
    from .pipelines.commands.check_printing import print_report
    from .pipelines.proving.trainers.check import check as run

    report = run(folder, trainer, rows)
    print_report(report, folder, as_json)
    return 0 if report.holds else 3


_OF_SAMPLES = ("eval", "chat", "text")
_OF_ROWS = ("documents", "axolotl", "llamafactory", "megatron-bridge", "megatron", "olmo-core", "datatrove", "mds")


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--to",
    type=click.Choice([*_OF_SAMPLES, *_OF_ROWS]),
    required=True,
    help="What a line holds, or who reads the rows.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="File to write, - for stdout, or folder of rows. [default: NAME-TO.jsonl, or NAME-TO]",
)
@click.option("--n", help="Only the first samples: 1000, 10k.")
@click.option("--index", "indices", multiple=True, metavar="I|I..J", help="Only these samples; repeatable.")
@click.option("--tokenizer", help="Where the dataset's tokenizer is now. [default: where it was]")
@click.option("--config", help="Rows of this config only. [default: of each]")
@click.option("--force", is_flag=True, help="Replace what an export wrote there before.")
@click.option("--json", "as_json", is_flag=True, help="For machines, on stdout.")
def export(
    folder: Path,
    to: str,
    out: Path | None,
    n: str | None,
    indices: tuple[str, ...],
    tokenizer: str | None,
    config: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Write samples as JSON lines, for evaluation, chat trainers or as text, or rows as another project reads them."""
    if to in _OF_ROWS:
        _refuse({"n", "indices", "tokenizer"}, f"--to {', '.join(_OF_SAMPLES)}")
        _export_rows(folder, to, out, config, force, as_json)
        return
    _refuse({"config"}, "rows, which have other values of --to")
    from .pipelines.commands.printing import export_progress, print_exported
    from .pipelines.exporting.samples import STDOUT
    from .pipelines.exporting.samples import export as run

    if as_json and out == STDOUT:
        raise UsageError("--json and --out - both write to stdout: leave one of them out")
    with export_progress("samples") as progressed:
        chosen = _indices(n, indices)
        exported = run(folder, to, out, chosen, tokenizer=tokenizer, force=force, progressed=progressed)
    print_exported(exported, to, as_json)


def _export_rows(folder: Path, to: str, out: Path | None, config: str | None, force: bool, as_json: bool) -> None:
    from .pipelines.commands.printing import export_progress, print_exported_rows
    from .pipelines.exporting.rows import export_rows

    if out == Path("-"):
        raise UsageError(f"--out must be a folder for --to {to}: rows are not written to stdout")
    with export_progress("rows") as progressed:
        exported = export_rows(folder, to, out, config, force=force, progressed=progressed)
    print_exported_rows(exported, to, as_json)


def _indices(n: str | None, indices: tuple[str, ...]) -> list[Any]:
    """The ranges of samples that `--n` and `--index` name."""
    from .schemas.quantity import IntRange, parse_count

    if n is not None and indices:
        raise UsageError("--n and --index both choose samples: leave one of them out")
    option = "--n" if n is not None else "--index"
    try:
        return [IntRange(0, parse_count(n) - 1)] if n is not None else [IntRange.parse(index) for index in indices]
    except ValueError as error:
        raise UsageError(f"{option} {error}") from None


@cli.command()
@click.argument("predictions", type=click.Path(path_type=Path))
@click.option("--references", type=click.Path(path_type=Path), help="What `lcdata export --to eval` wrote.")
@click.option("--data", type=click.Path(path_type=Path), help="The dataset, instead of --references.")
@click.option(
    "--match",
    type=click.Choice(["exact", "substring"]),
    default="exact",
    show_default=True,
    help="Whole answers and nothing else, or RULER's substrings.",
)
@click.option("--plot", type=click.Path(path_type=Path), help="Heat map of length and depth to draw, .png or .svg.")
@click.option("--json", "as_json", is_flag=True, help="For machines, on stdout.")
def score(
    predictions: Path, references: Path | None, data: Path | None, match: str, plot: Path | None, as_json: bool
) -> None:
    """Rate a model's replies, JSON lines with `index` and `prediction`, by the answers of a dataset."""
    from .pipelines.commands.printing import print_score
    from .pipelines.scoring.heat_map import check_plot, draw_heat_map
    from .pipelines.scoring.score import score as run

    if plot is not None:
        check_plot(plot)
    found = run(predictions, references, data, match)
    if plot is not None:
        draw_heat_map(found, plot)
    print_score(found, plot, as_json)


@cli.command()
@click.option("--tokenizer", default="embedded", show_default=True, help="A file, a folder or a Hub id.")
@click.option("--json", "as_json", is_flag=True, help="For machines, on stdout.")
def doctor(tokenizer: str, as_json: bool) -> int:
    """Check versions, the tokenizer's engine, cores, memory and disk."""
    from .pipelines.commands.printing import print_findings
    from .pipelines.doctor import doctor as run
    from .schemas.tokens import TokenizerChoice

    return 0 if print_findings(run(TokenizerChoice(source=tokenizer), Path.cwd()), as_json) else 1


def main() -> None:
    """Run the command line; every failure is one line and an exit code."""
    hear_interrupts()
    try:
        _run()
    except SystemExit as end:
        hear_no_more(end.code if isinstance(end.code, int) else 1)
        raise


def _run() -> None:
    # Arrow's own allocator gives pages back between row groups and takes them anew, up to a tenth of a worker's time.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    warnings.showwarning = _show_warning
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1 or bool(os.environ.get("LCDATA_DEBUG"))
    try:
        code = cli.main(arguments, standalone_mode=False, prog_name="lcdata")
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code)
    except Terminated:
        _interrupted(4)
    except (KeyboardInterrupt, click.Abort):
        _interrupted(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except LcdataError as error:
        if debug:
            traceback.print_exc()
        _fail(str(error), error.exit_code)
    except Exception as error:
        if isinstance(error, SystemError) and isinstance(error.__cause__, Terminated | KeyboardInterrupt):
            _interrupted(4 if isinstance(error.__cause__, Terminated) else 130)  # it came while Ray was waiting
        if debug:
            raise
        _fail(
            f"{type(error).__name__}: {error} (this is a defect of lcdata: run again with --debug and report it)",
            1,
        )


def _interrupted(code: int) -> None:
    hear_no_more(code)
    again = shlex.join(["lcdata", *sys.argv[1:]])
    _fail(f"interrupted; what was finished is safe. To go on:\n  {again}", code)


def _fail(message: str, code: int) -> None:
    if "--json" in sys.argv:
        print(json.dumps({"event": "error", "message": message, "exit_code": code}), flush=True)
    print(f"lcdata: {message}", file=sys.stderr)
    sys.exit(code)


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"lcdata: warning: {message}", file=sys.stderr)


if __name__ == "__main__":
    main()
