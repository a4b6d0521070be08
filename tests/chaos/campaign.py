"""Every promise about faults, tried: `make chaos` prints the table of docs/reliability.md.

Commands run on small data at one place, again and again: killed at each of their file operations, refused each of them,
and on files of which one bit is another.
"""

import errno
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from chaos.faults import Ended, Fault, run
from conftest import TEXTS, gpt2_like

Contents = dict[str, bytes]

CODES = (errno.EIO, errno.ENOSPC, errno.EACCES)
"""Errors that an operation is refused with, in turn."""
GEN = ["gen", "--task", "kv", "--template", "table", "--length", "256", "--n", "8", "--shard-rows", "4"]
GEN += ["--tokenizer", "tok", "--out", "kv"]
INGEST = ["ingest", "texts", "--name", "c", "--buckets", "40,80", "--tokenizer", "tok"]
DRAW = ["gen", "--corpus", "store/c", "--length", "128", "--tokens", "4k", "--shard-rows", "16", "--out", "drawn"]
ROWS, SAMPLES = ["export", "kv", "--to", "mds"], ["export", "kv", "--to", "eval"]
RECIPE = """
name: mixed
seq_length: 256
tokens: 6k
tokenizer: {source: tok}
ingest: [{name: c, inputs: [texts], buckets: [40, 80]}]
mix: [{task: kv, template: [table], length: 256, share: 25%}, {corpus: store/c}]
"""


@dataclass(frozen=True)
class Scenario:
    """A command, what it makes, and the commands before it."""

    name: str
    command: list[str]
    out: tuple[str, ...]
    before: tuple[list[str], ...] = ()


SCENARIOS = (
    Scenario("gen", GEN, ("kv",)),
    Scenario("gen --overwrite", [*GEN, "--seed", "1", "--overwrite"], ("kv",), (GEN,)),
    Scenario("ingest", INGEST, ("store/c",)),
    Scenario("build", ["build", "mix.yaml"], ("store/c", "mixed")),
    Scenario("export --overwrite of rows", [*ROWS, "--overwrite"], ("kv-mds",), (GEN, ROWS)),
    Scenario(
        "export --overwrite of samples", [*SAMPLES, "--overwrite"], ("kv-eval.jsonl",), (GEN, [*SAMPLES, "--n", "3"])
    ),
)


@dataclass
class Tally:
    """How often a promise was tried, and where it was broken."""

    promise: str
    trials: int = 0
    broken: list[str] = field(default_factory=list[str])

    def that(self, holds: bool, otherwise: str) -> None:
        """Count a trial."""
        self.trials += 1
        if not holds:
            self.broken.append(otherwise)


