"""The HTTP interface: `/api` for programs, `/healthz` and `/metrics` for those that watch, pages for people."""

import shutil
from collections import Counter
from datetime import datetime
from importlib.resources import files
from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, HTTPException, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict
from starlette.staticfiles import StaticFiles

from ... import __version__
from ...schemas.errors import LcdataError, UsageError
from ...schemas.events.scheduled import RunShown, ScheduleShown
from .book import Book
from .context import real_time
from .logs import STEP_NAMES, log_text
from .metrics import exposition
from .ordered import OrderContent, ScheduleContent, order_of, schedule_of
from .pages.site import site
from .progress import Progress, progress_of
from .runs import StepRecord
from .security import Guard
from .settings import Settings
from .stream import run_events

_FIRES = 5
_LEAST_BYTES = 1 << 20


class Entered(BaseModel):
    """Runs that were entered."""

    runs: list[str]


class Span(BaseModel):
    """A time, both ends included."""

    model_config = ConfigDict(extra="forbid")

    start: datetime
    end: datetime


class RunDetail(BaseModel):
    """A run with its steps and how far it is."""

    run: RunShown
    steps: list[StepRecord]
    progress: Progress | None


Limit = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0)]


def application(settings: Settings, book: Book, token: str | None, host: str) -> FastAPI:
    """The application of a server, behind its guard."""
    app = FastAPI(title="lcdata", version=__version__, docs_url=None, redoc_url=None)
    app.state.settings, app.state.book, app.state.token = settings, book, token
    app.add_exception_handler(LcdataError, _failed)
    app.include_router(_watched)
    app.include_router(_schedules)
    app.include_router(_runs)
    app.include_router(site(settings, book, token))
    static = files(f"{__package__}.pages").joinpath("static")
    app.mount("/static", StaticFiles(directory=str(static)), name="static")
    app.add_middleware(Guard, token=token, hosts=(*settings.hosts, host))
    return app


def _failed(request: Request, error: Exception) -> Response:
    status = 400 if isinstance(error, UsageError) else 503
    return JSONResponse({"message": str(error)}, status)


def _book(request: Request) -> Book:
    return request.app.state.book


def _settings(request: Request) -> Settings:
    return request.app.state.settings


def _known(found: Any) -> Any:
    """What the book finds; 404 where it finds nothing."""
    try:
        return found()
    except UsageError as error:
        raise HTTPException(404, str(error)) from None


_watched = APIRouter()
_schedules = APIRouter(prefix="/api/schedules", tags=["schedules"])
_runs = APIRouter(prefix="/api/runs", tags=["runs"])


@_watched.get("/healthz")
def healthz(request: Request) -> dict[str, str]:
    """Whether the server and its database work, and have room."""
    _book(request).runs(limit=1)
    folder = _settings(request).folder.root
    if shutil.disk_usage(folder).free < _LEAST_BYTES:
        raise LcdataError(f"no space left for {folder}: free some")
    return {"status": "ok", "version": __version__}


@_watched.get("/metrics")
def metrics(request: Request) -> Response:
    """Metrics for Prometheus."""
    book = _book(request)
    states = Counter(run.state for run in book.runs(limit=1000, only_open=True))
    schedules = Counter("active" if entry.active else "paused" for entry in book.schedules())
    text = exposition(
        {state: states[state] for state in ("waiting", "running")},
        {state: schedules[state] for state in ("active", "paused")},
    )
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


@_schedules.get("")
def list_schedules(request: Request) -> list[ScheduleShown]:
    """All schedules with their next fires."""
    return [entry.shown(real_time(), _FIRES) for entry in _book(request).schedules()]


@_schedules.post("", status_code=201)
def add_schedule(request: Request, content: ScheduleContent, replace: bool = False) -> ScheduleShown:
    """Add a schedule of a recipe that lies in one of the server's folders."""
    book, schedule = _book(request), schedule_of(content, _settings(request))
    book.add(schedule, replace)
    return book.schedule(schedule.name).shown(real_time(), _FIRES)


@_schedules.get("/{name}")
def show_schedule(request: Request, name: str) -> ScheduleShown:
    """A schedule with its next fires."""
    return _known(lambda: _book(request).schedule(name).shown(real_time(), _FIRES))


@_schedules.delete("/{name}", status_code=204)
def remove_schedule(request: Request, name: str) -> None:
    """Take a schedule out; its runs and datasets stay."""
    _known(lambda: _book(request).remove(name))


@_schedules.post("/{name}/backfill", status_code=202)
def backfill(request: Request, name: str, span: Span) -> Entered:
    """Enter the runs of all fires of a time, but those that are open or were good."""
    book = _book(request)
    zone = _known(lambda: book.schedule(name)).schedule.zone
    start, end = (moment if moment.tzinfo else moment.replace(tzinfo=zone) for moment in (span.start, span.end))
    return Entered(runs=book.backfill(name, start, end))


@_schedules.post("/{name}/{action}", status_code=202)
def act(request: Request, name: str, action: Literal["pause", "resume", "run"]) -> ScheduleShown | Entered:
    """Pause or resume a schedule, or enter a run of it that is due now."""
    book = _book(request)
    if action == "run":
        return Entered(runs=[_known(lambda: book.run_now(name))])
    _known(lambda: (book.pause if action == "pause" else book.resume)(name))
    return book.schedule(name).shown(real_time(), _FIRES)


@_runs.get("")
def list_runs(request: Request, owner: str | None = None, limit: Limit = 50, offset: Offset = 0) -> list[RunShown]:
    """Runs, newest first, of one schedule or all."""
    return _book(request).runs(owner, limit, offset)


@_runs.post("", status_code=202)
def submit(request: Request, content: OrderContent) -> Entered:
    """Enter a run of a recipe, which is sent or lies in one of the server's folders."""
    return Entered(runs=[_book(request).submit(order_of(content, _settings(request)))])


@_runs.get("/{run}")
def show_run(request: Request, run: str) -> RunDetail:
    """A run with its steps and how far it is."""
    book = _book(request)
    shown = _known(lambda: book.run(run))
    return RunDetail(run=shown, steps=book.steps(run), progress=progress_of(_settings(request).folder, run))


@_runs.post("/{run}/cancel", status_code=202)
def cancel(request: Request, run: str) -> RunShown:
    """Cancel a run that is not over."""
    book = _book(request)
    _known(lambda: book.run(run))
    book.cancel(run)
    return book.run(run)


@_runs.get("/{run}/log")
def log(request: Request, run: str, step: str = "build") -> Response:
    """The log of a step, as text."""
    _known(lambda: _book(request).run(run))
    if step not in STEP_NAMES:
        raise HTTPException(404, f"there is no step {step!r}: {', '.join(STEP_NAMES)}")
    return PlainTextResponse(log_text(_settings(request).folder, run, step))


@_runs.get("/{run}/events")
async def events(request: Request, run: str) -> StreamingResponse:
    """What happens to a run, as server-sent events, until it is over."""
    return await run_events(_book(request), _settings(request).folder, run)
