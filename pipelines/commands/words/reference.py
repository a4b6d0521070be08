"""Reference pages in Markdown, written from what they describe: click commands, events, and the models of files."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from inspect import cleandoc
from textwrap import fill
from typing import Any, get_args

import click
import pyarrow as pa
from pydantic import BaseModel

from ....schemas.corpus import CorpusManifest
from ....schemas.errors import LcdataError
from ....schemas.events.kinds import event_kinds
from ....schemas.manifest import Manifest
from ....schemas.recipe import Recipe
from ....schemas.tables import DOCUMENT_COLUMNS, ROW_COLUMNS, Column

_WIDTH = 120
_WRITTEN = "Written by `make gallery` from {}.\n"
_DEFAULT = re.compile(r"\s*\[default: (.+)\]$")
"""A default that a command finds out when it runs, told at the end of an option's help."""
_NONE = re.compile(r"\bNone\b")
_TYPES = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
    "array": "list",
}
"""Types of JSON Schema as people say them."""


def pages(group: click.Group) -> dict[str, str]:
    """Every reference page by the name of its file in docs/."""
    return {"cli.md": command_reference(group), "manifest.md": file_reference()}


def command_reference(group: click.Group) -> str:
    """Every command of a command line with its arguments and options, the exit codes, and the events that it prints."""
    context = _context(group, "lcdata")
    commands = _commands(group, context)
    common = _common_options(commands)
    lines = ["# Command line", "", _WRITTEN.format("the commands themselves"), *_contents(commands)]
    lines += ["Options of `lcdata` itself, written before the command:", ""]
    lines += _option_table(_options(group), context)
    if common:
        lines += ["Options of every command:", "", *_option_table(common.values(), commands[0])]
    lines += [
        *_prose(
            "What is not given as an option is taken from the environment: `--shard-rows` of `gen` from "
            "`LCDATA_GEN_SHARD_ROWS`, else from `LCDATA_SHARD_ROWS`, which all commands read that have this option. Of "
            "an option that may be repeated, values are separated by spaces there; one that has no value is set by "
            "`1` or `true`. `-h` or `--help` after a command prints its options."
        ),
    ]
    for command in commands:
        lines += _command_section(command, set(common))
    return "\n".join([*lines, *_exit_codes(), *_event_sections()])


def file_reference() -> str:
    """The files of a dataset and of a stored corpus: manifests field by field, Parquet files column by column."""
    recipe = list(_models(Recipe))
    manifest = [model for model in _models(Manifest) if model not in recipe]
    corpus = [model for model in _models(CorpusManifest) if model not in (*recipe, *manifest)]
    lines = [
        "# Files",
        "",
        _WRITTEN.format("the models and schemas that write the files"),
        *_prose(
            "A dataset's folder holds `lcdata.json`, `recipe.yaml`, a card `README.md`, and for each config Parquet "
            "files of [rows](#rows) in `data/CONFIG/` and of the [document table](#document-table) in `docs/CONFIG/`, "
            "file by file about the same documents. A store holds a folder for each corpus with its "
            "[`corpus.json`](#corpusjson)."
        ),
        "## Rows",
        "",
        *_prose("A record of `data/CONFIG/train-*.parquet` is a packed sequence. No column holds nulls."),
        *_column_table(ROW_COLUMNS),
        "## Document table",
        "",
        *_prose(
            "A record of `docs/CONFIG/train-*.parquet` is a document of a row: a sample, an organic document or a "
            "piece of one. Records stand in the order of rows, and in a row in the order of its documents."
        ),
        *_column_table(DOCUMENT_COLUMNS),
        "## lcdata.json",
        "",
        *_prose(
            "The manifest of a dataset. It is written when everything else in the folder is on disk: a folder with "
            "this file is a finished dataset."
        ),
        *_model_sections(manifest),
        "## recipe.yaml",
        "",
        *_prose(
            "The recipe with all its defaults, which is `recipe` in `lcdata.json` as well. How to write one, and what "
            "may be written besides, is told in [recipes.md](recipes.md)."
        ),
        *_model_sections(recipe, with_defaults=True),
        "## corpus.json",
        "",
        *_prose("The manifest of a stored corpus, written last too."),
        *_model_sections(corpus),
    ]
    return "\n".join(lines)


