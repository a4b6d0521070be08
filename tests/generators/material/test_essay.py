"""A corpus is cut between sentences, read in any form, and repeats only where it must."""

import gzip
import hashlib
import json
import lzma
import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
import zstandard

from lcdata.generators.material.essay import Corpus, corpus_files, excerpt, names_in_corpus
from lcdata.generators.material.files import as_planned
from lcdata.schemas.errors import ChangedError, UsageError
from lcdata.schemas.stream import stream

TEXTS = ["One comes first. Two ends the paragraph.\n\nThree — “like this.” Four!", "  \n", "Fünf 湖。六🪵。 Seven\n"]
WHOLE = "One comes first. Two ends the paragraph.\n\nThree — “like this.” Four!\n\nFünf 湖。六🪵。 Seven\n\n"


def sentences(text: str) -> list[str]:
    """The pieces of a corpus that is this text."""
    data = text.encode()
    cuts = Corpus.of(data).bytes_before
    return [data[start:end].decode() for start, end in pairwise(cuts)]


def numbered(count: int) -> str:
    """Sentences that are all different, some of them with letters beyond ASCII."""
    return "".join(
        f"Sentence no {number}th {'ü湖🪵'[: number % 4]} here.{' ' if number % 5 else chr(10) * 2}"
        for number in range(count)
    )


def as_lines(texts: list[str]) -> bytes:
    """JSON lines with a blank one at the end."""
    return b"".join(json.dumps({"text": text, "id": 1}).encode() + b"\n" for text in texts) + b"\n"


def write_text(folder: Path) -> Path:
    (folder / "a.txt").write_text(WHOLE.strip(), encoding="utf-8")
    return folder / "a.txt"


def write_folder(folder: Path) -> Path:
    (folder / "sub").mkdir()
    for name, text in zip(("a.txt", "sub/b.txt", "sub/c.txt"), TEXTS, strict=True):
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "notes.md").write_text("not read")
    return folder


def write_lines(folder: Path) -> Path:
    (folder / "a.jsonl").write_bytes(as_lines(TEXTS))
    return folder / "a.jsonl"


def write_gzip(folder: Path) -> Path:
    (folder / "a.jsonl.gz").write_bytes(gzip.compress(as_lines(TEXTS)))
    return folder / "a.jsonl.gz"


def write_zstd(folder: Path) -> Path:
    frames = [zstandard.compress(as_lines([text])) for text in TEXTS]
    (folder / "a.jsonl.zst").write_bytes(b"".join(frames))
    return folder / "a.jsonl.zst"


def write_parquet(folder: Path) -> Path:
    pq.write_table(pa.table({"id": [1, 2, 3, 4], "text": [*TEXTS, None]}), folder / "a.parquet")
    return folder / "a.parquet"


WRITERS = (write_text, write_folder, write_lines, write_gzip, write_zstd, write_parquet)


@pytest.mark.parametrize("write", WRITERS)
def test_every_form_gives_the_same_text(write: Callable[[Path], Path], tmp_path: Path) -> None:
    path = str(write(tmp_path))
    drawn = [excerpt(path, stream("test", 0, index), 7) for index in range(40)]
    assert {one.corpus_chars for one in drawn} == {len(WHOLE)}
    assert {one.text for one in drawn} == {WHOLE[one.start :] + WHOLE[: one.start] for one in drawn}
    assert len({one.start for one in drawn}) == 7
    files = corpus_files(path)
    assert all(file.is_file() for file in files)
    assert len(files) == (3 if write is write_folder else 1)


def test_cuts_are_between_sentences_and_paragraphs_stay() -> None:
    assert sentences(WHOLE) == [
        "One comes first. ", "Two ends the paragraph.\n\n", "Three — “like this.” ", "Four!\n\n",
        "Fünf 湖。", "六🪵。 ", "Seven\n\n",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "sentence",
    [
        "Mr. Bennet asked Mrs. Long and Dr. No twice. ",
        "J. R. Smith of the U.S. Army said so. ",
        "He paid 3.5 pounds at 10 a.m. to e.g. Prof. Xu again. ",
        "See Fig. 3 and No. 7 in Vol. 2 for more. ",
        "Well ... She went on. ",
        "Read 2.12. Conclusion before\n3. Thanks in 1999. ",
        "It was late (or was it?)  when he left, etc.  etc. again. ",
        "A line\nof poetry goes on\nhere. ",
    ],
)
def test_a_full_stop_inside_a_sentence_is_no_end(sentence: str) -> None:
    assert sentences(f"Before it! {sentence}After it.") == ["Before it! ", sentence, "After it."]


