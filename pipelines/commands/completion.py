"""`lcdata completion`: scripts by which shells complete commands, options, tasks and presets."""

import click
from click.shell_completion import get_completion_class

from ...schemas.errors import LcdataError
from .group import command
from .options import Choices
from .words.output import Output

_PROGRAM = "lcdata"


@command
@click.argument("shell", type=Choices(lambda: ("bash", "zsh", "fish")))
def completion(output: Output, shell: str) -> None:
    """Print a script by which a shell completes lcdata.

    bash: add `eval "$(lcdata completion bash)"` to ~/.bashrc. zsh: the same with zsh in ~/.zshrc. fish: write it to
    ~/.config/fish/completions/lcdata.fish.
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise LcdataError(f"click knows no completion for {shell}: choose bash, zsh or fish")
    root = click.get_current_context().find_root().command
    output.text(kind(root, {}, _PROGRAM, f"_{_PROGRAM.upper()}_COMPLETE").source())
