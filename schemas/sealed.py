"""JSON files that carry a hash of themselves, so that whoever reads one knows that no byte of it was changed."""

import hashlib
import json
import re
from typing import TypeVar

from pydantic import ValidationError

from .errors import LcdataError, QualityError
from .place import Place, read_bytes
from .records import JsonRecord

R = TypeVar("R", bound="Sealed")

_SEAL = re.compile(rb'\A(\{\s*"manifest_sha256": ")([0-9a-f]{64})(")')


class Sealed(JsonRecord):
    """What a finished folder says of itself."""

    manifest_sha256: str = ""
    """Of this file as it is with this value left empty."""
    format: int
    """Number of the format of all files; lcdata reads the one that it writes."""

    @property
    def sealed(self) -> bytes:
        """The file's bytes, its hash included."""
        data = self.model_copy(update={"manifest_sha256": ""}).model_dump_json(indent=1).encode()
        return data.replace(b'""', b'"' + hashlib.sha256(data).hexdigest().encode() + b'"', 1)


def read_sealed(path: Place, kind: type[R], wanted: int, cure: str) -> R:
    """The content of a file of a kind and of the format that is wanted; `cure` says how to get another one.

    Raises QualityError where it is damaged, LcdataError where it is of another format, OSError where it is not there.
    """
    data = read_bytes(path)
    seal = _SEAL.match(data)
    if seal is None:
        found = _format(data)
        if found not in (None, wanted):
            raise LcdataError(f"{path} is of format {found}, this lcdata reads {wanted}: {cure}")
    elif hashlib.sha256(_SEAL.sub(rb"\1\3", data)).hexdigest().encode() == seal[2]:
        try:
            return kind.model_validate_json(data)
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(map(str, problem["loc"])) or "the file"
            raise LcdataError(f"{path} is of another version ({where}: {problem['msg']}): {cure}") from None
    raise QualityError(f"{path} is damaged, it is not as it was written: {cure}")


def _format(data: bytes) -> object:
    """The format that a file without a hash says it is of, None where it does not say one."""
    try:
        content = json.loads(data)
    except ValueError:  # UnicodeDecodeError too
        return None
    return content.get("format") if isinstance(content, dict) else None
