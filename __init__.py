"""Long-context training data: exact in length and tokens, document-masked, reproducible."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .packers.training.costs import deal_rows as deal_rows
    from .packers.training.costs import row_costs as row_costs
    from .packers.training.mask import document_mask as document_mask
    from .packers.training.packed import PackedDataset as PackedDataset
    from .packers.training.tensors import collate_rows as collate_rows

__version__ = "0.1.0"

_PUBLIC = {
    "PackedDataset": "packed",
    "collate_rows": "tensors",
    "deal_rows": "costs",
    "document_mask": "mask",
    "row_costs": "costs",
}


def __getattr__(name: str) -> object:
    """What trainers use, imported when it is first asked for: the command line needs no PyTorch."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f".packers.training.{_PUBLIC[name]}", __name__), name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ImportError(f"lcdata.{name} needs PyTorch: pip install 'lcdata[train]'") from None
