"""Finding a tokenizer's files: a path, a folder, a Hub id, or the vocabulary that is part of the package."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import zstandard

from ...schemas.errors import HubError, LcdataError, UsageError
from ...schemas.tokens import EMBEDDED, TokenizerChoice

_LARGEST_FILE = 512 * 2**20
_BESIDE = ("tokenizer_config.json", "special_tokens_map.json", "generation_config.json", "chat_template.jinja")


@dataclass(frozen=True)
class Vocabulary:
    """The bytes of a `tokenizer.json` and what the files beside it say."""

    source: str
    """What names the vocabulary: a path, a Hub id, or `embedded`."""
    data: bytes
    """Bytes of `tokenizer.json`."""
    config: dict[str, Any]
    """`tokenizer_config.json` and `special_tokens_map.json` as one, with `chat_template` and `generation_config`."""

    @cached_property
    def sha256(self) -> str:
        """sha256 of the bytes of `tokenizer.json`."""
        return hashlib.sha256(self.data).hexdigest()


def find_vocabulary(source: str) -> Vocabulary:
    """Read the vocabulary named by `source`; UsageError or HubError where it cannot be had."""
    if source == EMBEDDED:
        packed = resources.files(__package__ or "lcdata.packers.tokens").joinpath("tekken.json.zst").read_bytes()
        return Vocabulary(source, _unzstd(packed), {"bos_token": "<s>", "eos_token": "</s>"})
    path = Path(source).expanduser()
    if path.is_dir():
        return Vocabulary(source, _read(_tokenizer_file(path)), _configuration(path))
    if path.is_file():
        return Vocabulary(source, _read(path), _configuration(path.parent))
    if path.suffix in (".json", ".zst") or source.startswith((".", "/", "~")) or source.count("/") != 1:
        raise UsageError(
            f"no tokenizer at {source!r}: give a tokenizer.json, a folder that holds one, or a Hub id such as org/name"
        )
    return _from_hub(source)


def find_chat_template(choice: TokenizerChoice, vocabulary: Vocabulary) -> str:
    """The chat template that comes with a vocabulary, or the one named in its stead; UsageError where there is none."""
    if choice.chat_template is not None:
        path = Path(choice.chat_template).expanduser()
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--chat-template {str(path)!r} cannot be read ({error}): name a Jinja file") from None
    found = vocabulary.config.get("chat_template")
    if isinstance(found, list):  # several under names, of which one is for conversations
        found = next((entry["template"] for entry in found if entry.get("name") == "default"), None)
    if not isinstance(found, str):
        raise UsageError(f"the tokenizer {choice.source!r} has no chat template: name one with --chat-template FILE")
    return found


def _tokenizer_file(folder: Path) -> Path:
    for name in ("tokenizer.json", "tokenizer.json.zst"):
        if (folder / name).is_file():
            return folder / name
    raise UsageError(
        f"{folder} holds no tokenizer.json: save one there with tokenizer.save_pretrained(...), or name another folder"
    )


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the tokenizer {path}: {error.strerror}") from None
    return _unzstd(data) if path.suffix == ".zst" else data


def _unzstd(data: bytes) -> bytes:
    try:
        stated = zstandard.frame_content_size(data)
        if stated > _LARGEST_FILE:
            raise UsageError(f"the compressed tokenizer would take {stated:,} bytes: give it as it is, or another")
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=_LARGEST_FILE)
    except zstandard.ZstdError as error:
        raise UsageError(f"the compressed tokenizer cannot be read: {error}") from None


def _configuration(folder: Path) -> dict[str, Any]:
    config = {**_json(folder / "special_tokens_map.json"), **_json(folder / "tokenizer_config.json")}
    config["generation_config"] = _json(folder / "generation_config.json")
    template = folder / "chat_template.jinja"
    if template.is_file():
        config["chat_template"] = template.read_text(encoding="utf-8")
    return config


def _json(path: Path) -> dict[str, Any]:
    """What a file of JSON holds, nothing where there is none; UsageError where it holds anything but names."""
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON ({error}): repair or remove it") from None
    if not isinstance(content, dict):
        raise UsageError(f"{path} holds a {type(content).__name__} and no names: repair or remove it")
    return content


def _from_hub(repo_id: str) -> Vocabulary:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        path = Path(hf_hub_download(repo_id, "tokenizer.json"))
        for name in _BESIDE:
            _fetch_if_there(repo_id, name)
    except HFValidationError:
        raise UsageError(f"{repo_id!r} is neither a file here nor a Hub id (org/name)") from None
    except LocalEntryNotFoundError:
        raise HubError(
            f"tokenizer {repo_id!r} is not a file here and the Hub cannot be reached: "
            "download its tokenizer.json and give the path, or leave --tokenizer out for the embedded one"
        ) from None
    except HfHubHTTPError as error:
        reason = str(error).strip().splitlines()[0]
        raise HubError(f"tokenizer {repo_id!r} could not be fetched from the Hub: {reason}") from None
    except OSError as error:
        raise LcdataError(f"tokenizer {repo_id!r} could not be fetched: {error}") from None
    except Exception as error:  # a connection that breaks off is an error of the library for HTTP
        raise HubError(
            f"tokenizer {repo_id!r} could not be fetched from the Hub ({' '.join(str(error).split())}): run the same "
            "command again, or download its tokenizer.json and give the path"
        ) from None
    return Vocabulary(repo_id, path.read_bytes(), _configuration(path.parent))


def _fetch_if_there(repo_id: str, name: str) -> None:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError

    try:
        hf_hub_download(repo_id, name)
    except EntryNotFoundError:
        return