@pytest.mark.parametrize(
    "text",
    ["word " * 9000, "line of code;\n" * 4000, "x" * 50_000, "湖" * 20_000, "a 🪵\n\n\n\n" * 9000],
    ids=["words", "lines", "letters", "lake", "paragraphs"],
)
def test_text_without_sentences_is_cut_at_lines_or_blanks_or_between_characters(text: str) -> None:
    pieces = sentences(text)
    assert "".join(pieces) == text
    assert len(pieces) > 30
    assert max(len(piece.encode()) for piece in pieces) <= 1500
    if " " in text or "\n" in text:
        assert all(piece[-1].isspace() for piece in pieces)
    if "line" in text:
        assert all(piece.endswith(";\n") for piece in pieces)


def test_an_excerpt_follows_the_corpus_and_counts_characters() -> None:
    text = numbered(300)
    corpus = Corpus.of(text.encode())
    for index in range(20):
        drawn = corpus.excerpt(stream("test", 0, index), 299)
        assert drawn.text == (text[drawn.start :] + text[: drawn.start])[: drawn.ends[-1]]
        pieces = [drawn.text[start:end] for start, end in pairwise(drawn.ends)]
        assert len(pieces) == len(set(pieces)) == 299
        assert all(piece.startswith("Sentence no ") and piece.rstrip().endswith("here.") for piece in pieces)


def test_excerpts_start_anywhere() -> None:
    corpus = Corpus.of(numbered(50).encode())
    starts = [corpus.excerpt(stream("test", 0, index), 3).start for index in range(1000)]
    assert len(set(starts)) == 50
    assert starts.count(0) < 50


def test_repeats_begin_where_the_corpus_is_used_up() -> None:
    text = numbered(10)
    corpus = Corpus.of(text.encode())
    for index in range(10):
        drawn = corpus.excerpt(stream("test", 0, index), 35)
        assert drawn.text[: drawn.ends[30]] == (text[drawn.start :] + text[: drawn.start]) * 3
        assert [drawn.facts(count)["repeated_chars"] for count in (1, 9, 10)] == [0, 0, 0]
        for count in (11, 25, 35):
            assert drawn.facts(count)["repeated_chars"] == len(drawn.text[: drawn.ends[count]]) - len(text)
        assert drawn.facts(3)["corpus_start"] == drawn.start
        assert (np.diff(drawn.ends) > 0).all()


def test_needles_stand_between_sentences() -> None:
    drawn = Corpus.of(numbered(40).encode()).excerpt(stream("test", 0, 1), 40)
    for place in range(41):
        parts, [(start, end)] = drawn.with_needles(40, [(place, "Here!")])
        text = "".join(parts)
        assert text[start:end] == "Here!"
        assert start == drawn.ends[place]
        assert text[end:].strip() == drawn.text[drawn.ends[place] :].strip()