def _context(command: click.Command, name: str, parent: click.Context | None = None) -> click.Context:
    return command.make_context(name, [], parent, resilient_parsing=True)


def _commands(group: click.Group, context: click.Context) -> list[click.Context]:
    """The commands that are not hidden, those of a family one by one, each with the context that it is run in."""
    found = [(name, group.get_command(context, name)) for name in group.list_commands(context)]
    contexts = [_context(each, name, context) for name, each in found if each is not None and not each.hidden]
    return [inner for each in contexts for inner in _members(each)]


def _members(context: click.Context) -> list[click.Context]:
    """The commands of a family, or the command itself."""
    return _commands(context.command, context) if isinstance(context.command, click.Group) else [context]


def _name(context: click.Context) -> str:
    """What is written after `lcdata`: `gen`, `schedule add`."""
    return context.command_path.partition(" ")[2]


def _options(command: click.Command) -> list[click.Option]:
    return [param for param in command.params if isinstance(param, click.Option) and not param.hidden]


def _common_options(commands: Sequence[click.Context]) -> dict[tuple[str, ...], click.Option]:
    """The options that every command has with the same meaning, by how they are written."""
    first, *others = [{tuple(option.opts): option for option in _options(context.command)} for context in commands]
    return {
        opts: option
        for opts, option in first.items()
        if all(opts in other and other[opts].help == option.help for other in others)
    }


def _contents(commands: Sequence[click.Context]) -> list[str]:
    rows = [
        (f"[`{_name(context)}`](#{_name(context).replace(' ', '-')})", context.command.get_short_help_str(200))
        for context in commands
    ]
    return [*_table(("command", "what it does"), rows), "Then: [exit codes](#exit-codes), [events](#events).", ""]


def _command_section(context: click.Context, common: set[tuple[str, ...]]) -> list[str]:
    command = context.command
    own = [option for option in _options(command) if tuple(option.opts) not in common]
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    lines = [f"## {_name(context)}", "", *_prose(" ".join(cleandoc(command.help or "").split()))]
    lines += ["```", usage, "```", ""]
    arguments = [(f"`{param.make_metavar(context)}`", meaning) for param, meaning in _explained_arguments(command)]
    if arguments:
        lines += _table(("argument", "meaning"), arguments)
    return [*lines, *(_option_table(own, context) if own else [])]


def _explained_arguments(command: click.Command) -> Iterator[tuple[click.Argument, str]]:
    for param in command.params:
        meaning = getattr(param, "help", None)
        if isinstance(param, click.Argument) and meaning:
            yield param, meaning


def _option_table(options: Iterable[click.Option], context: click.Context) -> list[str]:
    heads = ("option", "value", "default", "meaning")
    return _table(heads, [_option_cells(option, context) for option in options])


def _option_cells(option: click.Option, context: click.Context) -> tuple[str, ...]:
    meaning = " ".join((option.help or "").split())
    told = _DEFAULT.search(meaning)
    default = told[1] if told else option.get_help_extra(context).get("default", "")
    name = ", ".join(f"`{text}`" for text in (*option.opts, *option.secondary_opts))
    return (
        name,
        _value(option, context),
        "required" if option.required else default,
        _DEFAULT.sub("", meaning),
    )


def _value(option: click.Option, context: click.Context) -> str:
    kind = option.type
    if option.is_flag or option.count:
        return ""
    if option.metavar:
        return f"`{option.metavar}`"
    if isinstance(kind, click.Choice):
        return " | ".join(f"`{choice}`" for choice in kind.choices)
    if isinstance(kind, click.IntRange | click.FloatRange):
        return f"{'' if kind.min is None else kind.min}..{_largest(kind.max)}"
    return kind.name


def _largest(bound: float | None) -> str:
    return (
        "" if bound is None else f"2^{bound.bit_length()}-1" if isinstance(bound, int) and bound > 2**31 else str(bound)
    )


def _exit_codes() -> list[str]:
    failures = {kind.exit_code: cleandoc(kind.__doc__ or "") for kind in (LcdataError, *LcdataError.__subclasses__())}
    codes = {
        0: "What was asked for is done; what was checked holds.",
        **failures,
        130: "Ctrl-C; what was finished is safe, and the same command goes on.",
    }
    return ["## Exit codes", "", *_table(("code", "meaning"), [(str(code), codes[code]) for code in sorted(codes)])]


