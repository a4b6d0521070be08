"""`python -m lcdata.pipelines.service.playing`: the page of the sample that stdin asks for, as the playground shows it.

It ends with 1 where no sample can be made, and then says why on stdout.
"""

import json
import sys
from typing import Any

from ...schemas.errors import LcdataError
from ...schemas.tokens import EMBEDDED
from .playground import Asked


def main() -> int:
    """Make the sample and write its page."""
    content: dict[str, Any] = json.load(sys.stdin)
    settings = tuple[str, ...](content.pop("settings"))
    asked = Asked(**content, settings=settings)
    try:
        page = _page(asked)
    except LcdataError as error:
        sys.stdout.write(str(error))
        return 1
    sys.stdout.buffer.write(page)
    return 0


def _page(asked: Asked) -> bytes:
    from ...packers.tokens.tokenizer import load_tokenizer
    from ..making.sequence import SampleSource, quick_engine
    from ..recipes.flags import task_recipe
    from ..reporting.one_sample import sample_page

    flags: dict[str, Any] = {
        "seed": int(asked.seed),
        "tokenizer": EMBEDDED,
        "layout": "plain",
        "template": (),
        "haystack": None,
        "templates": None,
        "split": "train",
    }
    index, preset = int(asked.index), asked.preset or None
    recipe = task_recipe(asked.task, asked.length, str(index + 1), preset, asked.settings, **flags)
    engine = quick_engine(recipe)
    made = SampleSource(recipe, engine).make(index)
    return sample_page(made.document, load_tokenizer(recipe.tokenizer, engine))


if __name__ == "__main__":
    sys.exit(main())
