"""`json_kv`: give the value of one key of a large JSON object of random identifiers.

Teaches exact copying of a string that nothing but its key leads to. Source: the key-value task of "Lost in the Middle"
(Liu et al. 2023), its variant with the question on both sides, and HELMET's with examples. Left out: nested objects.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from ..schemas.sample import Draft, Sample
from .material.identifiers import UUID_LENGTH, Bytes, uuids
from .material.wording import fill, shift
from .task import SETTINGS, Task, Template


@dataclass(frozen=True, kw_only=True)
class JsonKVWording:
    """One way to ask for a value of a JSON object. Slot {key} in `ask`, {key} and {value} in `demo`."""

    id: str
    head: str
    ask: str
    demo: str
    cue: str
    """What stands between the context and the answer where the question came before."""


WORDINGS = (
    JsonKVWording(
        id="extract",
        head="Below is a JSON object with random identifiers as keys and values.",
        ask='Read out the value that belongs to the key "{key}".',
        demo='The key "{key}" has the value "{value}".',
        cue="Give only the value.",
    ),
    JsonKVWording(
        id="lookup",
        head="Use this JSON mapping to look something up.",
        ask='Which value is stored under "{key}"?',
        demo='Under "{key}" the value "{value}" is stored.',
        cue="Reply with the stored value.",
    ),
    JsonKVWording(
        id="register",
        head="The following register is written as JSON; each entry maps one identifier to another.",
        ask='Name the identifier that "{key}" maps to.',
        demo='"{key}" maps to "{value}".',
        cue="Name that identifier.",
    ),
    JsonKVWording(
        id="config",
        head="Here is the dump of a store in JSON format.",
        ask='What does get("{key}") return?',
        demo='get("{key}") returns "{value}".',
        cue="Write down what is returned.",
    ),
    JsonKVWording(
        id="pairs",
        head="Consider these pairs of identifiers, given as a JSON object.",
        ask='Find the partner of "{key}".',
        demo='The partner of "{key}" is "{value}".',
        cue="State the partner.",
    ),
    JsonKVWording(
        id="index",
        head="An index in JSON is printed below. You will need one line of it.",
        ask='Copy the value on the line of "{key}".',
        demo='The line of "{key}" has the value "{value}".',
        cue="Copy the value from its line.",
    ),
    JsonKVWording(
        id="cache",
        head="Someone saved the contents of a cache as JSON.",
        ask='Tell me the cached value for the key "{key}".',
        demo='For the key "{key}" the cached value is "{value}".',
        cue="Tell me the value.",
    ),
    JsonKVWording(
        id="parcel",
        head="Each key of this JSON object is a parcel's label, each value the code of its shelf.",
        ask='On which shelf is the parcel labelled "{key}"?',
        demo='The parcel labelled "{key}" is on the shelf "{value}".',
        cue="Answer with the code of the shelf.",
    ),
)


@dataclass(frozen=True, kw_only=True, config=SETTINGS)
class JsonKV(Task):
    """Give the value of one key of a large JSON object of UUIDs."""

    name: ClassVar[str] = "json_kv"
    templates: ClassVar[Sequence[Template]] = WORDINGS
    presets: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "json_kv": {"demos": 2},
        "kv_retrieval": {},
        "kv_retrieval_query_aware": {"query": "both"},
    }

    query: Literal["after", "before", "both"] = "after"
    """Where the question stands: after the object, before it, or both."""

    demos: Annotated[int, Field(ge=0, le=16)] = 0
    """Solved examples with other keys of the same object, put before the question."""

    def draft(self, rng: np.random.Generator, template: Template, num_units: int) -> "JsonKVDraft":
        """A draft whose units are pairs, besides one for each example; `render` decides which of them is asked for."""
        assert isinstance(template, JsonKVWording)
        return JsonKVDraft(self, rng, template, num_units)


class JsonKVDraft(Draft):
    """Lines `"key": "value",` of one width, and where among them the asked one lies."""

    def __init__(self, task: JsonKV, rng: np.random.Generator, wording: JsonKVWording, num_units: int) -> None:
        self.task, self.wording = task, wording
        self._depth = rng.random()
        self._demo_seed = int(rng.integers(0, 2**63))
        num_pairs = num_units + task.demos
        self._lines = _lines(uuids(rng, num_pairs), uuids(rng, num_pairs))
        fixed = len(self.render(1).text) - self._lines.shape[1]
        self.chars = fixed + np.arange(num_units + 1, dtype=np.int64) * self._lines.shape[1]

    def render(self, num_units: int) -> Sample:
        """The sample of the first pairs."""
        num_pairs = num_units + self.task.demos
        asked = int(self._depth * num_pairs)
        width = self._lines.shape[1]
        body = "{\n" + self._lines[:num_pairs].tobytes().decode()[:-2] + "\n}"
        key, value = self._pair(asked)
        ask, _ = fill(self.wording.ask, key=key)
        before = f"{self.wording.head}\n{ask}\n\n" if self.task.query != "after" else f"{self.wording.head}\n\n"
        after = self.wording.cue if self.task.query == "before" else ask
        prompt = f"{before}{body}\n\n{self._demos(asked, num_pairs)}{after}\n"
        start = len(before) + len("{\n") + asked * width + 1
        evidence = (start, start + width - 3)
        return Sample(
            prompt=prompt,
            answer=value,
            answers=(value,),
            answer_spans=(shift((0, UUID_LENGTH), len(prompt)),),
            evidence_spans=(evidence,),
            context_span=(len(before), len(before) + len(body)),
            depth=((start - len(before)) / (len(body) - (evidence[1] - evidence[0])),),
            template=self.wording.id,
            facts={"key": key, "value": value, "pair": asked + 1, "num_pairs": num_pairs},
        )

    def _pair(self, place: int) -> tuple[str, str]:
        line = self._lines[place].tobytes().decode()
        return line[2 : 2 + UUID_LENGTH], line[-3 - UUID_LENGTH : -3]

    def _demos(self, asked: int, num_pairs: int) -> str:
        others = np.random.Generator(np.random.Philox(key=self._demo_seed)).permutation(num_pairs)
        places = [int(place) for place in others[: self.task.demos + 1] if place != asked][: self.task.demos]
        shown = [fill(self.wording.demo, key=key, value=value)[0] for key, value in map(self._pair, places)]
        return "".join(f"{line}\n" for line in shown)


def _lines(keys: Bytes, values: Bytes) -> Bytes:
    """A line ` "key": "value",` of each pair as ASCII, its end included, shape (count, width)."""

    def column(text: str) -> Bytes:
        return np.broadcast_to(np.frombuffer(text.encode(), np.uint8), (len(keys), len(text)))

    return np.concatenate([column(' "'), keys, column('": "'), values, column('",\n')], axis=1)
