"""`lcdata doctor`: whether this machine can do the work."""

from pathlib import Path

import click

from .group import command
from .words.console import console
from .words.output import Output


@command
@click.option(
    "--tokenizer", metavar="NAME", default="embedded", show_default=True, help="A file, a folder or a Hub id."
)
def doctor(output: Output, tokenizer: str) -> int:
    """Check versions, tokenizer, cores, memory and disk."""
    from ...schemas.events.judged import Found
    from ...schemas.tokens import TokenizerChoice
    from ..doctor import doctor as examine

    def print_all(found: list[Found]) -> None:
        for finding in found:
            mark = "[green]ok  [/green]" if finding.holds else "[red]FAIL[/red]"
            console().print(f"{mark} {finding.subject:<10} {finding.detail}")

    found = list(examine(TokenizerChoice(source=tokenizer), Path.cwd()))
    output.show(found, lambda: print_all(found))
    return 0 if all(finding.holds for finding in found) else 1
