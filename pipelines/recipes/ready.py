"""The recipes that come with lcdata, and what a copy of one says."""

import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "recipes"

_INPUTS = re.compile(r"^( +inputs:) \[.*\]$", re.MULTILINE)
_EXAMPLES = "[]  # name your files here, such as [books.jsonl.zst, 'code/**/*.py']"


def names() -> list[str]:
    """Names of the recipes."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def copy_of(name: str, out: Path) -> tuple[str, int | None]:
    """The recipe for a file elsewhere, and the line on which inputs are left to name there, None where none are.

    Commands in its comment name that file; the schema, which does not lie there, goes.
    """
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines(keepends=True) if "yaml-language-server" not in line]
    copied = _INPUTS.sub(rf"\1 {_EXAMPLES}", "".join(lines)).replace(f"recipes/{name}.yaml", str(out))
    named = copied.partition(_EXAMPLES)
    return copied, named[0].count("\n") + 1 if named[1] else None
