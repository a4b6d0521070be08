"""What of a URL may be told: passwords, keys and signatures are in it too, and belong to nobody else."""

import re

HIDDEN = "…"
"""What stands where something is left out."""

_SCHEME = r"[a-z][a-z0-9+.-]*://"
_URL = re.compile(rf"""\b{_SCHEME}[^\s'"]*""", re.IGNORECASE)
_WHOLE = re.compile(rf"(?:\w+::)*{_SCHEME}[^\n]*", re.IGNORECASE)
_USER = re.compile(r"[^/@:]*@|[^/@:]+:(?!\d+(?:/|$))[^@]*@(?:[^/@]*@)?")
"""A user, or a user and a password, in which keys of S3 have slashes; a host with its port is none."""
_QUERY = re.compile(r"\?[\w.~%-]+=[^/]*$")
_TOKEN = re.compile(r"\bhf_(?=[\w.-]*\d)[\w.-]{20,}", re.ASCII)
"""What the Hub's tokens look like."""
_CONTAINERS = ("abfs://", "abfss://", "wasb://", "wasbs://")
"""URLs in which a container's name stands where others have a user."""


def without_secrets(text: str) -> str:
    """A text whose URLs have lost user, password and query, and in which no token for the Hub stands."""
    found = _WHOLE if _WHOLE.fullmatch(text) else _URL
    return _TOKEN.sub(HIDDEN, found.sub(lambda url: "::".join(map(_told, url[0].split("::"))), text))


def _told(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    scheme += separator
    user = _USER.match(rest)
    if user and (":" in user[0] or scheme.lower() not in _CONTAINERS):
        rest = rest[user.end() :]
    is_http = scheme.lower() in ("http://", "https://")  # elsewhere a question mark is a sign of a glob
    place, query = rest.partition("?")[::2] if is_http else (_QUERY.sub("", rest), "=" * bool(_QUERY.search(rest)))
    return scheme + place + (f"?{HIDDEN}" if query else "")


def hidden(text: str, url: str) -> str:
    """A text in which no part of a URL that may be secret stands, with the rest of the URL or alone."""
    told = without_secrets(url)
    if told != url:
        text = text.replace(url, told)
        pieces = re.split(r"://|::|[@:?&]", url)
        secret = {part for piece in pieces for part in (piece, piece.partition("=")[2]) if len(part) > 3}
        for part in sorted((part for part in secret if part not in told), key=len, reverse=True):
            text = text.replace(part, HIDDEN)
    return without_secrets(text)
