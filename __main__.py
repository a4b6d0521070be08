"""The command line: commands by name, and every failure as one line with an exit code."""

import os
import shlex
import sys
import traceback
import warnings
from typing import NoReturn

import click

from . import __version__
from .pipelines.commands.group import Commands, asks_for_json
from .pipelines.commands.interrupts import Terminated, end_at_once, hear_interrupts, hear_no_more, interrupted_by
from .schemas.errors import LcdataError, ResumableError
from .schemas.secrets import without_secrets

_TERMINATED, _INTERRUPTED = 4, 130
"""Exit codes of what can be resumed."""


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "LCDATA"})
@click.version_option(__version__, prog_name="lcdata")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def cli(debug: bool) -> None:
    """Long-context training data: exact in length and tokens, document-masked, reproducible.

    lcdata COMMAND --help says more. Every option can also be set in the environment, as LCDATA_GEN_SEED=7 or for all
    commands as LCDATA_SEED=7.
    """


def main() -> None:
    """Run the command line; every failure is one line and an exit code."""
    hear_interrupts()
    try:
        _run()
    except SystemExit as end:
        hear_no_more(end.code if isinstance(end.code, int) else 1)
        raise


def _run() -> NoReturn:
    # Arrow's own allocator gives pages back between row groups and takes them anew, up to a tenth of a worker's time.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    warnings.showwarning = _show_warning
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1 or bool(os.environ.get("LCDATA_DEBUG"))
    try:
        code = cli.main(arguments, standalone_mode=False, prog_name="lcdata")
        sys.exit(code if isinstance(code, int) else 0)
    except (Terminated, KeyboardInterrupt, click.Abort) as error:
        _interrupted(interrupted_by() or type(error))
    except Exception as error:
        interrupt = interrupted_by()
        if interrupt is not None:  # in code that makes an error of its own of it
            _interrupted(interrupt)
        _failed(error, debug)


def _failed(error: Exception, debug: bool) -> NoReturn:
    """Say in one line what went wrong, and end with its exit code."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        sys.exit(2)
    if isinstance(error, click.ClickException):
        _fail(" ".join(error.format_message().split()), error.exit_code)
    if isinstance(error, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    told = _of_surroundings(error)
    if debug:
        print(without_secrets("".join(traceback.format_exception(error))), file=sys.stderr)
    if told is None:
        _fail(f"{type(error).__name__}: {error} (this is a defect of lcdata: run again with --debug and report it)", 1)
    _fail(str(told), told.exit_code)


def _of_surroundings(error: Exception) -> LcdataError | None:
    """The error to tell where the user, the machine or the disk is at fault; None for a defect of lcdata."""
    if isinstance(error, LcdataError):
        return error
    if isinstance(error, MemoryError):
        return ResumableError("there is too little memory: run the same command again with fewer --workers")
    if isinstance(error, OSError):
        from .pipelines.run.files import storage_error

        return storage_error(error, None)
    return None


def _interrupted(interrupt: type[BaseException]) -> NoReturn:
    code = _TERMINATED if interrupt is Terminated else _INTERRUPTED
    hear_no_more(code)
    again = shlex.join(["lcdata", *map(without_secrets, sys.argv[1:])])
    _tell(f"interrupted; what was finished is safe. To go on:\n  {again}", code)
    end_at_once(code)


def _fail(message: str, code: int) -> NoReturn:
    _tell(message, code)
    sys.exit(code)


def _tell(message: str, code: int) -> None:
    message = without_secrets(message)
    if asks_for_json(sys.argv):
        from .pipelines.commands.words.output import emit
        from .schemas.events.event import Failed

        emit(Failed(message=message, exit_code=code))
    print(f"lcdata: {message}", file=sys.stderr)


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    message = without_secrets(str(message))
    if asks_for_json(sys.argv):
        from .pipelines.commands.words.output import emit
        from .schemas.events.event import Warned

        emit(Warned(message=message))
    print(f"lcdata: warning: {message}", file=sys.stderr)


if __name__ == "__main__":
    main()