class Place:
    """A folder that is made anew from a template before each trial, so that all trials have the same paths."""

    def __init__(self, root: Path) -> None:
        self.folder, self._template = root / "trial", root / "template"
        (self._template / "tok").mkdir(parents=True)
        (self._template / "tok/tokenizer.json").write_text(gpt2_like(TEXTS))
        (self._template / "texts").mkdir()
        for number in range(3):
            lines = [json.dumps({"text": f"text {number} {line} " * (line % 9 + 1)}) for line in range(40)]
            (self._template / f"texts/{number}.jsonl").write_text("\n".join(lines))
        (self._template / "mix.yaml").write_text(RECIPE)

    def prepare(self, *before: list[str]) -> "Place":
        """The same place after these commands."""
        self.fresh()
        for command in before:
            done = run(self.folder, command)
            assert done.code == 0, done.said
        prepared = object.__new__(Place)
        prepared.folder = self.folder
        prepared._template = self._template.with_name(f"template-{len(list(self._template.parent.iterdir()))}")
        shutil.copytree(self.folder, prepared._template)
        return prepared

    def fresh(self) -> Path:
        """The folder as it is before a trial."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self._template, self.folder)
        return self.folder


def contents(path: Path) -> Contents | None:
    """The bytes of a file, or of all files of a folder; None where nothing is."""
    if path.is_dir():
        return {file.relative_to(path).as_posix(): file.read_bytes() for file in path.rglob("*") if file.is_file()}
    return {"": path.read_bytes()} if path.exists() else None


def names(folder: Path) -> set[str]:
    """Everything in a folder and in its store."""
    return {path.relative_to(folder).as_posix() for path in (*folder.iterdir(), *folder.glob("store/*"))}


def is_one_line(ended: Ended) -> bool:
    """Whether a failure is told in one line, and not as a defect of lcdata."""
    told = [line for line in ended.said.splitlines() if line.startswith("lcdata: ")]
    errors = [line for line in told if not line.startswith("lcdata: warning: ")]
    return len(errors) == 1 and "Traceback" not in ended.said and "defect" not in ended.said


def kills_and_errors(place: Place, scenario: Scenario, limit: int | None) -> list[Tally]:
    """Kill a command at its file operations, and refuse each of them, then run it again."""
    prepared = place.prepare(*scenario.before)
    before = {out: contents(place.folder / out) for out in scenario.out}
    done = run(prepared.fresh(), scenario.command)
    assert done.code == 0, done.said
    whole, after = {out: contents(place.folder / out) for out in scenario.out}, names(place.folder)
    killed = Tally(f"{scenario.name}, killed at each file operation: what is there is the old or the new, whole")
    refused = Tally(f"{scenario.name}, each file operation refused: the same, and one line says why")
    again = Tally(f"{scenario.name}, run again after either: the bytes of an undisturbed run, nothing left over")
    for number in chosen(len(done.operations), limit):
        for fault in (Fault(number), Fault(number, CODES[number % len(CODES)])):
            ended = run(prepared.fresh(), scenario.command, fault)
            found = {out: contents(place.folder / out) for out in scenario.out}
            what = f"{fault} ({done.operations[number]}): {ended.code} {ended.said.strip().splitlines()[-1:]}"
            holds = all(found[out] in (before[out], whole[out]) for out in scenario.out)
            if fault.code is None:
                killed.that(holds, what)
            else:
                told = found == whole if ended.code == 0 else is_one_line(ended)
                refused.that(holds and told, what)
            repeated = run(place.folder, scenario.command)
            found = {out: contents(place.folder / out) for out in scenario.out}
            left = names(place.folder) ^ after
            again.that(repeated.code == 0 and found == whole and not left, f"{what}; {repeated} {sorted(left)}")
    return [killed, refused, again]


def flips(place: Place, limit: int) -> list[Tally]:
    """Flip bits in every file of a dataset and of a token store, and look whether anyone notices."""
    prepared = place.prepare(GEN, INGEST, DRAW)
    whole = contents(place.folder / "drawn")
    of_dataset = Tally("a flipped bit of a dataset: verify names its file")
    of_store = Tally("a flipped bit of a token store: verify names its file")
    drawn = Tally("a flipped bit of a token store: gen makes the same rows, or says which file is damaged")
    for folder, tally in (("kv", of_dataset), ("store/c", of_store)):
        for file, place_of, bit in some_bits(prepared.fresh() / folder, limit):
            flip(file, place_of, bit)
            name = file.relative_to(place.folder / folder).as_posix()
            what = f"{name}, bit {bit} of byte {place_of}"
            checked = run(place.folder, ["verify", folder, "--samples", "0", "--json"])
            tally.that(checked.code == 3 and name in checked.said, f"{what}: {checked.code} {checked.said}")
            if folder != "kv":
                shutil.rmtree(place.folder / "drawn", ignore_errors=True)
                made = run(place.folder, DRAW)
                same = contents(place.folder / "drawn") == whole
                named = made.code != 0 and is_one_line(made) and name in made.said
                drawn.that((made.code == 0 and same) or named, f"{what}: {made.code} {made.said}")
                shutil.rmtree(place.folder / ".drawn.lcdata", ignore_errors=True)
            flip(file, place_of, bit)
    return [of_dataset, of_store, drawn]


def some_bits(folder: Path, limit: int) -> Iterator[tuple[Path, int, int]]:
    """So many bits of each file of a folder, half of them near its end, where Parquet has its footer."""
    chance = random.Random(17)
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        size = file.stat().st_size
        for number in range(limit):
            first = max(0, size - 600) if number % 2 else 0
            yield file, chance.randrange(first, size), chance.randrange(8)


def flip(file: Path, place: int, bit: int) -> None:
    """Make one bit of a file another."""
    data = bytearray(file.read_bytes())
    data[place] ^= 1 << bit
    file.write_bytes(data)


def chosen(count: int, limit: int | None) -> list[int]:
    """All numbers below a count, or so many of them, evenly apart."""
    return list(range(count)) if limit is None or limit >= count else [count * part // limit for part in range(limit)]


def campaign(bits: int, operations: int | None) -> Iterator[Tally]:
    """All trials: of each file so many bits, of each command so many operations, or all."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as root:
        place = Place(Path(root))
        for scenario in SCENARIOS:
            yield from kills_and_errors(place, scenario, operations)
        yield from flips(place, bits)


def table(tallies: list[Tally]) -> str:
    """The tallies as the table of docs/reliability.md."""
    lines = ["| promise | trials | broken |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {tally.promise} | {tally.trials:,} | {len(tally.broken)} |" for tally in tallies)])


if __name__ == "__main__":
    tallies = list[Tally]()
    bits, *operations = map(int, sys.argv[1:])
    for tally in campaign(bits, *operations or [None]):
        tallies.append(tally)
        print(f"{tally.promise}: {tally.trials} trials", *tally.broken, sep="\n  broken: ", file=sys.stderr)
    print(table(tallies))
    sys.exit(any(tally.broken for tally in tallies))
