"""The pages: runs, schedules, a playground, and the login where a token is wanted."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from ....schemas.errors import LcdataError, UsageError
from ..book import Book
from ..compare import changes
from ..context import real_time
from ..logs import STEP_NAMES, log_text
from ..ordered import OrderContent, ScheduleContent, order_of, schedule_of
from ..playground import Asked, page_of
from ..progress import progress_of
from ..runs import Run
from ..security import COOKIE, same
from ..settings import Settings
from .views import render

PAGE_ROWS = 50
_FIRES = 3
_LOOKED_THROUGH = 200
"""Runs among which the one before a run is looked for."""
_REPORT_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src 'self' data:; font-src data:; frame-ancestors 'self'"
)


def site(settings: Settings, book: Book, token: str | None) -> APIRouter:
    """The routes of all pages."""
    pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    _add_runs(pages, settings, book)
    _add_schedules(pages, settings, book)
    _add_playground(pages)
    _add_login(pages, token)
    return pages


def _add_runs(pages: APIRouter, settings: Settings, book: Book) -> None:
    folder = settings.folder

    def rows(owner: str, page: int) -> Mapping[str, Any]:
        found = book.runs(owner or None, PAGE_ROWS + 1, page * PAGE_ROWS)
        running = {run.id: progress_of(folder, run.id) for run in found if run.state == "running"}
        is_last = len(found) <= PAGE_ROWS
        return {"runs": found[:PAGE_ROWS], "progress": running, "owner": owner, "page": page, "is_last": is_last}

    def detail(run: str) -> Mapping[str, Any]:
        shown = _found(lambda: book.run(run))
        return {"run": shown, "steps": book.steps(run), "progress": progress_of(folder, run), "names": STEP_NAMES}

    @pages.get("/")
    def index() -> Response:
        return RedirectResponse("/runs")

    @pages.get("/runs")
    def runs(owner: str = "", page: Annotated[int, Query(ge=0)] = 0) -> str:
        names = [entry.schedule.name for entry in book.schedules()]
        return render("runs", schedules=names, **rows(owner, page))

    @pages.get("/runs/rows")
    def run_rows(owner: str = "", page: Annotated[int, Query(ge=0)] = 0) -> str:
        return render("run_rows", **rows(owner, page))

    @pages.get("/runs/{run}")
    def run_page(run: str) -> str:
        found = detail(run)
        before = _before(book.runs(found["run"].owner, _LOOKED_THROUGH), run)
        changed = None if before is None else changes(before, found["run"], book.steps(before.id), found["steps"])
        return render("run", changes=changed, has_report=_report(found["run"].dataset) is not None, **found)

    @pages.get("/runs/{run}/live")
    def live(run: str) -> str:
        return render("run_live", **detail(run))

    @pages.get("/runs/{run}/log")
    def log(run: str, step: str = "build") -> str:
        _found(lambda: book.run(run))
        if step not in STEP_NAMES:
            raise HTTPException(404)
        return render("log", text=log_text(folder, run, step), step=step)

    @pages.post("/runs/{run}/cancel")
    def cancel(run: str) -> str:
        _found(lambda: book.run(run))
        with suppress(UsageError):  # it was over meanwhile, as the page says
            book.cancel(run)
        return render("run_live", **detail(run))

    @pages.get("/runs/{run}/report/{path:path}")
    def report(run: str, path: str) -> Response:
        place = _report(_found(lambda: book.run(run)).dataset)
        wanted = None if place is None else (place / (path or "index.html")).resolve()
        if place is None or wanted is None or not wanted.is_relative_to(place.resolve()) or not wanted.is_file():
            raise HTTPException(404)
        return FileResponse(wanted, headers={"Content-Security-Policy": _REPORT_POLICY})


def _before(runs: Sequence[Run], run: str) -> Run | None:
    """The run before one, of runs that are sorted from the newest to the oldest; None where it is not among them."""
    ids = [each.id for each in runs]
    older = runs[ids.index(run) + 1 :] if run in ids else []
    return next((each for each in older if each.state not in ("skipped", "waiting")), None)


def _report(dataset: str | None) -> Path | None:
    """The folder of a dataset's report, None where it has none."""
    place = None if dataset is None else Path(dataset, "report")
    return place if place is not None and (place / "index.html").is_file() else None


