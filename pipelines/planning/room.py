"""Whether this machine has room for a stage, asked before the work instead of found out in the middle of it."""

from collections.abc import Mapping

import humanize
import psutil

from ...schemas.errors import UsageError
from ...schemas.stage import Stage
from ..corpora.store import StoredCorpus

_LONGEST = 2**31 - 1
_BYTES_PER_TOKEN = 400
"""Memory that a token of a sample takes while it is made, measured on samples of 2M to 8M tokens."""
_BYTES_PER_DOCUMENT = 100
"""Memory that a sample, or a document that is drawn, takes in a plan."""


def check_room(stage: Stage, corpora: Mapping[str, StoredCorpus]) -> None:
    """Raise UsageError where samples are too long, or too many documents are asked for, to be made or planned here."""
    longest = max((component.length.longest for component in stage.tasks), default=0)
    if max(stage.seq_length, longest) > _LONGEST:
        raise UsageError(f"{stage.name}: documents and rows have at most {_LONGEST:,} tokens: make them shorter")
    available = psutil.virtual_memory().available
    free = humanize.naturalsize(available)
    if longest * _BYTES_PER_TOKEN > available:
        size = humanize.naturalsize(longest * _BYTES_PER_TOKEN)
        raise UsageError(f"{stage.name}: a sample of {longest:,} tokens takes about {size} of memory, {free} are free")
    count = _num_documents(stage, corpora)
    if count * _BYTES_PER_DOCUMENT > available:
        size = humanize.naturalsize(count * _BYTES_PER_DOCUMENT)
        raise UsageError(
            f"{stage.name}: a plan of {count:,} documents takes about {size} of memory, {free} are free: lower n or "
            "tokens, or make several datasets with other seeds"
        )


def _num_documents(stage: Stage, corpora: Mapping[str, StoredCorpus]) -> int:
    """Samples, and documents of the corpora, about, that the stage asks for at most."""
    if stage.tokens is None:
        return sum(component.n or 0 for component in stage.tasks)
    tokens = stage.tokens
    count = sum(int(tokens * (component.share or 0)) // component.length.shortest for component in stage.tasks)
    manifests = [corpora[component.corpus].manifest for component in stage.corpora]
    num_tokens = sum(manifest.tokens for manifest in manifests)
    return count + (tokens * sum(manifest.documents for manifest in manifests) // num_tokens if num_tokens else 0)
