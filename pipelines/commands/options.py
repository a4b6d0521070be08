"""Options that several commands have, and values that a shell can complete."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import click
from click.shell_completion import CompletionItem

from ...schemas.place import is_url, place_of

HEADINGS: WeakKeyDictionary[click.Parameter, str] = WeakKeyDictionary()
"""The heading under which help shows an option, where it has one of its own."""

C = TypeVar("C", bound=Callable[..., object])


class _Known(click.ParamType[str]):
    """Text of which some values are known; what it is to mean is decided by whoever reads it."""

    def __init__(self, name: str, known: Callable[[click.Context], Iterable[CompletionItem]]) -> None:
        self.name = name
        self._known = known

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The known values that begin with what is typed."""
        return [item for item in self._known(ctx) if item.value.startswith(incomplete)]


def _tasks(context: click.Context) -> Iterable[CompletionItem]:
    from ...generators.description import Description
    from ...generators.registry import tasks

    return [CompletionItem(name, help=Description.of(name).summary) for name in tasks()]


def _presets(context: click.Context) -> Iterable[CompletionItem]:
    """Presets of the task that is written already, else of all tasks."""
    from ...generators.registry import tasks

    chosen = context.params.get("task")
    kinds = [kind for name, kind in tasks().items() if chosen in (None, name)]
    return [CompletionItem(preset, help=kind.name) for kind in kinds for preset in kind.presets]


def _settings(context: click.Context) -> Iterable[CompletionItem]:
    """Settings of the task that is written already."""
    from ...generators.description import Description
    from ...generators.registry import tasks

    chosen = context.params.get("task")
    if chosen not in tasks():
        return []
    return [CompletionItem(f"{setting.name}=", help=setting.meaning) for setting in Description.of(chosen).settings]


TASK = _Known("task", _tasks)
PRESET = _Known("preset", _presets)
SETTING = _Known("key=value", _settings)
PATH = click.Path(path_type=Path)


class _Place(click.Path):
    """A path of this machine, or a URL of an object store."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The place that `value` means; UsageError where no such place can be reached."""
        return place_of(value) if is_url(value) else super().convert(value, param, ctx)


PLACE = _Place()


class Choices(click.ParamType[str]):
    """One of some names, which are found when they are wanted: what knows them takes time to import."""

    name = "choice"

    def __init__(self, names: Callable[[], Iterable[str]]) -> None:
        self._names = names

    @property
    def choices(self) -> tuple[str, ...]:
        """The names to choose from."""
        return tuple(self._names())

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """All names, as help shows them."""
        return f"[{'|'.join(self.choices)}]"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The chosen name, an error where it is none of the names."""
        return click.Choice(self.choices).convert(value, param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The names that begin with what is typed."""
        return [CompletionItem(name) for name in self.choices if name.startswith(incomplete)]


def together(heading: str, *options: Callable[[C], C]) -> Callable[[C], C]:
    """Several options as one decorator, in the order in which help shows them, under a heading of their own."""

    def decorate(function: C) -> C:
        before = len(getattr(function, "__click_params__", ()))
        for option in reversed(options):
            function = option(function)
        for parameter in getattr(function, "__click_params__", ())[before:]:
            HEADINGS[parameter] = heading
        return function

    return decorate


_tokenizer_options = (
    click.option(
        "--tokenizer", metavar="NAME", default="embedded", show_default=True, help="A file, a folder or a Hub id."
    ),
    click.option(
        "--bos",
        metavar="TOKEN",
        multiple=True,
        help="Token before every document, repeatable; `none` for nothing. [default: the tokenizer's]",
    ),
    click.option(
        "--eos",
        metavar="TOKEN",
        multiple=True,
        help="Token after every document, repeatable. [default: the tokenizer's]",
    ),
    click.option(
        "--control-token",
        "control_tokens",
        metavar="TOKEN",
        multiple=True,
        help="Added token that text is never to make, see `lcdata doctor`; repeatable.",
    ),
    click.option(
        "--text-token",
        "text_tokens",
        metavar="TOKEN",
        multiple=True,
        help="Control token that text is to make all the same; repeatable.",
    ),
)
_chat_template_option = click.option("--chat-template", metavar="PATH", help="A Jinja file. [default: the tokenizer's]")
_chat_options = (
    _chat_template_option,
    click.option("--chat-date", metavar="DATE", help="What a chat template is told of today. [default: 2026-01-01]"),
)

chat_options = together("Tokens", *_chat_options)
"""Options of how conversations are laid out."""

examined_options = together("Tokens", *_tokenizer_options, _chat_template_option)
"""Options of a tokenizer and what is control in it."""

tokenizer_options = together(
    "Tokens",
    *_tokenizer_options,
    click.option("--engine", type=click.Choice(["fastokens", "tokenizers"]), help="What encodes. [default: fastokens]"),
)
"""Options of how text becomes tokens."""

