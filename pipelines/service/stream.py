"""A run as server-sent events."""

import asyncio
from collections.abc import AsyncGenerator

from fastapi import HTTPException
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from ...schemas.errors import UsageError
from .book import Book
from .progress import progress_of
from .settings import Folder

_LOOK_SECONDS = 1.0
_MAX_STREAMS = 64
_open_streams: set[object] = set()


async def run_events(book: Book, folder: Folder, run: str) -> StreamingResponse:
    """A response of events `run` and `progress`, one of each whenever it changes, until the run is over."""
    try:
        await run_in_threadpool(book.run, run)
    except UsageError as error:
        raise HTTPException(404, str(error)) from None
    if len(_open_streams) >= _MAX_STREAMS:
        raise HTTPException(503, "too many streams are open")
    return StreamingResponse(_events(book, folder, run), media_type="text/event-stream")


async def _events(book: Book, folder: Folder, run: str) -> AsyncGenerator[str]:
    mark = object()
    _open_streams.add(mark)
    before: dict[str, str] = {}
    try:
        while True:
            shown = await run_in_threadpool(book.run, run)
            progress = await run_in_threadpool(progress_of, folder, run)
            told = {"run": shown.model_dump_json(), "progress": progress.model_dump_json() if progress else ""}
            for kind, text in told.items():
                if text and before.get(kind) != text:
                    yield f"event: {kind}\ndata: {text}\n\n"
            before = told
            if shown.is_over:
                return
            await asyncio.sleep(_LOOK_SECONDS)
    finally:
        _open_streams.discard(mark)
