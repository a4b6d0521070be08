"""Numbers of things in words."""


def counted(count: int, thing: str, things: str | None = None) -> str:
    """`1 shard`, `2 shards`, `1,000 shards`; `things` is the plural where it is not the singular with an s."""
    return f"{count:,} {thing if count == 1 else things or f'{thing}s'}"