def _add_schedules(pages: APIRouter, settings: Settings, book: Book) -> None:
    def rows() -> Mapping[str, Any]:
        return {"schedules": [entry.shown(real_time(), _FIRES) for entry in book.schedules()]}

    def recipes() -> list[str]:
        found = [path for root in settings.reach.folders for path in sorted(root.rglob("*.y*ml")) if path.is_file()]
        return [str(path) for path in found[:200]]

    @pages.get("/schedules")
    def schedules() -> str:
        return render("schedules", recipes=recipes(), problem="", asked={}, **rows())

    @pages.get("/schedules/rows")
    def schedule_rows() -> str:
        return render("schedule_rows", **rows())

    @pages.post("/schedules")
    async def add(request: Request) -> Response:
        asked = await _form(request)
        problem = _said(lambda: book.add(schedule_of(_schedule_content(asked), settings)))
        if not problem:
            return RedirectResponse("/schedules", 303)
        return HTMLResponse(render("schedules", recipes=recipes(), problem=problem, asked=asked, **rows()), 400)

    @pages.post("/submit")
    async def submit(request: Request) -> Response:
        asked = await _form(request)
        entered: list[str] = []
        content = OrderContent(recipe=asked.get("recipe", ""), changes=asked.get("changes", "").split())
        problem = _said(lambda: entered.append(book.submit(order_of(content, settings))))
        if not problem:
            return RedirectResponse(f"/runs/{entered[0]}", 303)
        return HTMLResponse(render("schedules", recipes=recipes(), problem=problem, asked=asked, **rows()), 400)

    @pages.post("/schedules/{name}/{action}")
    def act(name: str, action: str) -> Response:
        _found(lambda: book.schedule(name))
        if action == "run":
            return Response(status_code=204, headers={"HX-Redirect": f"/runs/{book.run_now(name)}"})
        does = {"pause": book.pause, "resume": book.resume, "rm": book.remove}.get(action)
        if does is None:
            raise HTTPException(404)
        does(name)
        return HTMLResponse(render("schedule_rows", **rows()))


def _schedule_content(asked: Mapping[str, str]) -> ScheduleContent:
    given = {name: asked[name] for name in ("name", "cron", "tz", "recipe", "missed", "overlap") if asked.get(name)}
    optional = {name: asked[name] for name in ("push", "time_limit", "keep") if asked.get(name)}
    try:
        return ScheduleContent.model_validate({**given, **optional, "changes": asked.get("changes", "").split()})
    except ValueError as error:
        raise UsageError(f"cannot be meant: {error}".splitlines()[0]) from None


def _add_playground(pages: APIRouter) -> None:
    @pages.get("/playground")
    def playground(task: str = "kv", length: str = "2k") -> str:
        from ....generators.registry import tasks

        return render("playground", tasks=list(tasks()), task=task, length=length, **_of_task(task))

    @pages.get("/playground/settings")
    def settings_of(task: str = "kv") -> str:
        return render("playground_settings", **_of_task(task))

    @pages.get("/playground/sample")
    def sample(request: Request) -> str:
        asked = _asked(request)
        problem = _said(lambda: page_of(asked))
        return render("playground_sample", line=asked.line, problem=problem, query=request.url.query)

    @pages.get("/playground/page")
    def sample_page(request: Request) -> Response:
        return HTMLResponse(page_of(_asked(request)), headers={"Content-Security-Policy": _REPORT_POLICY})


def _asked(request: Request) -> Asked:
    """The sample that a form asks for."""
    given = request.query_params
    settings = tuple(
        f"{name.removeprefix('set.')}={value}" for name, value in given.items() if name.startswith("set.") and value
    )
    names = ("task", "length", "seed", "index", "preset")
    return Asked(**{"task": "kv", **{name: given[name] for name in names if name in given}}, settings=settings)


def _of_task(task: str) -> dict[str, Any]:
    from ....generators.registry import settings_schema, task_class, tasks

    if task not in tasks():
        raise HTTPException(404)
    schema = settings_schema(task)["properties"]
    settings = [
        {"name": name, "meaning": field.get("description", ""), "default": field.get("default", "")}
        for name, field in schema.items()
        if name not in ("corpus", "file")
    ]
    return {"settings": settings, "presets": list(task_class(task).presets)}


def _add_login(pages: APIRouter, token: str | None) -> None:
    @pages.get("/login")
    def login() -> str:
        return render("login", problem="")

    @pages.post("/login")
    async def enter(request: Request) -> Response:
        shown = (await _form(request)).get("token", "")
        if token is None or not same(shown, token):
            return HTMLResponse(render("login", problem="That is not the token."), 401)
        answer = RedirectResponse("/runs", 303)
        answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", max_age=30 * 86400)
        return answer


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form, each once."""
    fields = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=50)
    return {name: values[-1].strip() for name, values in fields.items()}


def _found(find: Callable[[], Any]) -> Any:
    try:
        return find()
    except UsageError as error:
        raise HTTPException(404, str(error)) from None


def _said(work: Callable[[], object]) -> str:
    """What a person is told where work cannot be done; nothing where it can."""
    try:
        work()
    except LcdataError as error:
        return str(error)
    return ""
