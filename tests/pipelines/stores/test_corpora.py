"""Token stores in an object store: the same bytes, resumed, and drawn from by ranges."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from object_store import ObjectStore, Request, contents_of, folders_beside

from lcdata import build, open_dataset
from lcdata.packers.files.texts import TextFile, Texts, about_texts
from lcdata.pipelines.corpora import arrange, read
from lcdata.pipelines.corpora.ingest import ingest
from lcdata.pipelines.corpora.store import open_corpus, open_store
from lcdata.pipelines.corpora.verify import verify_corpus
from lcdata.pipelines.run.where import Where
from lcdata.schemas.corpus import IngestRecipe
from lcdata.schemas.errors import LcdataError
from lcdata.schemas.place import place_of, write_bytes
from lcdata.schemas.tokens import TokenizerChoice

Contents = Callable[[Path], dict[str, bytes]]
STORE = "s3://bucket/store"
HERE = Where(workers=0)


class Stopped(BaseException):
    """Comes in the middle of an ingest."""


@pytest.fixture
def many_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts, batches and units so small that there are several of each."""
    monkeypatch.setattr(read, "PART_BYTES", 1 << 16)
    monkeypatch.setattr("lcdata.packers.files.texts._WRITTEN_AT_ONCE", 1 << 13)
    monkeypatch.setattr(arrange, "_SMALLEST_UNIT_BYTES", 1 << 15)
    monkeypatch.setattr(arrange, "_BLOCK_BYTES", 1 << 13)


@pytest.fixture
def recipe(tmp_path: Path, small: str) -> IngestRecipe:
    """A corpus of documents from a few words to a few thousand."""
    rng = np.random.default_rng(0)
    with open(tmp_path / "docs.jsonl", "w") as file:
        for number, length in enumerate(rng.integers(1, 800, 300).tolist()):
            words = " ".join(f"w{word}" for word in rng.integers(0, 999, length))
            file.write(json.dumps({"id": f"d{number}", "text": words}) + "\n")
    return IngestRecipe(
        name="c",
        inputs=(str(tmp_path / "docs.jsonl"),),
        fields={"id": "id"},  # pyright: ignore[reportArgumentType]
        tokenizer=TokenizerChoice(source=small),
    )


@pytest.mark.usefixtures("many_parts")
def test_a_corpus_in_a_store_has_the_bytes_of_one_here(
    recipe: IngestRecipe, tmp_path: Path, contents: Contents, store: ObjectStore
) -> None:
    assert ingest(recipe, tmp_path / "here", where=HERE).ingested
    assert ingest(recipe, place_of(STORE), where=HERE).ingested
    assert contents_of(f"{STORE}/c") == contents(tmp_path / "here/c")
    assert folders_beside(f"{STORE}/c") == ["c"]
    assert store.puts("store/c/")[-1] == "bucket/store/c/corpus.json"
    assert len({key for key in store.puts("/texts/") if key.endswith(".arrow")}) > 3
    assert len(set(store.puts("/records/unit-"))) > 3
    assert not ingest(recipe, place_of(STORE), where=HERE).ingested
    [corpus] = open_store(place_of(STORE))
    assert verify_corpus(corpus).holds


@pytest.mark.usefixtures("many_parts")
@pytest.mark.parametrize("kind", ["part", "unit"])
def test_an_ingest_that_was_stopped_goes_on(
    recipe: IngestRecipe, tmp_path: Path, contents: Contents, store: ObjectStore, kind: str
) -> None:
    def stop(event: object) -> None:
        if len(store.puts(f"/records/{kind}-")) == 3:
            raise Stopped

    with pytest.raises(Stopped):
        ingest(recipe, place_of(STORE), stop, where=HERE)
    before = set(store.puts("store/"))
    store.seen.clear()
    assert ingest(recipe, place_of(STORE), where=HERE).ingested
    done = [key for key in before if f"/records/{kind}-" in key]
    assert len(done) == 3
    assert not set(done) & set(store.puts("/records/"))
    ingest(recipe, tmp_path / "here", where=HERE)
    assert contents_of(f"{STORE}/c") == contents(tmp_path / "here/c")