sample_options = together(
    "Samples",
    click.option(
        "--seed",
        metavar="N",
        type=click.IntRange(0, 2**63 - 1),
        default=0,
        show_default=True,
        help="Of all randomness; different seeds share nothing.",
    ),
    click.option(
        "--split",
        type=click.Choice(["train", "validation", "test"]),
        default="train",
        show_default=True,
        help="Set that the samples are of; sets share no question and no answer, whatever their seeds.",
    ),
    click.option("--preset", type=PRESET, help="Settings that a benchmark uses, see `lcdata tasks NAME`."),
    click.option(
        "--set",
        "settings",
        type=SETTING,
        multiple=True,
        metavar="KEY=VALUE",
        help="A setting of the task, also over a preset's; repeatable.",
    ),
    click.option("--haystack", metavar="PATH", help="A corpus to hide needles in: a file or a folder."),
    click.option("--template", multiple=True, metavar="ID", help="Use only this wording; repeatable."),
    click.option("--templates", type=PATH, help="Your own wordings in YAML, see `lcdata tasks NAME --templates`."),
    click.option(
        "--format",
        "layout",
        type=click.Choice(["plain", "chat"]),
        default="plain",
        show_default=True,
        help="Chat: one turn each, in the tokenizer's chat template.",
    ),
    *_chat_options,
)
"""Options of what samples are made of."""

where_options = together(
    "Run",
    click.option(
        "--workers",
        metavar="N",
        type=click.IntRange(0),
        help="Processes; 0 for this one. [default: by the size of the work]",
    ),
    click.option("--address", metavar="HOST:PORT", help="A Ray cluster to run on."),
)
"""Options of where the work runs."""

push_options = together(
    "Hub",
    click.option("--public", is_flag=True, help="Make a new repository for everybody. [default: private]"),
    click.option("--revision", metavar="BRANCH", default="main", show_default=True, help="Branch to push to."),
    click.option("--pr", "pull_request", is_flag=True, help="Open a pull request, for somebody to merge."),
    click.option(
        "--mode",
        type=click.Choice(["replace", "append"]),
        default="replace",
        show_default=True,
        help="Readers get these rows alone, or after those that they have.",
    ),
    click.option(
        "--keep",
        metavar="K",
        type=click.IntRange(0),
        help="Older builds that stay there. [default: none; with append, all that are listed]",
    ),
    click.option("--tag", metavar="NAME", help="Name of the commit. [default: build-FINGERPRINT]"),
)
"""Options of how a dataset goes to the Hub."""

push_option = click.option("--push", "repository", metavar="ORG/NAME", help="Push it there too, see `lcdata push`.")

overwrite_option = click.option(
    "--overwrite", is_flag=True, help="Replace what is there when this is whole; a half-made other goes at once."
)

report_option = click.option(
    "--report", is_flag=True, help="Write its report when it is finished, see `lcdata report`."
)

recipe_options = together(
    "Recipe",
    click.argument("recipe", type=PATH),
    click.option("--store", type=PLACE, help="Where the recipe's corpora are, or are put. [default: as it says]"),
    click.option(
        "--set",
        "changes",
        multiple=True,
        metavar="PLACE=VALUE",
        help="Like seed=3 or stages.0.tokens=1M; repeatable.",
    ),
)
"""A recipe in a file, with options of its store and of changes to it."""

gate_options = together(
    "Gates",
    click.option(
        "--max-bad",
        metavar="SHARE",
        default="0.1%",
        show_default=True,
        help="Share of a corpus's records that may be unusable.",
    ),
    click.option(
        "--allow-damaged-files",
        metavar="N|SHARE",
        default="0",
        show_default=True,
        help="Inputs that may be cut short or damaged; what they still give is taken.",
    ),
    click.option(
        "--max-unwritten",
        metavar="SHARE",
        default="0.1%",
        show_default=True,
        help="Share of a corpus's tokens that may be unknown, or characters left out.",
    ),
)
"""Options of how much of its inputs an ingest may lose."""

service_option = click.option(
    "--service",
    metavar="DIR",
    type=PATH,
    default=Path("lcdata-service"),
    show_default=True,
    help="The service's folder, with its database and builds.",
)
"""Where the service's schedules and runs are."""

keep_option = click.option(
    "--keep",
    metavar="N",
    type=click.IntRange(0),
    default=0,
    help="Datasets of a schedule to keep, the newest. [default: all]",
)
"""How many datasets of a schedule stay."""

order_options = together(
    "Build",
    click.argument("recipe", type=PATH),
    click.option(
        "--set",
        "changes",
        multiple=True,
        metavar="PLACE=VALUE",
        help="Like 'seed={{ fire_date }}' or stages.0.tokens=1M; repeatable.",
    ),
    click.option("--push", metavar="ORG/NAME", help="The Hub dataset to push to, once all gates hold."),
    click.option(
        "--gate", "gates", metavar="NAME=VALUE", multiple=True, help="Like min_fill=99%; over the recipe's. Repeatable."
    ),
    click.option("--time-limit", metavar="TIME", help="Time that a run may take, such as 2h."),
    click.option(
        "--workers",
        metavar="N",
        type=click.IntRange(0),
        help="Processes; 0 for one. [default: by the size of the work]",
    ),
    click.option(
        "--address",
        metavar="HOST:PORT",
        help="A Ray cluster to build on; http://HOST:8265 has it do the build as a job.",
    ),
)
"""A recipe that a server builds, and what becomes of the dataset."""
