"""The commands, each loaded when it is wanted: a command is a file of this folder that holds a function of its name."""

import os
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import click
from click.core import ParameterSource

from ...schemas.errors import UsageError
from ...schemas.problems import did_you_mean
from .options import HEADINGS

SECTIONS = {
    "Make": ("gen", "build", "ingest", "plan", "recipes"),
    "Look": ("tasks", "show", "inspect", "report"),
    "Prove": ("verify", "check", "compare", "doctor"),
    "Hand on": ("export", "push", "score"),
    "Again and again": ("serve", "schedule", "submit"),
    "Set up": ("completion", "schema"),
}
"""The names of all commands, by the sections in which help lists them."""


class Commands(click.Group):
    """A group that imports a command's file when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, section by section."""
        return [name for names in SECTIONS.values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, None where there is none."""
        if cmd_name not in self.list_commands(ctx):
            return None
        return getattr(import_module(f".{cmd_name}", __package__), cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that arguments begin with; a usage error with the nearest name where there is none."""
        if args[0] not in self.list_commands(ctx):
            ctx.fail(f"No such command {args[0]!r}.{did_you_mean(args[0], self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a list of commands for each section."""
        width = max(map(len, self.list_commands(ctx)))
        for section, names in SECTIONS.items():
            commands = [(name, self.get_command(ctx, name)) for name in names]
            limit = formatter.width - width - 6
            rows = [(name.ljust(width), command.get_short_help_str(limit)) for name, command in commands if command]
            with formatter.section(section):
                formatter.write_dl(rows)


_PREFIX = "LCDATA"
_COMMON = "Every command"
_NUM_COMMON = 3


class _Command(click.Command):
    """A command with the options that every command has, of which one `Output` is chosen."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params += [
            click.Option(
                ["--json", "as_json"],
                is_flag=True,
                help="Tell programs what happens: a JSON object a line on stdout.",
            ),
            click.Option(
                ["-q", "--quiet"],
                is_flag=True,
                help="Say nothing but warnings, errors and what was asked for.",
            ),
            click.Option(["-v", "--verbose"], is_flag=True, help="Say on stderr what takes time."),
        ]
        for option in self.params:
            if isinstance(option, click.Option):
                option.envvar = environment_variables(self.name or "", option)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under their headings, those of every command last."""
        headings: dict[str, list[tuple[str, str]]] = {}
        common = self.params[-_NUM_COMMON:]
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                is_common = parameter in common or parameter is self.get_help_option(ctx)
                heading = _COMMON if is_common else HEADINGS.get(parameter, "Options")
                headings.setdefault(heading, []).append(record)
        for heading in sorted(headings, key=lambda heading: heading == _COMMON):
            with formatter.section(heading):
                formatter.write_dl(headings[heading])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command with its output as the context's object."""
        from .words.output import choose_output

        as_json, quiet, verbose = (ctx.params.pop(name) for name in ("as_json", "quiet", "verbose"))
        ctx.obj = choose_output(as_json=as_json, quiet=quiet, verbose=verbose)
        with ctx.obj:
            return super().invoke(ctx)


class Family(click.Group):
    """A command that is several, by a second word."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that arguments begin with; a usage error with the nearest name where there is none."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            ctx.fail(f"No such command {ctx.info_name} {args[0]!r}.{did_you_mean(args[0], self.commands)}")
        return super().resolve_command(ctx, args)


def environment_variables(command: str, option: click.Option) -> list[str]:
    """The names under which an option can be set in the environment, of which the first that is set counts."""
    written = next(name for name in option.opts if name.startswith("--")).lstrip("-")
    return [_variable(command, written), _variable(written)]


def _variable(*names: str) -> str:
    return "_".join((_PREFIX, *names)).replace("-", "_").upper()


def command(function: Callable[..., object]) -> click.Command:
    """Make a command of a function, which is called as it is and gets the `Output` as its first argument."""
    return click.command(cls=_Command)(click.pass_obj(function))


def asks_for_json(arguments: Sequence[str]) -> bool:
    """Whether a command line, or the environment, wants JSON; for what fails before its options are read."""
    command = next((argument for argument in arguments[1:] if not argument.startswith("-")), "")
    said = next(filter(None, map(os.environ.get, (_variable(command, "json"), _variable("json")))), False)
    try:
        return "--json" in arguments or click.BOOL.convert(said, None, None)
    except click.BadParameter:  # which fails by itself, in words for people
        return False


def refuse_written(names: set[str], of: str) -> None:
    """Raise UsageError where one of these options was written, which means nothing here."""
    context = click.get_current_context()
    for option in context.command.params:
        is_written = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        if option.name in names and is_written:
            raise UsageError(f"{option.opts[0]} is for {of}: leave it out")
