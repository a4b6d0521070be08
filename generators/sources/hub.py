"""Datasets of the `datasets` library: folders that it saved, and ids on the Hub; its import waits until one is read."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, urlencode

from ...schemas.errors import HubError, UsageError
from .input import Input
from .remote import first_line, reading, version_of

if TYPE_CHECKING:
    import datasets

_SCHEME = "datasets:"
_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_FILE_ENDING = re.compile(r"\.(jsonl?|ndjson|parquet|txt|md|csv|tsv|arrow|gz|zst|zstd|zip|tar|xz|bz2)", re.IGNORECASE)

_PATIENCE = (1.0, 10.0, 10.0, 1.0)
"""Seconds that the Hub has to be reached, to send, to receive and to have a connection free: without a network it is
not reached."""


def saved_dataset(folder: Path, split: str) -> list[Input]:
    """The Arrow files that `save_to_disk` wrote into a folder, or for its split; none where the folder is another."""
    if (folder / "dataset_dict.json").is_file():
        splits: list[str] = _read(folder / "dataset_dict.json")["splits"]
        if split not in splits:
            raise UsageError(f"inputs: {folder} has no split {split!r}: name one of {', '.join(splits)}")
        folder /= split
    if not ((folder / "state.json").is_file() and (folder / "dataset_info.json").is_file()):
        return []
    files = [(folder / file["filename"]).as_posix() for file in _read(folder / "state.json")["_data_files"]]
    return [Input(file, "arrow", None, *version_of(file)) for file in files]


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise UsageError(f"inputs: {path} is damaged ({error}): save the dataset again") from None


def is_dataset_id(name: str) -> bool:
    """Whether a name can be meant as `name` or `user/name` on the Hub, and hardly as a file."""
    return bool(_ID.fullmatch(name)) and not _FILE_ENDING.fullmatch(Path(name).suffix)


def hub_dataset(name: str, config: str | None, split: str) -> Input:
    """A split of a dataset on the Hub, at its newest revision."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    try:
        revision = HfApi().dataset_info(name, timeout=cast(float, _PATIENCE)).sha
    except GatedRepoError:
        raise HubError(f"inputs: the dataset {name} is gated: ask for access on its page and set HF_TOKEN") from None
    except RepositoryNotFoundError:
        raise UsageError(
            f"inputs: no file, folder or dataset is called {name}: check its spelling, or set HF_TOKEN"
        ) from None
    except Exception as error:  # of several libraries for HTTP
        why = f"no file is called {name} and the Hub cannot be asked for a dataset ({first_line(error)})"
        raise HubError(f"inputs: {why}: check the path or the network") from None
    asked = urlencode({"config": config, "split": split} if config else {"split": split})
    return Input(f"{_SCHEME}{name}?{asked}", "dataset", None, 0, revision or "main")


def load_dataset(source: Input) -> "datasets.IterableDataset":
    """The dataset of an input, to be read as a stream; UsageError where its config or split is not there."""
    try:
        import datasets
    except ImportError:
        raise UsageError(f"inputs: {source.name} is read by the datasets library: pip install datasets") from None
    name, _, asked = source.url.removeprefix(_SCHEME).partition("?")
    options = {key: values[0] for key, values in parse_qs(asked).items()}
    config, split = options.get("config"), options["split"]
    with reading(source.url):
        try:
            return datasets.load_dataset(name, config, split=split, revision=source.version, streaming=True)
        except ValueError as error:
            raise UsageError(f"inputs: {source.name} cannot be read: {first_line(error)}") from None
