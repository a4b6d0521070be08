"""Long-context training data: exact in length and tokens, document-masked, reproducible.

`lcdata.samples("kv", "4k")[0]` is a sample, `lcdata.tasks()` says what tasks there are, `lcdata.score(sample, reply)`
rates a reply. `lcdata.build("recipe.yaml")` makes a dataset, `lcdata.open_dataset(folder)` reads a finished one, and
`lcdata.PackedDataset`, which needs PyTorch, gives its rows to a training loop. See docs/python.md.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .generators.description import Description as Description
    from .generators.description import tasks as tasks
    from .packers.dataset import Dataset as Dataset
    from .packers.dataset import open_dataset as open_dataset
    from .packers.training.costs import deal_rows as deal_rows
    from .packers.training.costs import row_costs as row_costs
    from .packers.training.mask import document_mask as document_mask
    from .packers.training.packed import PackedDataset as PackedDataset
    from .packers.training.tensors import collate_rows as collate_rows
    from .pipelines.build import build as build
    from .pipelines.making.sequence import Samples as Samples
    from .pipelines.making.sequence import samples as samples
    from .pipelines.making.task_sample import TaskSample as TaskSample
    from .pipelines.scoring.reply import score as score
    from .schemas.errors import LcdataError as LcdataError
    from .schemas.errors import UsageError as UsageError
    from .schemas.evaluation import Reference as Reference

__version__ = "0.1.0"

_PUBLIC = {
    "Dataset": "packers.dataset",
    "Description": "generators.description",
    "LcdataError": "schemas.errors",
    "Reference": "schemas.evaluation",
    "Samples": "pipelines.making.sequence",
    "TaskSample": "pipelines.making.task_sample",
    "UsageError": "schemas.errors",
    "build": "pipelines.build",
    "deal_rows": "packers.training.costs",
    "open_dataset": "packers.dataset",
    "row_costs": "packers.training.costs",
    "samples": "pipelines.making.sequence",
    "score": "pipelines.scoring.reply",
    "tasks": "generators.description",
}
"""The file that each public name comes from; a name is added here and in the block for type checkers."""

_OF_PYTORCH = {
    "PackedDataset": "packers.training.packed",
    "collate_rows": "packers.training.tensors",
    "document_mask": "packers.training.mask",
}
"""Those that need PyTorch; without it they are not listed, and asking for one names the cure."""


def __getattr__(name: str) -> object:
    """A public name, imported when it is first asked for: importing lcdata alone loads nothing else."""
    if name == "__all__":
        return _listed()
    place = _PUBLIC.get(name) or _OF_PYTORCH.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        found = getattr(import_module(f".{place}", __name__), name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ImportError(f"lcdata.{name} needs PyTorch: pip install 'lcdata[train]'") from None
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_listed()})


def _listed() -> list[str]:
    """The public names that can be had here."""
    return sorted([*_PUBLIC, *(_OF_PYTORCH if find_spec("torch") else ())])
