"""What a report counts is what the tables hold, whatever the dataset; and how it is written."""

import importlib.util
import struct
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Run
from reports import Looked, made

from lcdata.packers.dataset import Dataset, open_dataset
from lcdata.pipelines.reporting.pictures import pictures
from lcdata.pipelines.reporting.report import report
from lcdata.pipelines.reporting.shown import brief
from lcdata.schemas.errors import UsageError

pytestmark = pytest.mark.needs("altair", "vl_convert")


def _int(cell: str) -> int:
    return int(cell.replace(",", ""))


def _records(dataset: Dataset, config: str) -> list[dict[str, Any]]:
    return dataset.config(config).document_table().to_pylist()


@pytest.fixture(scope="module")
def looked(browser: Any, path: Path) -> Any:
    """The page of a dataset of two stages."""
    with Looked(browser, path) as page:
        yield page


def test_lengths_and_shares_are_those_of_the_document_table(looked: Looked, hostile: Dataset) -> None:
    records = _records(hostile, "one")
    table = looked.table("lengths")
    assert sum(_int(row[1]) for row in table) == len(records)
    assert sum(_int(row[2]) for row in table) == sum(record["length"] for record in records)
    for name, documents, tokens in table:
        low, *high = (_int(edge) for edge in name.split(" – "))
        inside = [record["length"] for record in records if low <= record["length"] <= (high or [low])[0]]
        assert (_int(documents), _int(tokens)) == (len(inside), sum(inside))
    sources = [component.name for component in hostile.config("one").stage.mix]
    for name, row in zip(sources, looked.table("mixture"), strict=True):
        own = [record for record in records if record["source"] == name]
        assert (_int(row[1]), _int(row[2])) == (len(own), sum(record["length"] for record in own))


def test_the_loss_is_that_of_the_labels(looked: Looked, hostile: Dataset) -> None:
    counts = Counter[int]()
    by_source = Counter[str]()
    for row in hostile.config("one").rows():
        for document in row.documents:
            counts[int((document.labels != -100).sum())] += 1
            by_source[document.source] += int((document.labels != -100).sum())
    for name, documents in looked.table("loss"):
        low, *high = (_int(edge) for edge in name.split(" – "))
        assert _int(documents) == sum(n for count, n in counts.items() if low <= count <= (high or [low])[0])
    sources = [component.name for component in hostile.config("one").stage.mix]
    assert [_int(row[5]) for row in looked.table("mixture")] == [by_source[name] for name in sources]


def test_evidence_is_counted_where_it_lies(looked: Looked, hostile: Dataset) -> None:
    records = _records(hostile, "one")
    expected = Counter[tuple[int, int]]()
    for record in records:
        octave = max(record["length"] - 1, 0).bit_length()
        expected.update((min(int(depth * 10), 9), octave) for depth in record["depth"])
    octaves = sorted({octave for _, octave in expected})
    table = looked.table("depth")
    assert len(table) == 10
    for tenth, row in enumerate(table):
        assert list(map(_int, row[1:])) == [expected[tenth, octave] for octave in octaves]
    assert sum(expected.values()) > 20
    deciles = [sum(map(_int, row[1:])) for row in looked.table("deciles")]
    assert deciles == [sum(n for (at, _), n in expected.items() if at == tenth) for tenth in range(10)]
    distances = [record["prompt_length"] - span["start"] for record in records for span in record["evidence_spans"]]
    for name, places in looked.table("distance"):
        low, *high = (_int(edge) for edge in name.split(" – "))
        assert _int(places) == sum(low <= distance <= (high or [low])[0] for distance in distances)


def test_rows_are_counted_as_they_are_packed(looked: Looked, hostile: Dataset) -> None:
    config = hostile.config("one")
    rows = list(config.rows())
    fills = looked.table("rows", 0)
    assert sum(_int(row[1]) for row in fills) == config.num_rows
    documents = looked.table("rows", 1)
    assert sum(_int(row[1]) for row in documents) == config.num_rows
    for name, count in documents:
        low, *high = (_int(edge) for edge in name.split(" – "))
        assert _int(count) == sum(low <= len(row.documents) <= (high or [low])[0] for row in rows)
    costs = [int((row.seq_lengths.astype(np.int64) ** 2).sum()) for row in rows]
    lead = looked.page.locator("#config-0-attention > p").text_content()
    assert f"{sum(costs) / len(costs):,.0f} on average" in lead


