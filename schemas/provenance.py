"""Where texts come from and what may be done with them, as people write it down; nothing of it decides a token."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, PlainSerializer

from .secrets import without_secrets

_LICENSE = re.compile(r"[^\s|`\"'<>][^\n\r|`\"<>\x00-\x1f\x7f]{0,199}")
_URL = re.compile(r"https?://[^\s|`\"'<>()\x00-\x1f\x7f]{1,2000}")


def _checked_license(license: str) -> str:
    if not _LICENSE.fullmatch(license):
        raise ValueError(f"must be a licence's name on one line, such as apache-2.0 or cc-by-4.0, got {license!r}")
    return license


def _checked_url(url: str) -> str:
    if not _URL.fullmatch(url):
        raise ValueError(f"must be a link, https://…, got {without_secrets(url)!r}")
    return url


def _is_none(value: object) -> bool:
    return value is None


LicenseName = Annotated[str, AfterValidator(_checked_license)]
"""A licence by the name that the Hub has for it, else by any other."""

SourceUrl = Annotated[str, AfterValidator(_checked_url), PlainSerializer(without_secrets)]
"""A page about a source, written down without passwords."""

License = Annotated[LicenseName | None, Field(exclude_if=_is_none)]
"""A licence's name, of which nothing is written where none is given."""

Source = Annotated[SourceUrl | None, Field(exclude_if=_is_none)]
"""A link to a source, of which nothing is written where none is given."""