def _event_sections() -> list[str]:
    lines = [
        "## Events",
        "",
        *_prose(
            "With `--json` a command prints JSON objects on stdout, one a line, and everything else on stderr. `event` "
            "says the kind. A command's last line is its result or an `error`."
        ),
    ]
    kinds = event_kinds()
    for kind in kinds:
        event = kind.model_fields["event"].default
        lines += _model_section(kind, f"{event} ({kind.__name__})", leaving_out="event")
    parts = dict.fromkeys(model for kind in kinds for model in _models(kind) if model not in kinds)
    return [*lines, *_model_sections(list(parts))]


def _models(root: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A model and all that are in its fields, each once, the nearer ones first."""
    found = [root]
    for model in found:
        yield model
        for field in model.model_fields.values():
            if not field.exclude:
                found += [inner for inner in _models_in(field.annotation) if inner not in found]


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _model_sections(models: Sequence[type[BaseModel]], with_defaults: bool = False) -> list[str]:
    return [line for model in models for line in _model_section(model, model.__name__, with_defaults=with_defaults)]


def _model_section(model: type[BaseModel], title: str, leaving_out: str = "", with_defaults: bool = False) -> list[str]:
    schema = model.model_json_schema(mode="serialization", ref_template="{model}")
    fields = {name: field for name, field in model.model_fields.items() if name != leaving_out and not field.exclude}
    rows: list[tuple[str, ...]] = []
    for name, field in (*fields.items(), *model.model_computed_fields.items()):
        entry = schema["properties"][name]
        default = (_default(entry, name in schema.get("required", ())),) if with_defaults else ()
        meaning = _NONE.sub("`null`", " ".join((field.description or "").split()))
        rows.append((f"`{name}`", _type(entry), *default, meaning))
    heads = ("field", "type", *(("default",) if with_defaults else ()), "meaning")
    return [f"### {title}", "", *_prose(cleandoc(model.__doc__ or "")), *_table(heads, rows)]


def _default(entry: Mapping[str, Any], is_required: bool) -> str:
    """What stands for a field that is left out, where that says more than nothing."""
    default = entry.get("default")
    if is_required:
        return "required"
    return "" if default in (None, "", [], {}) or isinstance(default, dict) else f"`{json.dumps(default)}`"


def _type(entry: Mapping[str, Any]) -> str:
    """A type of JSON Schema in words, with links to the models that are told elsewhere on the page."""
    if "$ref" in entry:
        return f"[{entry['$ref']}](#{entry['$ref'].lower()})"
    if "const" in entry or "enum" in entry:
        return " | ".join(f"`{value}`" for value in entry.get("enum", [entry.get("const")]))
    for several in ("anyOf", "oneOf"):
        if several in entry:
            return " or ".join(dict.fromkeys(map(_type, entry[several])))
    kind = entry.get("type")
    if "prefixItems" in entry:
        return f"list of {', '.join(map(_type, entry['prefixItems']))}"
    if kind == "array":
        return f"list of {_type(entry.get('items', {}))}"
    if kind == "object":
        inner = entry.get("additionalProperties")
        return f"object of {_type(inner)}" if isinstance(inner, dict) and inner else "object"
    types = kind if isinstance(kind, list) else [kind]
    return " or ".join(_TYPES.get(str(name), "any value") for name in types)


def _column_table(columns: Sequence[Column]) -> list[str]:
    rows = [
        (f"`{column.name}`", f"{_arrow(column.type)}{' or null' if column.nullable else ''}", column.meaning)
        for column in columns
    ]
    return _table(("column", "type", "meaning"), rows)


def _arrow(kind: pa.DataType) -> str:
    """An Arrow type without the names of list elements and without what is never null."""
    if pa.types.is_list(kind):
        return f"list of {_arrow(kind.value_type)}"
    if pa.types.is_struct(kind):
        return ", ".join(f"`{field.name}` {_arrow(field.type)}" for field in kind)
    return str(kind)


def _prose(text: str) -> list[str]:
    return [fill(text, _WIDTH, break_on_hyphens=False, break_long_words=False), ""]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *escaped)] + [""]
