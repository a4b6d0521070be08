"""`lcdata doctor`: whether this machine can do the work."""

from pathlib import Path
from typing import Any

from .group import command
from .options import examined_options
from .words.console import console
from .words.output import Output


@command
@examined_options
def doctor(output: Output, **flags: Any) -> int:
    """Check versions, tokenizer, cores, memory and disk.

    Of the tokenizer it lists the control tokens, which text never makes, and the other added tokens, which it does.
    """
    from rich.markup import escape

    from ...schemas.events.judged import Found
    from ..doctor import doctor as examine
    from ..recipes.flags import tokenizer_choice

    def print_all(found: list[Found]) -> None:
        for finding in found:
            mark = "[green]ok  [/green]" if finding.holds else "[red]FAIL[/red]"
            console().print(f"{mark} {finding.subject:<10} {escape(finding.detail)}")

    found = list(examine(tokenizer_choice(flags), Path.cwd()))
    output.show(found, lambda: print_all(found))
    return 0 if all(finding.holds for finding in found) else 1
