"""The viewer of samples: every document by mouse and by keyboard, its marks and its ids those of the dataset."""

from pathlib import Path
from typing import Any

import pytest
from reports import Looked

from lcdata.packers.dataset import Dataset

pytestmark = pytest.mark.needs("altair", "vl_convert")


def _tokens(page: Any) -> list[dict[str, Any]]:
    script = """all => all.map(one => ({at: Number(one.dataset.at), ids: one.dataset.ids.split(", ").map(Number),
        text: one.textContent, kinds: [...one.classList]}))"""
    return page.locator("#text [data-at]").evaluate_all(script)


def test_the_strip_and_the_text_are_those_of_the_row(browser: Any, path: Path, hostile: Dataset) -> None:
    config = hostile.config("one")
    kinds = set[str]()
    with Looked(browser, path) as looked:
        page = looked.page
        for place in range(4):
            page.select_option("#pick-row", index=place)
            row = config.row(int(page.locator("#pick-row option").nth(place).text_content().replace(",", "")))
            assert page.locator("#strip [role=option]").count() == len(row.documents)
            assert page.locator("#mask path").count() == len(row.documents) + 2
            for number, document in enumerate(row.documents):
                page.locator("#strip [role=option]").nth(number).click()
                tokens = _tokens(page)
                for token in tokens:
                    end = token["at"] + len(token["ids"])
                    assert token["ids"] == document.ids[token["at"] : end].tolist()
                    in_loss = document.labels[end - 1] != -100
                    assert ("loss" in token["kinds"]) == in_loss
                    is_evidence = any(start < end <= stop for start, stop in document.evidence_spans)
                    assert ("evidence" in token["kinds"]) == is_evidence
                    is_answer = any(start < end <= stop for start, stop in document.answer_spans)
                    assert ("answer" in token["kinds"]) == is_answer
                    kinds |= set(token["kinds"])
                for answer in document.answers:
                    assert answer in page.locator("#facts").text_content()
                if tokens and document.evidence_spans:
                    start, stop = document.evidence_spans[0]
                    shown = "".join(token["text"] for token in tokens if start <= token["at"] < stop)
                    assert shown.strip() == document.decode(document.ids[start:stop]).strip()
    assert kinds == {"loss", "evidence", "answer", "control"}, "every mark was seen"


def test_what_is_left_out_is_counted(browser: Any, path: Path, hostile: Dataset) -> None:
    with Looked(browser, path) as looked:
        for place in range(8):
            looked.page.select_option("#pick-row", index=place)
            words = looked.page.locator("#text .left-out").all_text_contents()
            left_out = sum(int("".join(filter(str.isdigit, text))) for text in words)
            shown = sum(len(token["ids"]) for token in _tokens(looked.page))
            index = int(looked.page.locator("#pick-row option").nth(place).text_content())
            if shown:
                assert shown + left_out == len(hostile.config("one").row(index).documents[0].ids)


def test_the_viewer_is_used_by_keyboard_alone(browser: Any, path: Path) -> None:
    with Looked(browser, path) as looked:
        page = looked.page
        focused = "document.activeElement.id || document.activeElement.className"
        page.locator("#strip [role=option][tabindex='0']").focus()
        rows = page.locator("#pick-row option").count()
        at = next(place for place in range(rows) if _choose(page, place) >= 2)
        page.locator("#strip [role=option][tabindex='0']").focus()
        page.keyboard.press("ArrowRight")
        assert page.evaluate(focused) == "document-1"
        assert page.get_attribute("#document-1", "aria-selected") == "true"
        assert page.get_attribute("#document-0", "aria-selected") == "false"
        assert page.locator("#document-number").text_content().startswith("Document 2 of")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
        page.keyboard.press("Home")
        assert page.evaluate(focused) == "document-0"
        page.keyboard.press("ArrowLeft")
        assert page.evaluate(focused) == "document-0"
        page.keyboard.press("ArrowDown")
        assert page.input_value("#pick-row") == str(min(at + 1, rows - 1))
        assert page.evaluate(focused) == "document-0"
        page.keyboard.press("ArrowUp")
        assert page.input_value("#pick-row") == str(min(at + 1, rows - 1) - 1)
        page.locator("#text [tabindex='0']").focus()
        page.keyboard.press("ArrowRight")
        second = _tokens(page)[1]
        assert page.locator("#token").text_content().startswith(f"token {second['at']} · id")
        assert page.locator("#tip").is_visible()
        page.keyboard.press("Escape")
        assert page.locator("#tip").is_hidden()
        page.keyboard.press("End")
        assert (
            "in the loss" in page.locator("#token").text_content() or "token" in page.locator("#token").text_content()
        )


def _choose(page: Any, place: int) -> int:
    page.select_option("#pick-row", index=place)
    return page.locator("#strip [role=option]").count()


def test_pointing_at_a_token_or_a_bar_says_what_it_is(browser: Any, path: Path) -> None:
    with Looked(browser, path) as looked:
        page = looked.page
        page.locator("#text [data-at]").first.hover()
        first = _tokens(page)[0]
        assert page.locator("#tip").text_content().startswith(f"token {first['at']} · id {first['ids'][0]}")
        bars = page.locator("#config-0-lengths [data-tip]")
        high = next(place for place in range(bars.count()) if bars.nth(place).bounding_box()["height"] > 4)
        bars.nth(high).hover()
        assert page.locator("#tip").text_content() == bars.nth(high).get_attribute("data-tip")
        page.mouse.move(2, 2)
        assert page.locator("#tip").is_hidden()


def test_another_config_has_its_own_rows(browser: Any, path: Path, hostile: Dataset) -> None:
    with Looked(browser, path) as looked:
        looked.page.select_option("#pick-config", label="two")
        index = int(looked.page.locator("#pick-row option").first.text_content())
        row = hostile.config("two").row(index)
        assert looked.page.locator("#strip [role=option]").count() == len(row.documents)
        assert looked.page.locator("#strip").evaluate("one => one.scrollWidth <= one.clientWidth + 1")
