"""Changing what a finished folder says of itself, so that only its contents can tell."""

import hashlib
import json
from pathlib import Path
from typing import Any


def rewrite_manifest(path: Path, content: dict[str, Any]) -> None:
    """Write a manifest, `lcdata.json` or `corpus.json`, with the hash that it must have."""
    open_seal = json.dumps({**content, "manifest_sha256": ""}).encode()
    seal = hashlib.sha256(open_seal).hexdigest()
    path.write_text(json.dumps({**content, "manifest_sha256": seal}))
