"""The page in a browser: it is whole, asks for nothing, lets no text run, and can be read by everyone."""

from pathlib import Path
from typing import Any

import pytest
from reports import HOSTILE, RUN, Looked

PANELS = (
    *("lengths", "mixture", "buckets-0", "rows", "attention", "loss", "depth", "deciles", "distance", "overlap"),
    *("examples", "answers", "wordings", "repetition", "accounts"),
)


pytestmark = pytest.mark.needs("altair", "vl_convert")


def test_the_page_is_whole_and_asks_for_nothing(browser: Any, path: Path) -> None:
    with Looked(browser, path) as looked:
        assert looked.complaints == []
        assert [url for url in looked.requests if not url.startswith("data:")] == [path.as_uri()]
        for config in ("config-0", "config-1"):
            shown = looked.page.locator(f"#{config} [data-panel]").evaluate_all("all => all.map(a => a.dataset.panel)")
            assert sorted(shown) == sorted(PANELS)
        assert looked.page.locator("[data-panel=recipe] pre").text_content().startswith("name: hostile")
    assert path.stat().st_size < 5_000_000


def test_no_text_of_a_dataset_runs_or_becomes_an_element(browser: Any, path: Path) -> None:
    with Looked(browser, path) as looked:
        page = looked.page
        seen = ""
        for row in range(page.locator("#pick-row option").count()):
            page.select_option("#pick-row", index=row)
            for place in range(page.locator("#strip [role=option]").count()):
                page.evaluate(f"document.getElementById('document-{place}').click()")
                seen += page.locator("#text").text_content() + page.locator("#facts").text_content()
        for text in (HOSTILE[0], HOSTILE[1], "{{ 7*7 }}", "\u202eevil"):
            assert text in seen, "a hostile text was shown"
        assert page.evaluate("window.ran") is None
        assert page.locator("script").count() == 2
        assert page.locator("img, iframe, object, embed, [onerror], [onload]").count() == 0
        assert RUN in page.content()
        assert "</script><script>window" not in path.read_text()
        assert looked.complaints == []


def test_the_policy_refuses_what_the_page_does_not_bring(browser: Any, path: Path) -> None:
    with Looked(browser, path) as looked:
        attempts = """() => {
            for (const [name, words] of [["script", "window.ran = 1"], ["style", "body { color: red }"]]) {
                const element = document.createElement(name);
                element.textContent = words;
                document.body.append(element);
            }
            const image = document.createElement("img");
            image.src = "http://127.0.0.1:9/x.png";
            document.body.append(image);
            return fetch("http://127.0.0.1:9/").then(() => "sent", () => "refused");
        }"""
        assert looked.page.evaluate(attempts) == "refused"
        assert looked.page.evaluate("window.ran") is None
        refused = " ".join(looked.complaints)
        assert all(f"{kind}-src" in refused for kind in ("script", "style", "img"))
        assert looked.page.evaluate("getComputedStyle(document.body).color") != "rgb(255, 0, 0)"


def test_names_that_hide_something_are_shown_by_their_codes(browser: Any, path: Path) -> None:
    with Looked(browser, path) as looked:
        names = [row[0] for row in looked.table("mixture")]
        assert names[0] == HOSTILE[0]
        assert names[1].startswith("⟨202e⟩evil⟨202c⟩ שלום")
        assert "⟨0⟩⟨7⟩⟨1b⟩[31m" in names[1]


CONTRAST = """() => {
    const light = (colour) => {
        const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map(v => v / 255)
            .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const clear = (colour) => colour === "none" || colour === "transparent" || /, 0\\)$/.test(colour);
    const behind = (element) => {
        const box = element.getBoundingClientRect();
        const stack = document.elementsFromPoint(box.left + box.width / 2, box.top + box.height / 2);
        for (const under of stack) {
            if (under === element) continue;
            const style = getComputedStyle(under);
            const isShape = under instanceof SVGGeometryElement;
            const colour = isShape ? style.fill : style.backgroundColor;
            const isDrawn = isShape || !(under instanceof SVGElement);
            if (isDrawn && !clear(colour)) return colour;
        }
        for (let one = element; one; one = one.parentElement) {
            const colour = getComputedStyle(one).backgroundColor;
            if (!clear(colour)) return colour;
        }
    };
    const own = (element) => {
        const colour = getComputedStyle(element).backgroundColor;
        return element instanceof SVGElement || clear(colour) ? null : colour;
    };
    const found = [];
    let looked = 0;
    for (const element of document.querySelectorAll("body *")) {
        const hasText = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        const box = element.getBoundingClientRect();
        if (!hasText || !box.width || element.closest("script, style, [hidden], button:disabled, option")) continue;
        element.scrollIntoView({ block: "center", behavior: "instant" });
        const style = getComputedStyle(element);
        const ink = light(element.tagName === "text" ? style.fill : style.color);
        const ground = light(own(element) || behind(element));
        const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
        looked += 1;
        if (ratio < 4.5) found.push(`${element.tagName} ${element.textContent.slice(0, 40)} ${ratio.toFixed(2)}`);
    }
    return [looked, found];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
def test_every_text_stands_out_and_fits(browser: Any, path: Path, width: int, scheme: str) -> None:
    with Looked(browser, path, width, scheme) as looked:
        overflow = looked.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0
        looked.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert looked.page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        looked_at, faint = looked.page.evaluate(CONTRAST)
        assert looked_at > 500
        assert faint == []
        ground = looked.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == {"light": "rgb(245, 246, 248)", "dark": "rgb(18, 22, 27)"}[scheme]


def test_the_page_has_names_for_who_cannot_see_it(browser: Any, path: Path) -> None:
    with Looked(browser, path) as looked:
        page = looked.page
        assert page.locator("figure svg:not([role=img][aria-label])").count() == 0
        unnamed = """() => [...document.querySelectorAll("button, select, [role=listbox], [role=option], nav")]
            .filter(one => !(one.getAttribute("aria-label") || one.textContent.trim() || one.labels?.length)).length"""
        assert page.evaluate(unnamed) == 0
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
        assert len(ids) == len(set(ids))
