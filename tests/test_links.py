"""What the documentation points at is there: files, headings, commands with their options, targets of make, recipes."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from lcdata.__main__ import cli
from lcdata.pipelines.recipes.recipe_file import read_recipe

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "AGENTS.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

PLACEHOLDERS = {"PROFILE": "olmo-core", "HOST:PORT": "10.0.0.1:6379"}
"""What stands for a value that must be one of some."""
LEFT_OUT = {"...", "…"}
"""What stands for options and arguments that are not written down."""


def prose(text: str) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def slugs(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    """Where a page's links lead that stay in the repository."""
    found = re.findall(r"\]\(([^()\s]+)\)", prose(page.read_text()))
    return [link for link in found if not link.startswith(("http://", "https://", "mailto:"))]


def target(page: Path, link: str) -> tuple[Path, str]:
    """The file and the anchor that a link names."""
    place, _, anchor = link.partition("#")
    return (page.parent / place).resolve() if place else page, anchor


def broken(page: Path) -> Iterator[str]:
    """Links of a page that lead nowhere."""
    for link in links(page):
        path, anchor = target(page, link)
        if not path.exists() or not path.is_relative_to(ROOT) or (anchor and anchor not in slugs(path)):
            yield link


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_to_a_file_and_a_heading(name: str) -> None:
    assert list(broken(ROOT / name)) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A `b` — c!\n[1](#a-b--c) [2](#a-b) [3](page.md) [4](gone.md)\n```\n[5](#code)\n```\n[6](https://x)\n"
    )
    assert [link for link in links(page) if not target(page, link)[0].exists()] == ["gone.md"]
    assert slugs(page) == {"a-b--c"}
    assert links(page) == ["#a-b--c", "#a-b", "page.md", "gone.md"]


def test_every_page_is_reached_from_the_readme() -> None:
    reached = [ROOT / "README.md"]
    for page in reached:
        if page.suffix == ".md":
            found = {target(page, link)[0] for link in links(page)}
            reached += [path for path in sorted(found) if path.is_file() and path not in reached]
    assert sorted(path.name for path in (ROOT / "docs").iterdir() if path not in reached) == []
    assert {"CHANGELOG.md", "AGENTS.md"} <= {path.name for path in reached}


def blocks(page: Path) -> list[str]:
    """The command lines in a page's blocks of code."""
    found = re.findall(r"^```(\S*)[^\n]*\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    shell = [block.replace("\\\n", " ") for language, block in found if language in ("", "sh")]
    lines = [line for block in shell for line in block.splitlines()]
    return [line for line in lines if line.startswith("lcdata ")]


def spans(page: Path) -> list[str]:
    """The commands in a page's text, which often name no more than an option."""
    found = re.findall(r"`([^`]+)`", prose(page.read_text()))
    return [" ".join(span.split()) for span in found if span.startswith("lcdata ")]


def check(line: str, is_whole: bool) -> None:
    """Parse a command line without running it; click's error where it has no such command, option or value.

    Required options and the values of others are looked at in whole lines alone: not where something is left out, or
    where brackets stand around what may be.
    """
    _, name, *words = [PLACEHOLDERS.get(word, word) for word in shlex.split(line.partition(" > ")[0], comments=True)]
    command = cli.get_command(click.Context(cli), name)
    if command is None:
        raise click.UsageError(f"no command {name}")
    if isinstance(command, click.Group) and words:
        if words[0] not in command.commands and set("|[") & set(words[0]):
            return
        command, words = command.commands[words[0]], words[1:]
    if is_whole and not LEFT_OUT & set(words) and "[" not in line:
        command.make_context(name, words)
        return
    known = {option for param in command.params for option in (*param.opts, *param.secondary_opts)}
    for word in words:
        option = word.strip("[]").partition("=")[0]
        if option.startswith("--") and option not in {*known, "--help"}:
            raise click.NoSuchOption(option)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_exists_with_its_options(name: str) -> None:
    page = ROOT / name
    for line, is_whole in (*((line, True) for line in blocks(page)), *((line, False) for line in spans(page))):
        try:
            check(line, is_whole)
        except click.UsageError as error:
            pytest.fail(f"{line}: {error.format_message()}")


@pytest.mark.parametrize(
    ("line", "is_whole"),
    [
        ("lcdata gem --task kv", False),
        ("lcdata gen --task kv --n 1000", True),
        ("lcdata gen --task kv --length 1k --numbr 5", True),
        ("lcdata gen --task kv --numbr 5 ...", True),
        ("lcdata gen --numbr", False),
        ("lcdata check DIR --for nobody", True),
        ("lcdata export DIR --to PROFILE [--confg NAME]", True),
    ],
)
def test_a_command_that_does_not_exist_is_found(line: str, is_whole: bool) -> None:
    with pytest.raises(click.UsageError):
        check(line, is_whole)


def test_commands_are_found_in_blocks_and_in_text() -> None:
    assert len(blocks(ROOT / "README.md")) >= 10
    assert sum(len(blocks(page)) for page in PAGES) >= 30
    assert sum(len(spans(page)) for page in PAGES) >= 30


@pytest.mark.parametrize("name", NAMES)
def test_every_target_of_make_exists(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    text = (ROOT / name).read_text()
    named = re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE)
    assert [one for one in named if f"\n{one}: " not in makefile and f"\n{one}:\n" not in makefile] == []


def recipes() -> list[str]:
    """The recipes that pages show."""
    pages = [ROOT / "README.md", ROOT / "docs" / "recipes.md"]
    return [
        block
        for page in pages
        for block in re.findall(r"^```yaml\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    ]


@pytest.mark.parametrize("number", range(5))
def test_every_recipe_is_one(number: int, tmp_path: Path) -> None:
    shown = recipes()
    assert len(shown) == 5
    (tmp_path / "recipe.yaml").write_text(shown[number])
    assert read_recipe(tmp_path / "recipe.yaml").stages


def test_the_figures_of_the_readme_are_those_of_the_page_on_speed() -> None:
    (told,) = re.findall(r"^- \*\*Fast\.\*\*.*?\n\n", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    (row,) = re.findall(r"^\| 128k \|.*$", (ROOT / "docs" / "speed.md").read_text(), re.MULTILINE)
    cells = [cell.strip() for cell in row.split("|")]
    one_worker, over_ruler = cells[2], cells[11]
    assert f"{one_worker} million tokens" in told
    assert over_ruler.endswith("×")
    assert over_ruler in told
