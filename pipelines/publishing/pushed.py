"""A dataset as it lies on the Hub: every build in folders of its own, and beside them what readers look at first."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from ...schemas.manifest import MANIFEST, Manifest, ShardRecord
from ...schemas.records import FileRecord
from .remote import CARD, sha256_of

RECIPE = "recipe.yaml"
_BUILD_LENGTH = 12
_OF_A_BUILD = re.compile(r"(?:data|docs)/[^/]+/([0-9a-f]{12})/[^/]+")
_EARLIER = re.compile(r"builds/(\d{5,})-([0-9a-f]{12})\.json")
_LISTED = re.compile(r"\bdata/[^/\s\"']+/([0-9a-f]{12})/\*\.parquet")


def build_name(manifest: Manifest) -> str:
    """What the folders of a build are called: the beginning of its fingerprint."""
    return manifest.fingerprint[:_BUILD_LENGTH]


def build_of(path: str) -> str | None:
    """The build whose folder a file lies in, None for any other file."""
    found = _OF_A_BUILD.fullmatch(path)
    return found[1] if found else None


def earlier_build(path: str) -> tuple[int, str] | None:
    """The number and the name of the earlier build whose manifest a file is, None for any other file."""
    found = _EARLIER.fullmatch(path)
    return (int(found[1]), found[2]) if found else None


def manifest_path(number: int, build: str) -> str:
    """Where the manifest of an earlier build lies, which this `earlier_build` finds."""
    return f"builds/{number:05d}-{build}.json"


def listed_builds(card: str) -> list[str]:
    """The builds whose rows a card lists, in its order."""
    return list(dict.fromkeys(_LISTED.findall(card)))


def pushed_manifest(manifest: Manifest) -> Manifest:
    """The manifest with the paths that files have on the Hub, and without what lies beside the shards."""
    build = build_name(manifest)
    stages = [
        stage.model_copy(update={"shards": [_pushed_shard(shard, build) for shard in stage.shards]})
        for stage in manifest.stages
    ]
    return manifest.model_copy(update={"stages": stages, "files": []})


def _pushed_shard(shard: ShardRecord, build: str) -> ShardRecord:
    return shard.model_copy(update={"data": _moved(shard.data, build), "docs": _moved(shard.docs, build)})


def _moved(file: FileRecord, build: str) -> FileRecord:
    path = PurePosixPath(file.path)
    if build_of(file.path) == build:  # a downloaded build, which is pushed again
        return file
    return file.model_copy(update={"path": (path.parent / build / path.name).as_posix()})


def sealed_files(manifest: Manifest, texts: Mapping[str, bytes]) -> dict[str, bytes]:
    """Texts that lie beside the shards, and the manifest that lists them."""
    files = [FileRecord(path=name, sha256=sha256_of(data), bytes=len(data), rows=0) for name, data in texts.items()]
    return {**texts, MANIFEST: manifest.model_copy(update={"files": files}).sealed}


def unlike(one: Manifest, other: Manifest) -> str | None:
    """Why rows of two builds cannot be in one config, in words; None where they can."""
    configs = [
        {stage.name: (stage.seq_length, stage.with_labels) for stage in manifest.recipe.stages}
        for manifest in (one, other)
    ]
    if configs[0] != configs[1]:
        return f"other configs, lengths or labels ({_said(configs[0])}) than this one ({_said(configs[1])})"
    if one.tokenizer.sha256 != other.tokenizer.sha256:
        return f"the tokenizer {one.tokenizer.source}, and this one {other.tokenizer.source}"
    return None


def _said(configs: Mapping[str, tuple[int, bool]]) -> str:
    labels = {True: "with labels", False: "without labels"}
    return ", ".join(f"{name} of {length} {labels[has]}" for name, (length, has) in configs.items())


def is_ours(path: str) -> bool:
    """Whether a file of a repository is one that pushes write, and may remove."""
    beside = path in (CARD, MANIFEST, RECIPE) or path.startswith("report/")
    return beside or build_of(path) is not None or earlier_build(path) is not None
