"""Texts that are written to files and read back by number."""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lcdata.packers.files.texts import Text, TextFile, Texts, about_texts, hash_texts, num_texts, write_texts
from lcdata.packers.tokens.memory import page_out


def text_of(number: int, size: int) -> Text:
    """A text that differs from every other."""
    text = f"{number} é ".encode() + b"x" * size
    return Text(text, f"id{number}", f"group{number % 3}", "", number, 0, number, hashlib.sha256(text).digest())


def written(folder: Path, *sizes: list[int]) -> tuple[list[Text], list[TextFile]]:
    """A file for each list of sizes, and all their texts in order."""
    texts: list[Text] = []
    files: list[TextFile] = []
    for number, own in enumerate(sizes):
        some = [text_of(len(texts) + place, size) for place, size in enumerate(own)]
        path = folder / f"{number}.arrow"
        with path.open("wb") as sink:
            write_texts(sink, some)
        texts += some
        files.append(TextFile(path, len(some)))
    return texts, files


SHORT, LONG = 100, 5 << 20


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Text], list[TextFile]]:
    """Files of short texts, of texts longer than what is read or written at once between short ones, and of none."""
    sizes = ([SHORT] * 5000, [], [SHORT, LONG, LONG, SHORT], [SHORT] * 7, [])
    return written(tmp_path_factory.mktemp("texts"), *sizes)


def test_texts_come_in_the_order_they_were_chosen_in(corpus: tuple[list[Text], list[TextFile]]) -> None:
    texts, files = corpus
    chosen = np.random.default_rng(0).permutation(len(texts))
    found = [bytes(text) for text in Texts(files, chosen)]
    assert found == [texts[number].text for number in chosen.tolist()]
    assert {len(text) > LONG for text in found} == {True, False}


def test_a_choice_may_be_few_and_needs_no_file_without_them(corpus: tuple[list[Text], list[TextFile]]) -> None:
    texts, files = corpus
    chosen = np.array([5010, 5001, 5002])
    present = [
        file if number in (2, 3) else TextFile(Path("gone"), file.num_texts) for number, file in enumerate(files)
    ]
    opened = Texts(present, chosen)
    assert [bytes(text) for text in opened] == [texts[number].text for number in chosen.tolist()]
    assert opened.values(("id", "line"), np.array([2, 0])) == {"id": ["id5002", "id5010"], "line": [5002, 5010]}


def test_what_is_known_about_texts_comes_without_them(corpus: tuple[list[Text], list[TextFile]]) -> None:
    texts, files = corpus
    about = about_texts(files)
    assert "text" not in about.column_names
    assert about["bytes"].to_pylist() == [len(text.text) for text in texts]
    assert about["sha256"].to_pylist() == [text.sha256 for text in texts]
    assert [num_texts(file.path) for file in files] == [file.num_texts for file in files]


def test_any_changed_byte_of_a_text_changes_the_hash_of_its_file(tmp_path: Path) -> None:
    _, [file] = written(tmp_path, [SHORT, SHORT])
    data = bytearray(file.path.read_bytes())
    assert hash_texts(file.path) is not None
    place = data.rindex(b"xx")
    data[place] ^= 1
    file.path.write_bytes(data)
    assert hash_texts(file.path) is None
    file.path.write_bytes(data[: place - SHORT])
    assert hash_texts(file.path) is None


def test_texts_are_the_same_after_their_pages_were_let_go(corpus: tuple[list[Text], list[TextFile]]) -> None:
    texts, files = corpus
    before = pa.total_allocated_bytes()
    (found,) = Texts(files, np.array([5001]))
    assert len(found) > LONG
    assert pa.total_allocated_bytes() - before < LONG  # it lies in the mapped file
    page_out(found)
    assert bytes(found) == texts[5001].text
