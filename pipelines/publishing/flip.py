"""The one commit that readers see: what it writes beside the data, and what it removes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...schemas.errors import UsageError
from .card import dataset_card
from .local import Local
from .pushed import RECIPE, build_of, is_ours, manifest_path, sealed_files, unlike
from .remote import CARD, Remote
from .there import Earlier, There

Mode = Literal["replace", "append"]


@dataclass(frozen=True)
class Flip:
    """What is to lie beside the data, and which data."""

    beside: Mapping[str, bytes]
    """Every file that is no data, by its path."""
    builds: frozenset[str]
    """The builds that stay, this one among them."""
    sizes: Mapping[str, int]
    """Bytes of all files of the repository, as they are to be, by path."""

    def written(self, remote: Remote) -> dict[str, Path | bytes]:
        """The files beside the data that are not there yet as they are to be."""
        there = remote.files
        return {path: data for path, data in self.beside.items() if path not in there or not there[path].is_of(data)}

    def deleted(self, remote: Remote) -> list[str]:
        """The files there that pushes wrote and that are not to stay."""
        return [path for path in remote.files if is_ours(path) and path not in self.sizes]

    def is_done(self, remote: Remote) -> bool:
        """Whether readers see it already."""
        return not self.written(remote) and not self.deleted(remote)


def make_flip(local: Local, there: There, mode: Mode, keep: int | None) -> Flip:
    """The commit after which readers see a dataset; UsageError where its rows cannot join those that they see."""
    kept = _kept(local, there, mode, keep)
    listed = [build.manifest for build in kept] if mode == "append" else []
    texts = {
        RECIPE: local.recipe,
        CARD: dataset_card(local.manifest, listed, there.hub.repository, list(local.report)).encode(),
    }
    beside = {
        **sealed_files(local.manifest, texts),
        **local.report,
        **{manifest_path(build.number, build.name): build.file.read_bytes() for build in kept},
    }
    builds = frozenset({local.build, *(build.name for build in kept)})
    return Flip(beside, builds, _sizes(local, there.remote, beside, builds))


def _kept(local: Local, there: There, mode: Mode, keep: int | None) -> list[Earlier]:
    """The builds that stay beside the one that is pushed, the newest last."""
    if mode == "replace" and not keep:
        return []
    others = [build for build in there.builds if build.name != local.build]
    if mode == "append":
        others = [build for build in others if build.name in there.listed]
        for build in others:
            if difference := unlike(build.manifest, local.manifest):
                raise UsageError(f"--mode append: {there.hub.repository} has {difference}: use --mode replace")
    return others if keep is None else others[len(others) - min(keep, len(others)) :]


def _sizes(local: Local, remote: Remote, beside: Mapping[str, bytes], builds: frozenset[str]) -> dict[str, int]:
    stay = {
        path: file.size
        for path, file in remote.files.items()
        if not is_ours(path) or (build_of(path) in builds - {local.build})
    }
    data = {file.record.path: file.record.bytes for file in local.files}
    return {**stay, **data, **{path: len(content) for path, content in beside.items()}}
