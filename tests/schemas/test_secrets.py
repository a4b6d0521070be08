"""No part of a URL that may be a secret is told, and what is none stays."""

import pytest
from pydantic import BaseModel

from lcdata.schemas.corpus import Address
from lcdata.schemas.secrets import hidden, without_secrets

URLS = {
    "http://user:pass@host/a.jsonl": "http://host/a.jsonl",
    "https://token@host:8443/a": "https://host:8443/a",
    "https://host:8443/a@v2/b": "https://host:8443/a@v2/b",
    "https://host/a.jsonl.gz?X-Amz-Signature=abc%2F&x=it's": "https://host/a.jsonl.gz?…",
    "https://host/a b.txt?token": "https://host/a b.txt?…",
    "HTTPS://u:p@host/a?b": "HTTPS://host/a?…",
    "s3://AKIA7:wJal/rXU+tn@bucket/key": "s3://bucket/key",
    "ftp://u:p@ss@host/x": "ftp://host/x",
    "s3://bucket/day=?/part-?.jsonl": "s3://bucket/day=?/part-?.jsonl",
    "s3://bucket/**/*.parquet": "s3://bucket/**/*.parquet",
    "abfs://container@account.dfs.core.windows.net/x?sv=1&sig=abc": (
        "abfs://container@account.dfs.core.windows.net/x?…"
    ),
    "hf://datasets/user/name@main/x.jsonl": "hf://datasets/user/name@main/x.jsonl",
    "zip://*.jsonl::https://u:p@host/a.zip?sig=1": "zip://*.jsonl::https://host/a.zip?…",
    "simplecache::s3://key:secret@bucket/a": "simplecache::s3://bucket/a",
    "data/part-?=1.jsonl": "data/part-?=1.jsonl",
    "/home/me@work/a:b?c=d": "/home/me@work/a:b?c=d",
    "user/name": "user/name",
}


@pytest.mark.parametrize(("url", "told"), URLS.items())
def test_a_url_is_told_without_user_password_and_query(url: str, told: str) -> None:
    assert without_secrets(url) == told
    assert without_secrets(told) == told


def test_urls_in_a_sentence_lose_their_secrets() -> None:
    said = "Cannot connect to 'http://u:pass@host:8/a?sig=abc', url=URL(\"https://t@host/\"), nor to s3://k:s/s@b."
    assert without_secrets(said) == (
        "Cannot connect to 'http://host:8/a?…', url=URL(\"https://host/\"), nor to s3://b."
    )


def test_a_secret_is_hidden_also_where_it_stands_alone() -> None:
    said = 'Invalid bucket name "AKIA7:wJal/rXU@bucket": it is not AKIA7 and not wJal/rXU'
    assert hidden(said, "s3://AKIA7:wJal/rXU@bucket/key") == 'Invalid bucket name "…:…@bucket": it is not … and not …'
    assert hidden("403 for Signature abc%2F in host", "https://host/a?Signature=abc%2F") == (
        "403 for Signature … in host"
    )


def test_an_address_is_written_without_its_secrets_and_kept_with_them() -> None:
    class Asked(BaseModel):
        inputs: tuple[Address, ...]

    asked = Asked(inputs=("https://u:p@host/a?b=c", "a.jsonl"))
    assert asked.inputs[0] == "https://u:p@host/a?b=c"
    assert asked.model_dump() == {"inputs": ("https://host/a?…", "a.jsonl")}
    assert "u:p" not in asked.model_dump_json()
