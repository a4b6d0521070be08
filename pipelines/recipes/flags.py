"""Recipes as the flags of a command write them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pydantic

from ...generators.registry import preset_settings
from ...generators.templates import read_templates
from ...schemas.corpus import Gates, IngestRecipe
from ...schemas.errors import UsageError
from ...schemas.lengths import Lengths
from ...schemas.mix import TAGS
from ...schemas.problems import reason
from ...schemas.quantity import format_length, parse_length, parse_number_or_share, parse_share
from ...schemas.recipe import Recipe
from ...schemas.stage import default_name
from ...schemas.tokens import TokenizerChoice
from ...schemas.yaml_text import parse_value

_COMMON = ("seed", "labels", "shard_rows", "cdc")


def task_recipe(
    task: str, length: str, n: str | None, preset: str | None, settings: Sequence[str], **flags: Any
) -> Recipe:
    """A recipe of one task; UsageError that names the flag which cannot be meant."""
    if n is None:
        raise UsageError("--task needs --n: how many samples to make, for example 1e5")
    try:
        lengths = Lengths.parse(length)
    except ValueError as error:
        raise UsageError(f"--length {error}") from None
    _check_chat(flags)
    named = preset_settings(task, preset) if preset else {}
    haystack, templates = flags["haystack"], flags["templates"]
    component = {
        "task": task,
        "settings": {
            **named,
            **({"haystack": "essay", "corpus": haystack} if haystack else {}),
            **{key: parse_value(value) for key, value in _pairs(settings, "--set", "dict_size=2..6")},
        },
        "length": lengths,
        "n": n,
        "template": flags["template"],
        "templates": read_templates(templates) if templates else [],
        "format": flags["layout"],
        "loss": flags.get("loss") or "answer",
        "split": flags["split"],
    }
    content = {
        "name": flags.get("name") or default_name(f"{task}-{preset}" if preset else task, lengths, flags["split"]),
        "seq_length": flags.get("seq_length") or lengths.longest,
        "tokenizer": _tokenizer(flags),
        "mix": [component],
        **_given(flags, _COMMON),
    }
    return _checked(Recipe, content)


def corpora_recipe(corpora: Sequence[str], length: str, tokens: str | None, **flags: Any) -> Recipe:
    """A recipe of documents from stored corpora; UsageError that names the flag which cannot be meant."""
    if tokens is None:
        raise UsageError("--corpus needs --tokens: how many to draw, for example 200M")
    components = [_component(corpus) for corpus in corpora]
    weights = dict(_pairs(flags["bucket_weights"], "--bucket-weight", "64k=0.5"))
    upsample = _given({**flags, "strategy": flags["upsample"]}, ("strategy", "long_from", "short_keep"))
    try:
        seq_length = parse_length(length)
    except ValueError as error:
        raise UsageError(f"--length {error}") from None
    names = "-".join(Path(component["corpus"]).name for component in components)
    content = {
        "name": flags["name"] or f"{names}-{format_length(seq_length)}",
        "seq_length": seq_length,
        "tokenizer": {"source": flags["tokenizer"]},
        "mix": components,
        "tokens": tokens,
        "upsample": {**upsample, **({"weights": weights} if weights else {})},
        **_given(flags, (*_COMMON, "max_repeats", "long_documents", "best_effort", "packing")),
    }
    return _checked(Recipe, content)


def ingest_recipe(inputs: Sequence[str], group_by: str | None, order_by: str | None, **flags: Any) -> IngestRecipe:
    """An ingest; UsageError that names the flag which cannot be meant."""
    _check_chat(flags)
    order = None if order_by == "none" else order_by or (group_by and "path")
    content = {
        "inputs": inputs,
        "fields": {"text": flags["text"], "id": flags["id_field"], "group": group_by, "order": order},
        "format": flags["layout"],
        "group_order": flags["order"],
        "tokenizer": _tokenizer(flags),
        **({"buckets": flags["buckets"].split(",")} if flags["buckets"] else {}),
        **_given(flags, ("name", "header", "config", "split", "max_doc_bytes")),
    }
    return _checked(IngestRecipe, content)


def gates(max_bad: str, allow_damaged_files: str, max_unwritten: str) -> Gates:
    """What an ingest may lose, `0.1%` of its records and `3` or `5%` of its files; UsageError that names the flag."""
    option = "--max-bad"
    try:
        share = parse_share(max_bad)
        option = "--allow-damaged-files"
        damaged_files = parse_number_or_share(allow_damaged_files)
        option = "--max-unwritten"
        return Gates(share, damaged_files, parse_share(max_unwritten))
    except ValueError as error:
        raise UsageError(f"{option} {error}") from None


def _check_chat(flags: dict[str, Any]) -> None:
    """Raise UsageError where something is said of a chat template and there are no conversations."""
    for option in ("chat_template", "chat_date"):
        if flags.get(option) is not None and flags["layout"] != "chat":
            raise UsageError(f"--{option.replace('_', '-')} is for conversations: add --format chat, or leave it out")


def _tokenizer(flags: dict[str, Any]) -> dict[str, Any]:
    ends = {name: "".join(flags[name]) for name in ("bos", "eos") if flags.get(name)}
    moved = {name: flags.get(name) or () for name in ("control_tokens", "text_tokens")}
    return {"source": flags["tokenizer"], **_given(flags, ("chat_template", "chat_date")), **ends, **moved}


def tokenizer_choice(flags: dict[str, Any]) -> TokenizerChoice:
    """The tokenizer that flags choose."""
    return _checked(TokenizerChoice, _tokenizer(flags))


def _given(flags: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The flags of these names that were given, so that the others keep their defaults."""
    return {name: flags[name] for name in names if flags.get(name) is not None}


def _component(corpus: str) -> dict[str, Any]:
    """A component of a mixture out of `store/code` or `store/code=30%`."""
    path, separator, of_all = corpus.rpartition("=")
    return {"corpus": path, "share": of_all} if separator and not Path(corpus).exists() else {"corpus": corpus}


def _pairs(pairs: Sequence[str], option: str, example: str) -> list[tuple[str, str]]:
    split = [pair.partition("=") for pair in pairs]
    for pair, (key, separator, _) in zip(pairs, split, strict=True):
        if not separator or not key:
            raise UsageError(f"{option} {pair!r} must be KEY=VALUE, for example {option} {example}")
    for key, times in Counter(key for key, _, _ in split).items():
        if times > 1:
            raise UsageError(f"{option} {key} is given {times} times: give it once")
    return [(key, value) for key, _, value in split]


M = TypeVar("M", bound=pydantic.BaseModel)


def _checked(model: type[M], content: dict[str, Any]) -> M:
    """The model of this content; UsageError that names the first flag that cannot be meant."""
    try:
        return model.model_validate(content)
    except pydantic.ValidationError as error:
        name, why = first_problem(error)
        option = _OPTIONS.get(name, name).replace("_", "-")
        raise UsageError(f"{f'--{option} ' if option else ''}{why}") from None


def first_problem(error: pydantic.ValidationError) -> tuple[str, str]:
    """The field of a recipe that cannot be meant, empty where it is several together, and why."""
    problem = error.errors()[0]
    names = [str(part) for part in problem["loc"] if not isinstance(part, int) and part not in (*TAGS, "stages")]
    return names[-1] if names else "", reason(problem)


_OPTIONS = {
    "weights": "bucket-weight",
    "[key]": "bucket-weight",
    "share": "corpus",
    "mix": "corpus",
    "settings": "set",
}
"""Flags that are called otherwise than the fields that they fill."""
