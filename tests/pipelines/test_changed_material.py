"""Text that samples are cut from and that changes during a build fails it, and nothing of the new text is published."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lcdata
from lcdata.schemas.errors import ChangedError
from lcdata.schemas.events.building import Planned
from lcdata.schemas.events.event import Event


def essay(word: str) -> str:
    return " ".join(f"Sentence {number} tells of the {word} at the river." for number in range(2000))


def questions(word: str) -> str:
    paragraphs = [
        {
            "context": f"The {word} of place {number} is made of stone{number}.",
            "qas": [
                {
                    "question": f"What is the {word} of place {number} made of?",
                    "answers": [
                        {"text": f"stone{number}", "answer_start": len(f"The {word} of place {number} is made of ")}
                    ],
                }
            ],
        }
        for number in range(300)
    ]
    return json.dumps({"data": [{"title": "Places", "paragraphs": paragraphs}]})


CASES: dict[str, tuple[Callable[[str], str], dict[str, Any], str]] = {
    "niah": (essay, {"haystack": "essay"}, "corpus"),
    "vt": (essay, {"haystack": "essay"}, "corpus"),
    "mdqa": (questions, {}, "file"),
}


@pytest.mark.parametrize("task", CASES)
def test_a_build_whose_text_changes_publishes_nothing(task: str, tmp_path: Path, small: str) -> None:
    write, settings, setting = CASES[task]
    path = tmp_path / "in.txt" if write is essay else tmp_path / "in.json"
    path.write_text(write("tower"))
    recipe = {
        "name": "d",
        "seq_length": "1k",
        "shard_rows": 2,
        "tokenizer": {"source": small},
        "mix": [{"task": task, "length": "1k", "n": 6, "settings": {**settings, setting: str(path)}}],
    }

    def change(event: Event) -> None:
        if isinstance(event, Planned):
            path.write_text(write("towel"))

    with pytest.raises(ChangedError, match=rf"{path.name} changed since the build was planned: put back what it was"):
        lcdata.build(recipe, tmp_path / "d", workers=0, tell=change)
    assert not (tmp_path / "d").exists()
    path.write_text(write("tower"))
    resumed = lcdata.build(recipe, tmp_path / "d", workers=0)
    lcdata.build(recipe, tmp_path / "e", workers=0)
    assert resumed.manifest.inputs == {str(path): hashlib.sha256(path.read_bytes()).hexdigest()}
    for name in ("data/d/train-00000-of-00003.parquet", "docs/d/train-00002-of-00003.parquet"):
        assert (tmp_path / "d" / name).read_bytes() == (tmp_path / "e" / name).read_bytes()
