"""Questions with replies that a person has judged, from `pipelines/scoring/replies/`."""

from pathlib import Path
from typing import Any

import yaml

from lcdata.schemas.evaluation import Reference

SETS = sorted((Path(__file__).parent / "pipelines" / "scoring" / "replies").glob("*.yaml"))


def questions() -> list[dict[str, Any]]:
    """Questions with the replies to them under `right` and `wrong`, each a mapping of its style to its words."""
    return [question for path in SETS for question in yaml.safe_load(path.read_text())]


def reference(question: dict[str, Any], *, read: bool) -> Reference:
    """What is known of a question, with what the model had read or without."""
    fields = {key: value for key, value in question.items() if key in Reference.model_fields}
    return Reference.model_validate(fields | ({"input": question["prompt"]} if read else {}))
