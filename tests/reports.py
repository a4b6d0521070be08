"""Texts that would run in a page, small datasets, and a page as a browser shows it."""

from pathlib import Path
from typing import Any

from lcdata import build
from lcdata.packers.dataset import Dataset, open_dataset

RUN = "window.ran=1"
HOSTILE = (
    f"</script><script>{RUN}</script>",
    f'<img src=x onerror="{RUN}">',
    f"<!-- <script> {RUN} //-->",
    f"\u2028{RUN}//\u2029 ]]> &lt;b&gt; ${{{RUN}}} {{{{ 7*7 }}}} \\u003cscript\\u003e",
    f"\u202eevil\u202c שלום {RUN} \x00\x07\x1b[31m",
    f"javascript:{RUN} 'onload={RUN}' \"",
)
"""Texts that run where a page takes them for its own."""


def made(folder: Path, tokenizer: str, **stage: Any) -> Dataset:
    """A small dataset of one stage."""
    build(
        {"name": folder.name, "tokenizer": {"source": tokenizer}, **stage},
        folder,
        store=folder.parent / "store",
        workers=0,
    )
    return open_dataset(folder)


class Looked:
    """A page as the browser shows it, and what it complained of or asked for."""

    def __init__(self, browser: Any, path: Path, width: int = 1600, scheme: str = "light") -> None:
        self.page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("#viewer:not([hidden])")

    def table(self, panel: str, number: int = 0, part: str = "config-0-") -> list[list[str]]:
        """The cells of a table of a panel, row by row."""
        script = "of => [...of.rows].slice(1).map(row => [...row.cells].map(cell => cell.textContent))"
        return self.page.locator(f"[id='{part}{panel}'] table").nth(number).evaluate(script)

    def __enter__(self) -> "Looked":
        return self

    def __exit__(self, *_: object) -> None:
        self.page.close()