def test_identifiers_of_the_corpus_are_known(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Call 12345678 about the check-coach. Not about 123456.")
    path = str(tmp_path / "a.txt")
    assert names_in_corpus(path, "numbers") == {"1234567", "2345678"}
    assert names_in_corpus(path, "words") == {"check-coach"}
    assert names_in_corpus(path, "uuids") == names_in_corpus(path, "cities") == frozenset()


@pytest.mark.parametrize("name", ["a.json.gz", "a.jsonl.xz", "a.csv", "a.arrow"])
def test_a_corpus_may_be_in_any_form_that_ingest_reads(name: str, tmp_path: Path) -> None:
    if name.endswith("arrow"):
        table = pa.table({"text": TEXTS})
        with pa.OSFile(str(tmp_path / name), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    elif name.endswith("csv"):
        pc.write_csv(pa.table({"text": TEXTS}), tmp_path / name)
    else:
        pack = gzip.compress if name.endswith("gz") else lzma.compress
        (tmp_path / name).write_bytes(pack(as_lines(TEXTS)))
    drawn = excerpt(str(tmp_path / name), stream("test", 0, 1), 7)
    assert drawn.text == WHOLE[drawn.start :] + WHOLE[: drawn.start]


def test_in_a_build_only_the_text_is_read_that_was_planned(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("First of all.")
    rng = stream("test", 0, 0)
    with as_planned({str(path): hashlib.sha256(path.read_bytes()).hexdigest()}):
        assert excerpt(str(path), rng, 1).text == "First of all.\n\n"
        before = path.stat()
        path.write_text("FIRST of all.")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        with pytest.raises(ChangedError, match=r"a\.txt changed since the build was planned: put back what it was"):
            excerpt(str(path), rng, 1)
    assert excerpt(str(path), rng, 1).text == "FIRST of all.\n\n"


def test_another_text_at_the_same_path_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for text in ("First of all.", "And the second one."):
        path.write_text(text)
        assert excerpt(str(path), stream("test", 0, 0), 1).text == f"{text}\n\n"


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.txt", None, r"there is no file .*a\.txt: name a file of text"),
        ("a.pdf", b"Text.", r"a\.pdf is of no format that is read here: name a file of text, JSON"),
        ("a.txt", b" \n\n ", r"a\.txt holds no text: name another"),
        ("a.txt", b"Fine.\xff", r"line 1 of .*a\.txt is of no use \(not UTF-8\): repair it"),
        (
            "a.jsonl",
            b'{"text": "Fine."}\n{"body": "x"}\n',
            r"line 2 of .*a\.jsonl is of no use \(no string field `text`\): repair it",
        ),
        ("a.jsonl", b'{"text": 7}\n', r"line 1 of .*a\.jsonl is of no use \(no string field `text`\)"),
        ("a.jsonl", b'["text"]\n', r"line 1 of .*a\.jsonl is of no use \(no string field `text`\)"),
        ("a.jsonl", b'{"text": "Fi\n', r"line 1 of .*a\.jsonl is of no use \(malformed JSON\)"),
        ("a.jsonl.gz", b"no gzip", r"a\.jsonl\.gz cannot be read after line 0 \(it is no \.gz file"),
        (
            "a.jsonl.gz",
            gzip.compress(as_lines(TEXTS), mtime=0)[:-20],
            r"a\.jsonl\.gz cannot be read after line \d \(it ends too early\)",
        ),
        ("a.jsonl.zst", b"no zstd", r"a\.jsonl\.zst cannot be read after line 0 \(it is no \.zst file"),
        ("a.parquet", b"no parquet", r"a\.parquet is no readable Parquet file \(.*\): copy it here again"),
    ],
)
def test_what_cannot_be_read_is_named_in_one_line(name: str, data: bytes | None, message: str, tmp_path: Path) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    refused(tmp_path / name, message)


def test_folders_and_tables_without_texts_are_named(tmp_path: Path) -> None:
    refused(tmp_path, r"the folder .* holds no \.txt file: put some there")
    pq.write_table(pa.table({"body": ["x"]}), tmp_path / "a.parquet")
    refused(tmp_path / "a.parquet", r"a\.parquet has no column 'text': name one of body")
    pq.write_table(pa.table({"text": [[1]]}), tmp_path / "a.parquet")
    refused(tmp_path / "a.parquet", r"column 'text' of .*a\.parquet must hold text")


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.jsonl.gz", "a.jsonl.zst"])
def test_too_much_text_is_refused_however_small_the_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lcdata.generators.material.essay._MOST_BYTES", 1 << 20)
    text = "So much. " * 150_000
    data = text.encode() if name == "a.txt" else as_lines([text])
    packed = {"a.jsonl.gz": gzip.compress, "a.jsonl.zst": zstandard.compress}.get(name, bytes)(data)
    (tmp_path / name).write_bytes(packed)
    refused(tmp_path / name, r"holds more than 1 MiB of text: name a part of it")
    (tmp_path / "b.jsonl").write_bytes(as_lines([text[:500_000]] * 3))
    refused(tmp_path / "b.jsonl", r"b\.jsonl holds more than 1 MiB of text")


def refused(path: Path, message: str) -> None:
    """Assert that a corpus at this path is refused in one line."""
    with pytest.raises(UsageError, match=f"^corpus: .*{message}") as caught:
        excerpt(str(path), stream("test", 0, 0), 3)
    assert "\n" not in str(caught.value)


def test_real_books_are_cut_into_sentences() -> None:
    books = Path(__file__).parents[4] / "shared" / "corpus" / "books.jsonl.zst"
    if not books.is_file():
        pytest.skip("the corpus is not there")
    drawn = excerpt(str(books), stream("test", 0, 1), 20_000)
    lengths = np.diff(drawn.ends)
    assert 60 < lengths.mean() < 200
    assert lengths.max() <= 1500
    assert drawn.facts(20_000)["repeated_chars"] == 0
    assert int(drawn.ends[-1]) == len(drawn.text)
