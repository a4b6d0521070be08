"""What a repository's card says while the first build is on its way: nothing that a reader could take for data."""

from ...schemas.manifest import Manifest
from .metadata import metadata_yaml


def placeholder_card(manifest: Manifest) -> str:
    """A card whose configs have no files, so that loading one fails and says so."""
    configs = [
        {
            "config_name": f"{stage.name}{suffix}",
            "data_files": [{"split": stage.split, "path": "not-there-yet/*.parquet"}],
        }
        for stage in manifest.recipe.stages
        for suffix in ("", "-docs")
    ]
    head = metadata_yaml({"viewer": False, "configs": configs})
    return f"{head}\n# {manifest.recipe.name}\n\nOn its way: the dataset is here once this card tells of it.\n"
