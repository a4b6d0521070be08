"""Reference pages say what commands, events and files are, and those in docs/ are current."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from lcdata.__main__ import cli
from lcdata.pipelines.commands.words.reference import command_reference, pages

DOCS = Path(__file__).parents[4] / "docs"
PAGES = ("cli.md", "manifest.md")


@click.group
def shop() -> None:
    """Sell things."""


@shop.command()
@click.argument("things", nargs=-1, required=True)
@click.option("--wrap", type=click.Choice(["paper", "box"]), default="paper", show_default=True, help="In what.")
@click.option("--price", help="In cents. [default: as marked]")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), required=True, help="Of the lottery.")
@click.option("--till", help="Where the money goes.")
@click.option("--test", is_flag=True, hidden=True, help="Nobody needs this.")
@click.option("--quiet", is_flag=True, help="Say less.")
def sell(**_: object) -> None:
    """Sell some things

    at their price.
    """


@shop.command()
@click.option("--quiet", is_flag=True, help="Say less.")
@click.option("--wrap", help="Back out of what.")
def refund(**_: object) -> None:
    """Give the money back."""


@shop.command(hidden=True)
def audit() -> None:
    """Count the money."""


def sections(page: str) -> dict[str, str]:
    """The text below each heading of the second and third order."""
    parts = re.split(r"^###? (.+)$", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_a_command_is_told_with_usage_and_options() -> None:
    told = sections(command_reference(shop))["sell"]
    assert "Sell some things at their price." in told
    assert "lcdata sell [OPTIONS] THINGS..." in told
    assert "| `--wrap` | `paper` \\| `box` | paper | In what. |" in told
    assert "| `--price` | text | as marked | In cents. |" in told
    assert "| `--seed` | 0..2^63-1 | required | Of the lottery. |" in told
    assert "| `--till` | text |  | Where the money goes. |" in told


def test_what_is_hidden_is_not_told() -> None:
    page = command_reference(shop)
    assert "## audit\n" not in page
    assert "Count the money" not in page
    assert "--test" not in page


def test_an_option_of_every_command_is_told_once() -> None:
    page = command_reference(shop)
    assert page.count("| `--quiet` |") == 1
    assert "--quiet" not in sections(page)["sell"]
    assert "Back out of what." in sections(page)["refund"], "another option of the same name is told where it is"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_current(name: str) -> None:
    assert (DOCS / name).read_text() == pages(cli)[name], "run `make gallery`"


def test_every_page_is_held_current() -> None:
    assert set(pages(cli)) == set(PAGES)


def test_every_command_is_told() -> None:
    told = sections(pages(cli)["cli.md"])
    context = click.Context(cli)
    names = [
        name
        for name in cli.list_commands(context)
        if (command := cli.get_command(context, name)) and not command.hidden
    ]
    assert len(names) > 10
    assert set(names) - {"schedule"} <= set(told)
    assert {"schedule add", "schedule backfill", "schedule run-now"} <= set(told)


def field_rows(page: str) -> Iterator[str]:
    """The rows of tables of fields and columns."""
    for table in re.findall(r"^\| (?:field|column) \|.*\n\| --- .*\n((?:\|.*\n)+)", page, re.MULTILINE):
        yield from table.splitlines()


@pytest.mark.parametrize("name", PAGES)
def test_every_field_says_what_it_means(name: str) -> None:
    rows = list(field_rows(pages(cli)[name]))
    assert len(rows) > 50
    assert not [row for row in rows if row.endswith("|  |")]
    assert not [row for row in rows if "any value" in row]
