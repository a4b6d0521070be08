"""The pages in a browser: a schedule added, run, watched and looked at, on a screen and on a phone."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import Server, command, write_recipe

from lcdata import samples

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.needs("dbos", "fastapi", "playwright.sync_api"),
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is missing: apt-get install chromium"),
]
MILLISECONDS = 60_000


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, trained: Path) -> Path:
    """A folder with recipes."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "recipes").mkdir()
    shutil.copytree(trained / "gpt2-like", folder / "recipes" / "tokenizer")
    write_recipe(folder / "recipes", folder / "recipes" / "tokenizer")
    return folder


@pytest.fixture(scope="module")
def server(place: Path) -> Iterator[Server]:
    """A server whose pages may read recipes."""
    with Server(place / "lcdata-service", "--recipes", str(place / "recipes")) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest, browser: Any) -> Iterator[Any]:
    """A page on a screen in light, or on a phone in the dark, which must report nothing."""
    size = {"width": 1200, "height": 900} if request.param == "light" else {"width": 390, "height": 844}
    context = browser.new_context(color_scheme=request.param, viewport=size)
    page, said = context.new_page(), []
    page.set_default_timeout(MILLISECONDS)
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert [line for line in said if "status of 400" not in line] == []  # which Chromium says of what a form refuses


def width_of(page: Any) -> int:
    """Pixels that a page is wider than the screen."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def test_a_schedule_is_added_run_watched_and_compared(page: Any, server: Server, place: Path, request: Any) -> None:
    scheme = "light" if request.node.callspec.params["page"] == "light" else "dark"
    page.goto(f"{server.url}/schedules")
    page.fill("[name=name]", f"nightly-{scheme}")
    page.fill("[name=cron]", "30 2 * * *")
    page.fill("[name=tz]", "Europe/Berlin")
    page.fill("[name=changes]", "seed={{fire_date}}")
    page.click("text=Add >> nth=-1")
    row = page.locator("tr", has=page.locator(f"a:text-is('nightly-{scheme}')"))
    assert "02:30+0" in row.inner_text()
    for _ in range(2):
        page.goto(f"{server.url}/schedules")
        row.get_by_role("button", name="Run now").click()
        page.wait_for_selector(".state.running")
        page.wait_for_selector(".state.built, .state.unchanged, .state.failed")
        assert page.locator(".state.failed").count() == 0, page.inner_text("main")
        assert width_of(page) <= 0
    assert page.inner_text(".lead").startswith("unchanged")
    page.reload()
    assert "Against" in page.inner_text("main")
    assert "state" in page.inner_text("main")
    page.get_by_role("button", name="build", exact=True).click()
    page.wait_for_selector("#log pre:has-text('attempt')")
    page.goto(f"{server.url}/runs?owner=nightly-{scheme}")
    assert page.locator("tbody tr").count() == 2
    assert width_of(page) <= 0


def test_a_report_is_shown_in_a_frame_that_reaches_nothing(page: Any, server: Server, place: Path) -> None:
    done = command(place, "submit", "recipes/tiny.yaml", "--wait", "--json", "--set", "seed=77")
    assert done.returncode == 0, done.stderr
    run = next(found for found in server.ask("/api/runs") if found["owner"] == "submit" and found["dataset"])
    report = Path(run["dataset"]) / "report"
    report.mkdir(exist_ok=True)
    (report / "index.html").write_text(
        "<h1>A report</h1><script>document.body.append('drawn');"
        "try { document.body.append(parent.document.title) } catch { document.body.append(' alone') }</script>"
    )
    page.goto(f"{server.url}/runs/{run['id']}")
    frame = page.frame_locator("iframe")
    assert frame.locator("body").inner_text().split("\n")[-1] == "drawn alone"
    assert server.status(f"/runs/{run['id']}/report/../lcdata.json") == 404


def test_the_playground_shows_a_sample_and_its_command(page: Any, server: Server) -> None:
    page.goto(f"{server.url}/playground")
    page.select_option("[name=task]", "niah")
    page.wait_for_selector("[name='set.num_keys']", state="attached")
    page.click("summary")
    page.fill("[name='set.num_keys']", "2")
    page.click("text=Show a sample")
    shown = page.frame_locator("#sample iframe")
    shown.locator("#text .evidence").first.wait_for()
    line = page.inner_text("code.line")
    assert line == "lcdata show niah --length 2k --seed 0 --index 0 --set num_keys=2"
    made = samples("niah", "2k", num_keys=2)[0]
    assert shown.locator("#text .answer").count() >= len(made.answers)
    facts = shown.locator("#facts").inner_text()
    assert f"{made.length:,}: {made.prompt_length:,} of prompt" in facts
    assert all(answer in facts for answer in made.answers)
    assert not shown.locator(".controls").is_visible()
    assert width_of(page) <= 0
    page.fill("[name='set.num_keys']", "<b>x")
    page.click("text=Show a sample")
    page.wait_for_selector("#sample .problem")
    assert "<b>x" in page.inner_text("#sample code.line")
    assert page.locator("#sample b").count() == 0


def test_mistakes_and_emptiness_are_told(page: Any, server: Server, place: Path) -> None:
    page.goto(f"{server.url}/schedules")
    page.fill("[name=name]", "other")
    page.fill("[name=cron]", "0 99 * * *")
    with page.expect_response(lambda answer: answer.status == 400):
        page.click("text=Add >> nth=-1")
    assert "must be five fields" in page.inner_text(".problem")
    assert page.input_value("[name=cron]") == "0 99 * * *"
    page.goto(f"{server.url}/runs?owner=nobody")
    assert "No runs yet" in page.inner_text("main")


def test_a_token_is_asked_for_once(browser: Any, place: Path) -> None:
    with Server(place / "tokened", "--host", "0.0.0.0") as server:
        context = browser.new_context()
        page = context.new_page()
        page.set_default_timeout(MILLISECONDS)
        page.goto(server.url.replace("0.0.0.0", "127.0.0.1"))
        page.fill("[name=token]", "wrong")
        page.click("text=Enter")
        assert "not the token" in page.inner_text(".problem")
        page.fill("[name=token]", server.token)
        page.click("text=Enter")
        assert "No runs yet" in page.inner_text("main")
        context.close()
