"""What can change a byte besides recipe and inputs: the libraries' versions; and how much of the work is audited."""

import importlib.metadata

from ...schemas.errors import LcdataError

AUDIT_EVERY = 256
"""Documents of which one is encoded again by `tokenizers`, starting with the first of every shard."""


def library_versions() -> dict[str, str]:
    """Versions of the libraries that can change a byte, by name."""
    try:
        return {
            name: importlib.metadata.version(name)
            for name in ("lcdata", "faker", "fastokens", "numpy", "pyarrow", "tokenizers")
        }
    except importlib.metadata.PackageNotFoundError as error:
        raise LcdataError(f"{error.name} is not installed: run `pip install .` in the checkout") from None