@pytest.mark.usefixtures("many_parts")
def test_chosen_texts_come_as_the_batches_that_hold_them(
    recipe: IngestRecipe, tmp_path: Path, store: ObjectStore
) -> None:
    found: dict[str, tuple[list[TextFile], list[bytes]]] = {}

    def look(root: object) -> None:
        folder = place_of(str(root)) / ".c.lcdata/texts"
        names = sorted(path.name for path in folder.iterdir() if path.name.endswith(".arrow"))
        counts = [len(about_texts([TextFile(folder / name, 0)])) for name in names]
        files = [TextFile(folder / name, count) for name, count in zip(names, counts, strict=True)]
        chosen = np.array([200, 3, 150, 4, 299, 0])
        texts = Texts(files, chosen)
        assert texts.values(("id",), np.array([0, 4]))["id"] == ["d200", "d299"]
        found[str(root)] = files, [bytes(text) for text in texts]

    def look_when_read(event: object) -> None:
        if type(event).__name__ == "Arranged":
            look(place)

    for place in (tmp_path / "here", STORE):
        store.seen.clear()
        ingest(recipe, place_of(place), look_when_read, where=HERE)
    assert len(found[STORE][0]) > 3
    assert found[STORE][1] == found[str(tmp_path / "here")][1]
    assert len(found[STORE][1]) == 6


def test_a_recipe_ingests_into_a_store_and_draws_from_it(
    recipe: IngestRecipe, tmp_path: Path, small: str, contents: Contents, store: ObjectStore
) -> None:
    content = {
        "name": "mixed",
        "seq_length": 2048,
        "tokenizer": {"source": small},
        "ingest": [
            {"name": "c", "inputs": list(recipe.inputs), "fields": {"id": "id"}, "tokenizer": {"source": small}}
        ],
        "mix": [{"corpus": "c", "share": 0.8}, {"task": "kv", "length": "1k", "share": 0.2}],
        "tokens": 60_000,
    }
    build(content, tmp_path / "here", store=tmp_path / "store", workers=0)
    build(content, "s3://bucket/sets/mixed", store=STORE, workers=0)
    here, there = contents(tmp_path / "here"), contents_of("s3://bucket/sets/mixed")
    assert {name: data for name, data in there.items() if name.startswith(("data/", "docs/"))} == {
        name: data for name, data in here.items() if name.startswith(("data/", "docs/"))
    }
    assert json.loads(there["lcdata.json"])["stages"][0]["corpora"][0]["corpus"] == f"{STORE}/c"
    assert open_dataset("s3://bucket/sets/mixed").num_documents > 10
    build(content, "s3://bucket/sets/mixed", store=STORE, workers=0)


def test_a_damaged_corpus_is_named(recipe: IngestRecipe, store: ObjectStore) -> None:
    ingest(recipe, place_of(STORE), where=HERE)
    for name in ("index.parquet", "tokens"):
        corpus = open_corpus(place_of(f"{STORE}/c"))
        path = next(found for found in contents_of(f"{STORE}/c") if found.startswith(name))
        data = contents_of(f"{STORE}/c")[path]
        write_bytes(place_of(f"{STORE}/c/{path}"), data[:100] + bytes([data[100] ^ 1]) + data[101:])
        verdict = verify_corpus(corpus)
        assert [problem for problem in verdict.problems if path in problem]
        if name == "index.parquet":
            with pytest.raises(LcdataError, match="is damaged"):
                _ = open_corpus(place_of(f"{STORE}/c")).sizes
        write_bytes(place_of(f"{STORE}/c/{path}"), data)
    assert verify_corpus(open_corpus(place_of(f"{STORE}/c"))).holds


def test_a_store_that_refuses_every_seventh_request_is_asked_again(recipe: IngestRecipe, store: ObjectStore) -> None:
    def refuses(request: Request) -> bool:
        return len(store.seen) % 7 == 0

    store.refuses = refuses
    assert ingest(recipe, place_of(STORE), where=HERE).ingested
    assert verify_corpus(open_corpus(place_of(f"{STORE}/c"))).holds
    assert store.refused > 3