def test_answers_wordings_and_repeats_are_counted(looked: Looked, hostile: Dataset) -> None:
    records = _records(hostile, "one")
    firsts = Counter(answer[0] for record in records for answer in record["answers"])
    table = {row[0]: _int(row[1]) for row in looked.table("answers", 0)}
    others = table.pop("others", 0)
    assert table == {character: firsts[character] for character in table}
    assert others == firsts.total() - sum(table.values())
    wordings = Counter(record["template"] for record in records if record["template"])
    found = Counter[str]()
    for _, wording, samples in looked.table("wordings"):
        found[wording] += _int(samples)
    assert found == wordings
    twice = len(records) - len({record["sha256"] for record in records})
    repetition = dict(looked.table("repetition"))
    assert _int(repetition["documents whose ids another one has too"]) == twice
    assert twice > 0
    ledger = dict(looked.table("accounts", 0))
    assert _int(ledger["tokens packed"]) == hostile.config("one").num_tokens


def test_notes_of_a_build_are_told(looked: Looked, hostile: Dataset) -> None:
    notes = hostile.config("two").record.notes
    told = looked.page.locator("#config-1-accounts").text_content()
    assert notes
    assert all(brief(note, 400) in told for note in notes)


def test_headline_numbers_are_the_manifests(looked: Looked, hostile: Dataset) -> None:
    exact = {
        key: looked.page.locator(f"[data-tile={key}] .exact").text_content() for key in ("tokens", "documents", "rows")
    }
    assert {key: _int(text) for key, text in exact.items()} == {key: hostile.manifest.total(key) for key in exact}


def test_questions_share_words_with_the_evidence_of_plain_needles(trained: Path, tmp_path: Path, browser: Any) -> None:
    """A needle in the words of its question is found by them; a pair of numbers is not."""
    mix = [
        {"task": "niah", "length": "1k", "n": 20, "settings": {"num_keys": 1}},
        {"task": "kv", "length": "1k", "n": 20},
    ]
    dataset = made(tmp_path / "needles", str(trained / "gpt2-like"), seq_length="1k", mix=mix)
    with Looked(browser, Path(report(dataset).path)) as looked:
        shares = {row[0]: float(row[2].split()[0]) for row in looked.table("overlap")}
    assert shares["niah"] > 50 > 25 > shares["kv"] > 0


def test_a_dataset_of_one_row_and_one_without_answers_have_their_pages(
    trained: Path, tmp_path: Path, browser: Any
) -> None:
    tokenizer = str(trained / "gpt2-like")
    one = made(tmp_path / "one", tokenizer, seq_length="1k", mix=[{"task": "kv", "length": "1k", "n": 1}])
    with Looked(browser, Path(report(one).path)) as looked:
        assert looked.complaints == []
        assert looked.page.locator("[data-tile=documents] dd").first.text_content() == "1"
        ticks = looked.page.locator("[data-panel=rows] svg").last.locator("text").all_text_contents()
        assert "500m" not in ticks
        assert {"0", "1"} <= set(ticks)
    (tmp_path / "texts.jsonl").write_text("".join(f'{{"text": "{"some words " * n}"}}\n' for n in range(20, 220)))
    corpus = {"name": "texts", "inputs": [str(tmp_path / "texts.jsonl")]}
    with warnings.catch_warnings(action="ignore"):
        plain = made(
            tmp_path / "plain", tokenizer, seq_length="1k", tokens="20k", mix=[{"corpus": "texts"}], ingest=[corpus]
        )
    assert sorted(pictures(plain)) == ["lengths.png", "mixture.png"]
    with Looked(browser, Path(report(plain).path), 360, "dark") as looked:
        assert looked.complaints == []
        shown = looked.page.locator("#config-0 [data-panel]").evaluate_all("all => all.map(one => one.dataset.panel)")
        assert not {"depth", "deciles", "distance", "overlap", "answers", "wordings"} & set(shown)
        assert {"lengths", "buckets-0", "loss", "rows"} <= set(shown)
        assert looked.page.locator("#config-0 h3").all_text_contents() == [
            "What it is made of",
            "How it is packed",
            "Accounts",
        ]


