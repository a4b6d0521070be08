"""What is written about the tasks is what the tasks are."""

from pathlib import Path

import pytest

from lcdata.generators.description import Description
from lcdata.generators.registry import tasks
from lcdata.pipelines.commands.words.gallery import gallery


def test_the_gallery_is_current() -> None:
    written = (Path(__file__).parents[1] / "docs" / "tasks.md").read_text()
    assert written == gallery(), "run `make gallery`"


@pytest.mark.parametrize("name", tasks())
def test_every_task_says_what_it_teaches_and_where_it_comes_from(name: str) -> None:
    task = Description.of(name)
    assert task.about.startswith("Teaches ")
    assert "Source: " in task.about
    assert "Left out: " in task.about
    assert all(setting.meaning and setting.range for setting in task.settings)
    assert f"## {name}\n" in gallery()
