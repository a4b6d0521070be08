"""A report of a dataset: its statistics, its sampled texts, its page and its pictures."""

from pathlib import Path

from ...packers.dataset import Dataset
from ...schemas.counted import counted
from ...schemas.secrets import without_secrets
from ..recipes.recipe_file import recipe_yaml
from .composition import accounts_panel, bucket_panels, lengths_panel, mixture_panel
from .packing import attention_panel, loss_panel, repetition_panel, rows_panel
from .page import Group, Page, Section, Tile
from .panel import Drawing, Panel, Table
from .quality import quality_panels
from .sampled import Texts, read_texts
from .shown import brief, clean, percent, short
from .tally import Tally

_RECIPE = 60_000
"""Characters of the recipe that are shown."""


def report_page(dataset: Dataset) -> Page:
    """The page of a dataset; LcdataError where one of its files cannot be read."""
    manifest, drawing = dataset.manifest, Drawing()
    texts = read_texts(dataset)
    tallies = [Tally.of(config) for config in dataset.configs.values()]
    return Page(
        title=brief(dataset.name, 120),
        about=f"fingerprint {manifest.fingerprint[:16]}… · made by lcdata {manifest.lcdata} · tokenizer {brief(manifest.tokenizer.source, 100)}",
        version=_version(),
        tiles=list(_tiles(dataset, tallies)),
        sections=[_section(number, tally, texts, drawing) for number, tally in enumerate(tallies)],
        samples=_about_samples(dataset, texts),
        data={"configs": texts.configs, "control": _control_ids(dataset, texts)},
        provenance=_provenance(dataset),
        recipe=clean(without_secrets(recipe_yaml(manifest.recipe)), _RECIPE),
    )


def _section(number: int, tally: Tally, texts: Texts, drawing: Drawing) -> Section:
    config = tally.config
    record = config.record
    composition = [
        lengths_panel(tally, drawing),
        mixture_panel(tally, record, drawing),
        *bucket_panels(record, drawing),
    ]
    rows = [rows_panel(tally, drawing), attention_panel(tally, drawing), loss_panel(tally, drawing)]
    quality = list(quality_panels(tally, texts.overlaps.get(config.name, {}), drawing))
    accounts = [repetition_panel(tally, record), accounts_panel(tally, record)]
    groups = [
        Group("What it is made of", composition),
        Group("How it is packed", rows),
        Group("What it teaches", quality),
        Group("Accounts", accounts),
    ]
    about = (
        f"{counted(config.num_rows, 'row')} of at most {config.seq_length:,} tokens, "
        f"{counted(config.num_documents, 'document')}, {counted(config.num_tokens, 'token')}."
    )
    return Section(f"config-{number}", config.name, about, groups)


def _tiles(dataset: Dataset, tallies: list[Tally]):
    manifest = dataset.manifest
    tokens, rows, documents = (manifest.total(name) for name in ("tokens", "rows", "documents"))
    in_loss = manifest.total("loss_tokens")
    room = sum(tally.config.num_rows * tally.config.seq_length for tally in tallies)
    size = sum(file.bytes for file in manifest.listed)
    yield Tile("tokens", "tokens", short(tokens), f"{tokens:,}")
    yield Tile("documents", "documents", short(documents), f"{documents:,}")
    yield Tile("rows", "rows", short(rows), f"{rows:,}")
    yield Tile("fill", "rows are full", percent(tokens / room), f"{room - tokens:,} tokens of room left")
    yield Tile("loss", "loss tokens", short(in_loss), f"{percent(in_loss / tokens)} of all")
    yield Tile("a-document", "loss tokens a document", f"{in_loss / documents:,.1f}", f"{in_loss / rows:,.1f} a row")
    duplicates = sum(tally.distinct.duplicates for tally in tallies)
    looked_at = sum(len(tally.distinct) for tally in tallies)
    yield Tile("duplicates", "duplicates", percent(duplicates / max(looked_at, 1)), f"{duplicates:,} of {looked_at:,}")
    yield Tile("size", "on disk", f"{short(size)}B", f"{8 * size / tokens:.2f} bits a token")
    audited = manifest.total("audited")
    yield Tile("audited", "audited", short(audited), "encoded twice, none differed" if audited else "no samples")


def _about_samples(dataset: Dataset, texts: Texts) -> str:
    rows, documents = dataset.manifest.total("rows"), dataset.num_documents
    words = (
        f"{counted(texts.documents, 'document')} of {documents:,}, from {counted(texts.rows, 'row')} of {rows:,} that the "
        "dataset's fingerprint chooses. Long stretches without evidence, question or answer are left out."
    )
    if texts.left <= 0:
        words += " More texts would have made the page too large."
    if texts.without_text:
        words += f" There are ids and no text: {brief(texts.without_text, 300)}"
    return words


def _control_ids(dataset: Dataset, texts: Texts) -> list[int]:
    identity = dataset.manifest.tokenizer
    known = [] if texts.without_text else list(dataset.tokenizer.control_tokens.values())
    return sorted({*known, *identity.bos_ids, *identity.eos_ids})


def _provenance(dataset: Dataset) -> list[Panel]:
    manifest = dataset.manifest
    tokenizer = manifest.tokenizer
    rows: list[tuple[str, ...]] = [
        ("fingerprint", manifest.fingerprint),
        ("tokenizer", brief(without_secrets(tokenizer.source), 200)),
        ("sha256 of the tokenizer", tokenizer.sha256),
        ("ids", f"{tokenizer.vocab_size:,}"),
        ("before every document", tokenizer.bos or "nothing"),
        ("after every document", tokenizer.eos),
        ("encoded by", manifest.engine),
        ("seed", str(manifest.recipe.seed)),
        ("lcdata", manifest.lcdata),
        *sorted(manifest.versions.items()),
    ]
    panels = [
        Panel(
            "provenance", "Provenance", "", [], [Table(("what", "value"), list(rows), "provenance")], shows_tables=True
        )
    ]
    inputs = [(brief(without_secrets(path), 200), sha256[:16]) for path, sha256 in sorted(manifest.inputs.items())]
    if inputs:
        lead = f"{counted(len(inputs), 'file')} that samples were made from, and indexes of corpora."
        panels.append(
            Panel(
                "inputs",
                "Inputs",
                lead,
                [],
                [Table(("file", "sha256"), list(inputs[:200]), "inputs")],
                shows_tables=True,
            )
        )
    return panels


def _version() -> str:
    from ..run.versions import library_versions

    return library_versions()["lcdata"]


def write_page(dataset: Dataset, path: Path) -> None:
    from ..run.files import write_whole

    write_whole(path, report_page(dataset).html())