def test_without_its_tokenizer_a_page_shows_ids(browser: Any, hostile: Dataset, tmp_path: Path) -> None:
    lost = open_dataset(hostile.folder, tokenizer=str(tmp_path / "nowhere"))
    told = report(lost, tmp_path / "ids.html")
    assert told.without_text
    with Looked(browser, Path(told.path)) as looked:
        assert "There are ids and no text" in looked.page.locator("#samples .lead").text_content()
        first = looked.page.locator("#text [data-at]").first
        assert first.text_content().strip() == first.get_attribute("data-ids")


def test_two_builds_are_compared(browser: Any, hostile: Dataset, trained: Path, tmp_path: Path) -> None:
    tokenizer = str(trained / "gpt2-like")
    before = made(tmp_path / "before", tokenizer, seq_length="1k", mix=[{"task": "kv", "length": "1k", "n": 4}])
    after = made(
        tmp_path / "after", tokenizer, seed=1, seq_length="1k", mix=[{"task": "kv", "length": "512..1k", "n": 9}]
    )
    told = report(after, against=before)
    assert Path(told.path) == after.folder / "report/against.html"
    with Looked(browser, Path(told.path)) as looked:
        assert looked.complaints == []
        counts = {row[0]: row[1:] for row in looked.table("changed-counts", 0, "changes-")}
        assert counts["documents"] == ["9", "4", "+5 (+125.0 %)"]
        lines = [tuple(row) for row in looked.table("changed-recipe", 0, "changes-")]
        assert ("put in", "seed: 1") in lines
        assert ("taken out", "seed: 0") in lines
        versions = {row[0]: row[1:] for row in looked.table("changed-versions", 0, "changes-")}
        assert versions == {"fingerprint": [after.fingerprint, before.fingerprint]}
        lengths = looked.table("changed-lengths", 0, "changes-")
        assert [sum(_int(row[at]) for row in lengths) for at in (1, 2)] == [
            build.manifest.total("tokens") for build in (after, before)
        ]
    with Looked(browser, Path(report(after, against=after).path)) as looked:
        assert "the same fingerprint" in looked.page.locator("#changes .lead").text_content()


def _size(picture: bytes) -> tuple[int, int]:
    assert picture.startswith(b"\x89PNG")
    return struct.unpack(">II", picture[16:24])


def test_a_report_lies_in_its_dataset_and_is_no_part_of_it(lcdata: Run, small: str, tmp_path: Path) -> None:
    made_so = ("gen", "--task", "kv", "--length", "1k", "--n", "3", "--workers", "0", "--tokenizer", small)
    done = lcdata(*made_so, "--out", "out", "--report")
    assert done.returncode == 0, done.stderr
    assert "report: out/report/index.html" in done.stdout
    folder = tmp_path / "out/report"
    names = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert sorted(names) == ["depth.png", "index.html", "lengths.png", "mixture.png"]
    assert all(width > 600 for name in names if name.endswith("png") for width in _size(names[name])[:1])
    assert lcdata("report", "out").returncode == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == names, "the same bytes again"
    verified = lcdata("verify", "out")
    assert verified.returncode == 0
    assert "no part of the dataset: report" in verified.stdout
    again = lcdata(*made_so, "--out", "out")
    assert "nothing to do" in again.stdout


def test_what_cannot_be_written_is_said_in_a_line(
    lcdata: Run, small: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = made(tmp_path / "out", small, seq_length="1k", mix=[{"task": "kv", "length": "1k", "n": 1}])
    for out, cure in {
        "page": "must be a page",
        "none/page.html": "there is no folder none",
        "out/page.html": "outside of it",
    }.items():
        refused = lcdata("report", "out", "--out", out)
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
        assert cure in refused.stderr
    assert lcdata("report", "elsewhere").returncode == 2
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'lcdata\[report\]'"):
        report(dataset)
