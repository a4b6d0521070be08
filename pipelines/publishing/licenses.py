"""Licences of datasets and of their sources, as the Hub names them."""

from collections.abc import Iterator
from pathlib import PurePath

from ...schemas.manifest import Manifest
from ...schemas.mix import CorpusComponent

_SYNTHETIC = "apache-2.0"
"""Of what lcdata's tasks write."""
_NAMES = """
afl-3.0 agpl-3.0 apache-2.0 artistic-2.0 bigcode-openrail-m bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear bsl-1.0
c-uda cc cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-nd-3.0
cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc0-1.0
cdla-permissive-1.0 cdla-permissive-2.0 cdla-sharing-1.0 creativeml-openrail-m ecl-2.0 epl-1.0 epl-2.0 eupl-1.1
eupl-1.2 fair-noncommercial-research-license gemma gfdl gpl gpl-2.0 gpl-3.0 isc lgpl lgpl-2.1 lgpl-3.0 lgpl-lr llama2
llama3 llama3.1 llama3.2 llama3.3 llama4 lppl-1.3c mit mpl-2.0 ms-pl ncsa odbl odc-by ofl-1.1 openrail openrail++
osl-3.0 pddl postgresql unlicense wtfpl zlib
"""
_ON_THE_HUB = frozenset(_NAMES.split())
"""Names that its metadata may hold; any other is `other`."""


def components_of_corpora(manifest: Manifest) -> Iterator[CorpusComponent]:
    """Every corpus of the dataset once, with licence and link of its ingest where it has none of its own."""
    ingests = {ingest.name: ingest for ingest in manifest.recipe.ingest}
    seen: set[str] = set()
    for component in (component for stage in manifest.recipe.stages for component in stage.corpora):
        if component.corpus in seen:
            continue
        seen.add(component.corpus)
        ingest = ingests.get(PurePath(component.corpus).name)
        if ingest is None:
            yield component
        else:
            license, url = component.license or ingest.license, component.source_url or ingest.source_url
            yield component.model_copy(update={"license": license, "source_url": url})


def license_of(manifest: Manifest) -> str | None:
    """The dataset's licence: the one that is named, else the one that all its sources share; None where none is."""
    if manifest.recipe.license is not None:
        return manifest.recipe.license
    licenses = {component.license for component in components_of_corpora(manifest)}
    if not licenses:
        return _SYNTHETIC
    return licenses.pop() if len(licenses) == 1 else None


def license_metadata(manifest: Manifest) -> dict[str, str]:
    """The licence as a card's metadata says it."""
    license = license_of(manifest)
    if license is None:
        return {"license": "other"}
    known = license.lower()
    return {"license": known} if known in _ON_THE_HUB else {"license": "other", "license_name": license}
