"""Storing a corpus for whoever gave the command, and what is said about stored corpora."""

import humanize
from rich.markup import escape

from ....schemas.corpus import CorpusManifest, Gates, IngestRecipe
from ....schemas.counted import counted
from ....schemas.place import Place
from ...run.where import ANYWHERE, Where
from .console import console, pairs
from .output import Output


def ingest_corpus(
    output: Output,
    recipe: IngestRecipe,
    store: Place,
    gates: Gates,
    where: Where = ANYWHERE,
    engine: str = "fastokens",
    overwrite: bool = False,
) -> None:
    """Store a corpus, and say what came out."""
    from ...corpora.ingest import ingest

    ingested = ingest(recipe, store, output.tell, gates, where, engine, overwrite)
    output.report(ingested, lambda: _print_ingested(store / recipe.name, ingested.ingested))


def _print_ingested(path: Place, is_new: bool) -> None:
    from ...corpora.store import open_corpus

    manifest = open_corpus(path).manifest
    if not is_new:
        console().print(f"{path} is stored already, nothing to do", markup=False)
    following = f"lcdata inspect {path} · lcdata gen --corpus {path} --length 128k --tokens …"
    pairs({**summary(manifest), "next": following})
    for damaged in manifest.damaged[:5]:
        gave = f"{damaged.reason}, gave {counted(damaged.records, 'record')}"
        console().print(f"[yellow]damaged[/yellow] {escape(damaged.url)} {escape(gave)}")
    for bad in manifest.first_bad[:5]:
        console().print(f"[yellow]unusable[/yellow] {escape(f'{bad.url}:{bad.line}')} {escape(bad.reason)}")
    for passed in manifest.first_passed_over[:5]:
        console().print(f"[yellow]not read[/yellow] {escape(passed.url)} {escape(passed.reason)}")


def summary(manifest: CorpusManifest) -> dict[str, str]:
    """What a stored corpus came to, as names and values."""
    left_out = {
        **{f"{reason} (records)": count for reason, count in manifest.bad.items()},
        **{f"{reason} (documents)": count for reason, count in manifest.dropped.items()},
        **{f"{reason} (not read)": count for reason, count in manifest.passed_over.items()},
    }
    if manifest.damaged:
        left_out["damaged (files, in part)"] = len(manifest.damaged)
    records, inputs = counted(manifest.records, "record"), counted(len(manifest.inputs), "input")
    audited = counted(manifest.audited, "document")
    return {
        "documents": f"{manifest.documents:,} from {records} of {inputs}",
        "tokens": f"{manifest.tokens:,} of {humanize.naturalsize(manifest.bytes)} of text, "
        f"{manifest.bytes / max(manifest.tokens, 1):.2f} bytes each",
        "left out": ", ".join(f"{count:,} {reason}" for reason, count in left_out.items()) or "nothing",
        **(_unwritten(manifest) if manifest.unwritten else {}),
        "size": humanize.naturalsize(sum(file.bytes for file in (*manifest.files, manifest.index))),
        "tokenizer": f"{manifest.tokenizer.source} by {manifest.engine}, {audited} audited",
    }


def _unwritten(manifest: CorpusManifest) -> dict[str, str]:
    places, documents = counted(manifest.unwritten, "place"), counted(manifest.documents_unwritten, "document")
    return {"unwritten": f"{places} in {documents} that the vocabulary cannot write"}
