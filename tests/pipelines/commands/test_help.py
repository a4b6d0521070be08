"""Help as a stranger reads it: whole at 80 columns, words for every option, and there at once."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from lcdata.__main__ import cli
from lcdata.pipelines.commands import group
from lcdata.pipelines.commands.options import Choices

ROOT = click.Context(cli, info_name="lcdata", terminal_width=80, max_content_width=80)
TOP = cli.list_commands(ROOT)
FAMILIES = {name: found for name in TOP if isinstance(found := cli.get_command(ROOT, name), click.Group)}
NAMES = [name for name in TOP if name not in FAMILIES]
NAMES += [f"{family} {name}" for family, group_of in FAMILIES.items() for name in group_of.commands]
HEAVY = ("datasets", "fastokens", "numpy", "pyarrow", "pydantic", "ray", "rich", "tokenizers", "torch")


def command(name: str) -> click.Command:
    """A command by its name."""
    family, _, member = name.partition(" ")
    found = cli.get_command(ROOT, family)
    assert found is not None
    return found.commands[member] if isinstance(found, click.Group) and member else found


def test_every_file_of_the_folder_that_holds_a_command_is_listed() -> None:
    files = {path.stem for path in Path(group.__file__).parent.glob("*.py")}
    assert files - {"__init__", "group", "interrupts", "options"} == set(TOP)
    assert len(TOP) == len(set(TOP))


def test_summaries_are_whole_at_80_columns() -> None:
    text = cli.get_help(ROOT).partition("Make:\n")[2]
    assert "..." not in text
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
    for name in TOP:
        summary = (command(name).help or "").splitlines()[0]
        assert summary.endswith(".")
        assert f"  {name:<10}  {summary}\n" in text + "\n"


@pytest.mark.parametrize("name", NAMES)
def test_every_option_has_words_and_the_common_ones_are_the_same_everywhere(name: str) -> None:
    context = click.Context(command(name), info_name=name, parent=ROOT, terminal_width=80, max_content_width=80)
    options = [parameter for parameter in command(name).params if isinstance(parameter, click.Option)]
    assert all(option.help and option.help[-1] in ".]" for option in options)
    assert [option.opts for option in options[-3:]] == [["--json"], ["-q", "--quiet"], ["-v", "--verbose"]]
    text = command(name).get_help(context)
    for option in options:
        assert (option.opts[-1] in text) is not option.hidden
    wide = [line for line in text.splitlines() if len(line) > 80]
    assert all(line.lstrip().startswith("--") for line in wide), "only a list of choices may be wider"
    for argument in command(name).params:
        if isinstance(argument, click.Argument) and not isinstance(argument.type, click.Choice | Choices):
            assert argument.make_metavar(context).strip("[].") in text.partition("\n\n")[2] or name in ("show", "tasks")


def test_help_imports_nothing_that_takes_time() -> None:
    program = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from lcdata.__main__ import cli\n"
        "assert 'Make samples of a task' in CliRunner().invoke(cli, ['--help']).output\n"
        f"print([name for name in {HEAVY} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
