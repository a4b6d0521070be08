"""A report of a dataset: its statistics, its sampled texts, its page and its pictures."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from ...packers.dataset import Dataset
from ...schemas.counted import counted
from ...schemas.errors import UsageError
from ...schemas.events.reported import Reported
from ...schemas.place import Place
from ...schemas.secrets import without_secrets
from ..drawing.picture import check_drawing
from ..recipes.recipe_file import recipe_yaml
from ..run.files import storage_error, write_whole
from ..run.store_files import put_small
from ..run.versions import library_versions
from .compare import changes
from .composition import accounts_panel, bucket_panels, lengths_panel, mixture_panel
from .packing import attention_panel, loss_panel, repetition_panel, rows_panel
from .page import Group, Page, Section, Tile
from .panel import Cell, Drawing, Panel, Table
from .pictures import pictures
from .quality import quality_panels
from .sampled import Texts, read_texts
from .shown import brief, clean, percent, short
from .tally import Tally

FOLDER = "report"
"""Folder in a dataset's own that is for reports: no part of the dataset, and pushed with it."""
_PAGE, _AGAINST = "index.html", "against.html"
_RECIPE = 60_000
"""Characters of the recipe that are shown."""

Progressed = Callable[[int, int], None]
"""Is called with the documents that are counted and those that are to be."""


def report(
    dataset: Dataset,
    out: Path | None = None,
    against: Dataset | None = None,
    progressed: Progressed = lambda done, total: None,
) -> Reported:
    """Write the page of a dataset, and say what was written.

    By default it is `report/index.html` in the dataset's folder, pictures for its card beside it; with `against` it is
    `report/against.html`, which also says what is other than in that dataset. Raises UsageError where it cannot be
    written or nothing can be drawn, LcdataError where a file of the dataset cannot be read.
    """
    check_drawing("a report")
    page_path = _page_path(dataset, out, against)
    total = dataset.num_documents + (against.num_documents if against else 0)
    tallies = list(_tallies(dataset, 0, total, progressed))
    others = list(_tallies(against, dataset.num_documents, total, progressed)) if against else []
    texts = read_texts(dataset)
    page = _page(dataset, tallies, texts, against, others).html()
    drawn = pictures(dataset, tallies) if out is None and against is None else {}
    folder = page_path.parent
    _write(folder, {**drawn, page_path.name: page})
    return Reported(
        path=str(page_path),
        pictures=[str(folder / name) for name in drawn],
        bytes=len(page),
        against=None if against is None else str(against.folder),
        rows=dataset.manifest.total("rows"),
        documents=dataset.num_documents,
        sampled_documents=texts.documents,
        without_text=texts.without_text or None,
    )


def _write(folder: Place, files: Mapping[str, bytes]) -> None:
    """Write files into a folder or below a place of a store, in this order."""
    try:
        if isinstance(folder, Path):
            folder.mkdir(exist_ok=True)
            for name, data in files.items():
                write_whole(folder / name, data)
        else:
            for name, data in files.items():
                put_small(folder, name, data)
    except OSError as error:
        raise storage_error(error, folder) from None


def _page_path(dataset: Dataset, out: Path | None, against: Dataset | None) -> Place:
    """The page's path; UsageError where nothing can or should be written there."""
    if out is None:
        if str(dataset.folder).startswith("hf://"):
            raise UsageError(f"{dataset.folder} is on the Hub: say with --out FILE.html where on this machine it goes")
        return dataset.folder / FOLDER / (_PAGE if against is None else _AGAINST)
    if out.suffix != ".html":
        raise UsageError(f"--out {out} must be a page, such as report.html")
    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {out.parent}")
    if out.is_dir():
        raise UsageError(f"--out {out} is a folder: name a page in it, such as {out / 'report.html'}")
    inside = out.resolve()
    folder = dataset.folder.resolve() if isinstance(dataset.folder, Path) else None
    if folder is not None and folder in inside.parents and folder / FOLDER not in inside.parents:
        raise UsageError(
            f"{out} would be a foreign file in the dataset {dataset.folder}: choose an --out outside of it"
        )
    return out


def _tallies(dataset: Dataset, before: int, total: int, progressed: Progressed) -> Iterator[Tally]:
    for config in dataset.configs.values():
        tally = Tally(config)
        for shard in config.shards:
            tally.add(shard)
            before += shard.record.documents
            progressed(before, total)
        yield tally


def _page(
    dataset: Dataset, tallies: Sequence[Tally], texts: Texts, against: Dataset | None, others: Sequence[Tally]
) -> Page:
    manifest, drawing = dataset.manifest, Drawing()
    changed = [] if against is None else [changes(dataset, tallies, against, others, drawing)]
    sections = [_section(number, tally, texts, drawing) for number, tally in enumerate(tallies)]
    return Page(
        title=brief(dataset.name, 120),
        about=f"fingerprint {manifest.fingerprint[:16]}… · made by lcdata {manifest.lcdata} · "
        f"tokenizer {brief(without_secrets(manifest.tokenizer.source), 100)}",
        version=library_versions()["lcdata"],
        tiles=list(_tiles(dataset, tallies)),
        sections=[*changed, *sections],
        samples=_about_samples(dataset, texts),
        data={"configs": texts.configs, "control": _control_ids(dataset, texts)},
        provenance=_provenance(dataset),
        recipe=clean(without_secrets(recipe_yaml(manifest.recipe)), _RECIPE),
        against="" if against is None else brief(str(against.folder), 120),
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
    return Section(f"config-{number}", config.name, about, [group for group in groups if group.panels])


def _tiles(dataset: Dataset, tallies: Sequence[Tally]) -> Iterator[Tile]:
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
    yield Tile("a-document", "loss tokens a document", short(in_loss / documents), f"{in_loss / rows:,.1f} a row")
    duplicates = sum(tally.distinct.duplicates for tally in tallies)
    looked_at = sum(len(tally.distinct) for tally in tallies)
    yield Tile("duplicates", "duplicates", percent(duplicates / max(looked_at, 1)), f"{duplicates:,} of {looked_at:,}")
    yield Tile("size", "on disk", f"{short(size, ' ')}B", f"{8 * size / tokens:.2f} bits a token")
    audited = manifest.total("audited")
    yield Tile("audited", "audited", short(audited), "encoded twice, none differed" if audited else "no samples")


def _about_samples(dataset: Dataset, texts: Texts) -> str:
    rows, documents = dataset.manifest.total("rows"), dataset.num_documents
    words = (
        f"{counted(texts.documents, 'document')} of {documents:,}, from {counted(texts.rows, 'row')} of {rows:,} that "
        "the dataset's fingerprint chooses. Long stretches without evidence, question or answer are left out."
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
    rows: list[tuple[Cell, ...]] = [
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
