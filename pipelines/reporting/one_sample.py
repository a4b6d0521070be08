"""A page of one sample in the viewer of reports."""

from dataclasses import fields

from ...packers.rows.row import RowDocument
from ...packers.rows.row_group import IGNORED
from ...packers.tokens.tokenizer import Tokenizer
from ...schemas.sample import Document
from ..run.versions import library_versions
from .page import Page
from .sampled import with_words
from .shown import brief


def sample_page(document: Document, tokenizer: Tokenizer) -> bytes:
    """The page of a sample as a dataset holds it, with its tokens, spans and labels."""
    length = len(document.ids)
    shown = {"k": 0, "s": 0, "n": length, **with_words(_in_row(document, tokenizer), tokenizer)}
    row = {"i": document.sample, "n": length, "docs": [shown], "of": 1}
    config = {"name": document.source, "length": length, "of": 1, "sources": [brief(document.source)], "rows": [row]}
    identity = tokenizer.identity
    control = {*tokenizer.control_tokens.values(), *identity.bos_ids, *identity.eos_ids}
    return Page(
        title=f"{document.source} {document.sample}",
        about="",
        version=library_versions()["lcdata"],
        tiles=[],
        sections=[],
        samples="",
        data={"configs": [config], "control": sorted(control)},
        provenance=[],
        recipe="",
        is_whole=False,
    ).html()


def _in_row(document: Document, tokenizer: Tokenizer) -> RowDocument:
    """The document as the only one of a row."""
    labels = document.ids.copy()
    labels[: document.loss_start] = IGNORED
    labels[document.loss_end :] = IGNORED
    own = {each.name: getattr(document, each.name) for each in fields(Document)}
    return RowDocument(**own, labels=labels, start=0, index=document.sample, record={}, decode=tokenizer.decode)
