"""`kv`: find one key among many dictionaries of integers, and say its value and its dictionary.

Teaches exact retrieval over the whole context and nothing else: no fact in it can be known beforehand. Source: the
dictionary task of "From Artificial Needles to Real Haystacks" (Xiong et al. 2024), single and multi-subkey. Left out:
textual keys (see the needle tasks) and several questions about one context.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from ..schemas.errors import UsageError
from ..schemas.quantity import IntRange, Within
from ..schemas.sample import Draft, Sample
from ..schemas.split import Split, of_split
from .material.near_misses import NearMisses, near_misses
from .material.text import Words, gather, number_table, running_chars, squeeze
from .material.wording import fill, shift
from .task import SETTINGS, Task, Template

Ints = NDArray[np.int64]

_MAX_DIGITS = 6
_Digits = Annotated[IntRange, Within(1, _MAX_DIGITS)]


@dataclass(frozen=True, kw_only=True)
class KVWording:
    """One way to ask for a key of dictionaries.

    Slots: {n} in the label; {asked}, {key}, {value}, {dictionary} elsewhere.
    """

    id: str
    head: str
    label: str
    question: str
    form: str
    """What leads to the form of the answer, which is `answer` with blanks."""
    answer: str
    absent: str
    blanks: tuple[str, str] = ("<value>", "<number>")


WORDINGS = (
    KVWording(
        id="seed",
        head="Do a task using the list of dictionaries below.\n\n",
        label="Dictionary [{n}]",
        question="\nAbove is a list of dictionaries such that each key and value is an integer. "
        "Report the value of {asked} and the dictionary it is in.",
        form=" Answer in the following template:\n",
        answer="The value of {key} is {value} and it is in Dictionary [{dictionary}].",
        absent="Not found: no dictionary has {asked}.",
        blanks=("<fill-in-value>", "<fill-in-dictionary-name>"),
    ),
    KVWording(
        id="table",
        head="Read the numbered tables; a question about them follows.\n\n",
        label="Table {n}:",
        question="\nWhich value does {asked} have, and in which table does it stand?",
        form=" Use this form:\n",
        answer="In Table {dictionary}, {key} has the value {value}.",
        absent="Not found: no table has {asked}.",
    ),
    KVWording(
        id="record",
        head="Each line below is a record that maps whole numbers to whole numbers.\n\n",
        label="Record #{n}",
        question="\nLook for {asked} in the records. Give the number stored under it and say which record that is.",
        form=" Reply like this:\n",
        answer="Record #{dictionary} stores {value} under {key}.",
        absent="Not found: no record has {asked}.",
    ),
    KVWording(
        id="map",
        head="Here are several maps from integers to integers.\n\n",
        label="map_{n} =",
        question="\nReturn what {asked} maps to, together with the index of its map.",
        form=" Complete this sentence:\n",
        answer="The result is {value}, found under {key} in map_{dictionary}.",
        absent="Not found: no map has {asked}.",
    ),
    KVWording(
        id="drawer",
        head="A cabinet has numbered drawers. Every drawer holds cards, written as key: content.\n\n",
        label="Drawer {n}",
        question="\nFind the card with {asked}. What is its content, and which drawer is it in?",
        form=" Keep to this pattern:\n",
        answer="The card with {key} reads {value} and lies in Drawer {dictionary}.",
        absent="Not found: no drawer has {asked}.",
    ),
    KVWording(
        id="block",
        head="Study these blocks of number pairs. You will be asked for one of them.\n\n",
        label="Block {n} ->",
        question="\nNow state the number paired with {asked}, and the block where the pair is listed.",
        form=" Write it as follows:\n",
        answer="{value} is paired with {key} in Block {dictionary}.",
        absent="Not found: no block has {asked}.",
    ),
    KVWording(
        id="ledger",
        head="The pages of a ledger are copied below; each entry reads key: amount.\n\n",
        label="Page ({n})",
        question="\nReport the amount entered for {asked} and its page.",
        form=" The answer should look like this:\n",
        answer="Page ({dictionary}) enters the amount {value} for {key}.",
        absent="Not found: no page has {asked}.",
    ),
    KVWording(
        id="object",
        head="Below are objects, one to a line, whose keys and values are numbers.\n\n",
        label="Object no. {n}:",
        question="\nRetrieve the value stored at {asked} and name the object it comes from.",
        form=" Respond with this sentence, filled in:\n",
        answer="Object no. {dictionary} stores {value} at {key}.",
        absent="Not found: no object has {asked}.",
    ),
    KVWording(
        id="memory",
        head="Memorize the dictionaries that follow. Afterwards you will be asked about a single key.\n\n",
        label="Dict {n}:",
        question="\nWhat is the value of {asked}? Also tell which dictionary contains it.",
        form=" Fill in this answer:\n",
        answer="It is {value}, since {key} is in Dict {dictionary}.",
        absent="Not found: no dictionary has {asked}.",
    ),
)


_LEAST_SHARING = 1 / 64
_DRAWN_AT_ONCE, _MOST_TRIES = 64, 100
"""How many keys and values are looked through for one of the task's split, and how often others are drawn."""

_LIKE_KEYS = 0.25
"""Share of the values that look like keys where some keys may be absent; half of them are keys of the text."""

_AUTOMATIC_POOLS = [range(100, 10**digits) for digits in range(4, _MAX_DIGITS + 1)]


@dataclass(frozen=True, kw_only=True, config=SETTINGS)
class KV(Task):
    """Find one key among many dictionaries of integers; answer with its value and its dictionary."""

    name: ClassVar[str] = "kv"
    templates: ClassVar[Sequence[Template]] = WORDINGS

    dict_size: Annotated[IntRange, Within(1, 1000)] = IntRange(3, 4)
    """Pairs in a dictionary, a number or a range."""

    key_digits: _Digits | None = None
    """Digits of a key or subkey. By default 3..4, and more where the length needs more distinct keys."""

    value_digits: _Digits = IntRange(3, 4)
    """Digits of a value."""

    answer_template: bool = True
    """Whether the prompt ends with the form that the answer takes."""

    subkeys: Annotated[int, Field(ge=1, le=16)] = 1
    """Integers that make up a key; above 1 keys share some of them with others, the asked one no more than any."""

    sharing: Annotated[float, Field(ge=0, le=1)] = 0.25
    """With subkeys above 1: share of the keys that vary one and the same key, for each key; 0 for no likeness at all.
    At 0.25 there are four such groups, in each of which keys have some subkeys in common, and never all."""

    shuffle_asked: bool = False
    """With subkeys above 1: ask for the subkeys in any order rather than as the key is written."""

    absent: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of samples whose key is in no dictionary and whose answer says so. Above 0, numbers of keys are values,
    too, and what is asked for is as often in the text where it is a key as where it is none; of subkeys each is."""

    def draft(self, rng: np.random.Generator, template: Template, num_units: int) -> "KVDraft":
        """A draft whose units are dictionaries; `render` puts the asked key into one of them."""
        assert isinstance(template, KVWording)
        return KVDraft(self, rng, template, num_units)

    @property
    def _pool_per_key(self) -> float:
        """Integers to choose from for each key: one of a key's subkeys, of many every other integer, is in it alone."""
        return {1: 2, 2: 1.05}.get(self.subkeys, 2.1)

    def key_pool(self, num_keys: int) -> range:
        """The integers that keys are drawn from when `num_keys` distinct ones are needed."""
        if self.key_digits is not None:
            pool = _integers(self.key_digits)
        else:
            wide_enough = (pool for pool in _AUTOMATIC_POOLS if len(pool) >= self._pool_per_key * num_keys)
            pool = next(wide_enough, _AUTOMATIC_POOLS[-1])
        needed = num_keys if self.subkeys == 1 else 2 * (_num_groups(self.sharing) + 2) * self.subkeys
        if len(pool) < needed:
            raise UsageError(
                f"kv: {needed:,} different integers are needed for keys, but {len(str(pool[-1]))} digits give "
                f"only {len(pool):,}: {'use a greater key_digits' if self.key_digits else 'use subkeys=2'} "
                "or a shorter length"
            )
        return pool


class KVDraft(Draft):
    """Dictionaries 1..capacity as one block of words, and the asked pair, which is placed by `render`."""

    def __init__(self, task: KV, rng: np.random.Generator, wording: KVWording, num_units: int) -> None:
        self.task, self.wording = task, wording
        self._depth, self._pair_depth = rng.random(), rng.random()
        self._absent = rng.random() < task.absent
        self._sizes = rng.integers(task.dict_size.low, task.dict_size.high, num_units, endpoint=True)
        used = np.arange(task.dict_size.high) < self._sizes[:, None]
        num_pairs = int(self._sizes.sum())

        has_twins = task.absent > 0
        pool = task.key_pool(num_pairs + 1 + has_twins)
        self._key_digits = len(str(pool[-1]))
        self._asked, keys = _draw_keys(rng, pool, num_pairs + has_twins, task)
        self._asked_order = rng.permutation(task.subkeys) if task.shuffle_asked else np.arange(task.subkeys)
        values = _integers(task.value_digits)
        self._max_digits = task.value_digits.high
        self._misses: NearMisses | None = None
        if not has_twins:
            self._value = _draw_value(rng, values, task.split)
            drawn = rng.integers(values.start, values.stop, used.shape, np.int32)
        else:
            self._misses, keys = near_misses(rng, self._asked, keys, is_absent=self._absent)
            likely = pool if task.subkeys == 1 and rng.random() < _LIKE_KEYS else values
            self._value = _draw_value(rng, likely, task.split)
            drawn = self._values_and_keys(rng, used, values, pool, keys)

        self._block, self._num_label_words = self._lay_out(used, keys, drawn)
        self._starts = np.concatenate(([0], running_chars(self._block)))
        question, *answers, _ = self._tail(num_units // 2 + 1)
        self.chars: Ints = self._starts + len(wording.head) + len(question) + max(map(len, answers))

    def render(self, num_units: int) -> Sample:
        """The sample of the first dictionaries, with the asked pair at its depth among them."""
        dictionary = int(self._depth * num_units)
        pair = int(self._pair_depth * self._sizes[dictionary])
        block = self._block[:num_units].copy()
        shift_by = 0 if self._misses is None else self._write_miss(block, self._misses, dictionary, pair)
        asked = self._asked if self._misses is None else self._misses.in_its_place
        self._write_pair(block, dictionary, pair, asked, self._value)
        body = squeeze(block)
        question, answer, twin, slots = self._tail(dictionary + 1)
        evidence = () if self._absent else self._evidence(block, dictionary, pair, shift_by)
        at = len(self.wording.head)
        answer_at = at + len(body) + len(question)
        return Sample(
            prompt=self.wording.head + body + question,
            answer=answer,
            answers=tuple(answer[start:end] for start, end in slots),
            answer_spans=tuple(shift(span, answer_at) for span in slots),
            evidence_spans=tuple(shift(span, at) for span in evidence),
            context_span=(at, at + len(body)),
            depth=tuple(start / (len(body) - (end - start)) for start, end in evidence),
            template=self.wording.id,
            twin_answer=twin,
            facts={
                "absent": bool(self._absent),
                "asked": [int(self._asked[place]) for place in self._asked_order],
                "key": [int(part) for part in self._asked],
                "value": None if self._absent else self._value,
                "dictionary": None if self._absent else dictionary + 1,
                "pair": None if self._absent else pair + 1,
                "num_dictionaries": num_units,
                "num_pairs": int(self._sizes[:num_units].sum()),
            },
        )

    def _values_and_keys(
        self, rng: np.random.Generator, used: NDArray[np.bool_], values: range, pool: range, keys: Ints
    ) -> NDArray[np.int32]:
        """Values where `used`, some of which look like keys, as the number does that is asked for and is no key."""
        drawn = rng.integers(values.start, values.stop, used.shape, np.int32)
        if self.task.subkeys == 1:
            self._max_digits = max(self._max_digits, self._key_digits)
            sort = rng.random(used.shape, np.float32) / _LIKE_KEYS
            drawn = np.where(sort < 1, rng.integers(pool.start, pool.stop, used.shape, np.int32), drawn)
            drawn = np.where(sort < 0.5, keys[:, 0].take(rng.integers(0, len(keys), used.shape)), drawn)
        return drawn.astype(np.int32, copy=False)

    def _lay_out(self, used: NDArray[np.bool_], keys: Ints, values: NDArray[np.int32]) -> tuple[Words, int]:
        """The dictionaries as words, a row each, pairs only where `used`; and how many of the words are the label's."""
        num_units, max_pairs = used.shape
        label = number_table(len(str(num_units)), *self._around_label_number())
        num_label_words = label.shape[1]
        block = np.empty((num_units, num_label_words + max_pairs * self._num_pair_words), np.uint64)
        block[:, :num_label_words] = label[1 : num_units + 1]
        pairs = block[:, num_label_words:].reshape(num_units, max_pairs, self._num_pair_words)
        place = np.cumsum(used, dtype=np.int32).reshape(used.shape) - 1
        self._write_keys(pairs, np.where(used[..., None], keys.take(place, axis=0), -1))
        last = np.arange(max_pairs) == self._sizes[:, None] - 1
        pairs[:, :, -1] = np.where(used, self._value_words(values, last), 0)
        return block, num_label_words

    @property
    def _num_pair_words(self) -> int:
        return 2 if self.task.subkeys == 1 else self.task.subkeys + 2

    def _around_label_number(self) -> tuple[str, str]:
        before, _, after = self.wording.label.partition("{n}")
        return before, after + " {"

    def _write_keys(self, pairs: Words, keys: Ints) -> None:
        """Put keys of shape (..., subkeys) into pairs of shape (..., words); a key of -1s stays blank."""
        if self.task.subkeys == 1:
            pairs[..., 0] = gather(number_table(self._key_digits, "", ": "), keys[..., 0])
            return
        pairs[..., 0] = gather(number_table(self._key_digits, "("), keys[..., 0])
        pairs[..., 1:-2] = gather(number_table(self._key_digits, ", "), keys[..., 1:])
        pairs[..., -2] = np.where(keys[..., 0] < 0, 0, np.frombuffer(b"): ".ljust(8, b"\0"), np.uint64)[0])

    def _value_words(self, values: NDArray[np.integer], last: NDArray[np.bool_]) -> Words:
        table = _value_table(self._max_digits)
        return gather(table, np.where(last, values + len(table) // 2, values))

    def _write_pair(self, block: Words, dictionary: int, pair: int, key: Ints | None, value: int | None) -> None:
        """Write a key, a value or both over those that a dictionary has at a place."""
        start = self._num_label_words + pair * self._num_pair_words
        words = block[dictionary, start : start + self._num_pair_words]
        if key is not None:
            self._write_keys(words, key)
        if value is not None:
            is_last = np.array(pair == self._sizes[dictionary] - 1)
            words[-1] = self._value_words(np.array(value), is_last)

    def _write_miss(self, block: Words, misses: NearMisses, dictionary: int, pair: int) -> int:
        """Write what is like the asked key over another pair; what dictionaries before the asked one gain by it."""
        ends = np.cumsum(self._sizes[: len(block)])
        place = int(misses.place * (int(ends[-1]) - 1))
        place += place >= int(ends[dictionary]) - int(self._sizes[dictionary]) + pair
        if place == int(ends[-1]):
            return 0  # there is a single pair
        there = int(np.searchsorted(ends, place, side="right"))
        before = len(squeeze(block[there]))
        self._write_pair(
            block, there, place - int(ends[there]) + int(self._sizes[there]), misses.elsewhere, misses.as_value
        )
        return len(squeeze(block[there])) - before if there < dictionary else 0

    def _evidence(
        self, block: Words, dictionary: int, pair: int, shift_by: int
    ) -> tuple[tuple[int, int], tuple[int, int]]:
        """Where the dictionary's label and the asked pair stand in the body, `shift_by` later than without the miss."""
        start = int(self._starts[dictionary]) + shift_by
        label, _ = fill(self.wording.label, n=dictionary + 1)
        before = block[dictionary, : self._num_label_words + pair * self._num_pair_words]
        pair_start = start + len(squeeze(before))
        pair_length = len(f"{_written(self._asked)}: {self._value}")
        return (start, start + len(label)), (pair_start, pair_start + pair_length)

    def _tail(self, dictionary: int) -> tuple[str, str, str, list[tuple[int, int]]]:
        """The question, the answer, that of its twin, and the spans of the answer's reference answers."""
        wording, key = self.wording, f"key {_written(self._asked)}"
        asked, blank_key = key, key
        if self.task.shuffle_asked and self.task.subkeys > 1:
            parts = [str(part) for part in self._asked[self._asked_order]]
            asked = f"the key made of {', '.join(parts[:-1])} and {parts[-1]} in any order"
            blank_key = "key <key>"
        question, _ = fill(wording.question, asked=asked)
        absent, _ = fill(wording.absent, asked=asked)
        if self.task.answer_template:
            value, number = wording.blanks
            question += wording.form + fill(wording.answer, key=blank_key, value=value, dictionary=number)[0]
        if self.task.absent > 0:
            question += f"\nIf there is none, answer: {absent}"
        question += "\n"
        answer, spans = fill(wording.answer, key=key, value=self._value, dictionary=dictionary)
        if self._absent:
            return question, absent, answer, [(0, len("Not found"))]
        return question, answer, absent if self.task.absent > 0 else "", [spans["value"], spans["dictionary"]]


@lru_cache(maxsize=8)
def _value_table(digits: int) -> Words:
    """Values as words: `{n}, ` for each and an empty one, then `{n}}` with a line's end for each and an empty one."""
    return np.concatenate([number_table(digits, "", ", ")[:, 0], number_table(digits, "", "}\n")[:, 0]])


def _written(key: Ints) -> str:
    return str(key[0]) if len(key) == 1 else f"({', '.join(map(str, key))})"


def _integers(digits: IntRange) -> range:
    return range(10 ** (digits.low - 1), 10**digits.high)


def _num_groups(sharing: float) -> int:
    """Groups of keys that vary one key, so that each has the share `sharing` of all."""
    return round(1 / sharing) if sharing >= _LEAST_SHARING else 0


def _draw_value(rng: np.random.Generator, values: range, split: Split) -> int:
    """A value that may be asked for in samples of this split."""
    for _ in range(_MOST_TRIES):
        drawn = rng.integers(values.start, values.stop, _DRAWN_AT_ONCE)
        if len(own := drawn[of_split(drawn, split)]):
            return int(own[0])
    raise UsageError(f"kv: no value below {values.stop:,} is of split {split}: use a greater value_digits")


def _draw_keys(rng: np.random.Generator, pool: range, num_pairs: int, task: KV) -> tuple[Ints, Ints]:
    """The asked key, shape (subkeys,), and the others, shape (num_pairs, subkeys), no two of the same integers.

    The asked key is drawn as all others are, so that nothing in them tells which it is, but for the task's split.
    """
    for _ in range(_MOST_TRIES):
        keys = _some_keys(rng, pool, num_pairs + 1, task.subkeys, task.sharing)
        own = np.flatnonzero(of_split(np.sort(keys[:_DRAWN_AT_ONCE], axis=1), task.split))
        if len(own):
            return keys[own[0]], np.delete(keys, own[0], axis=0)
    raise UsageError(f"kv: no key below {pool.stop:,} is of split {task.split}: use a greater key_digits")


def _some_keys(rng: np.random.Generator, pool: range, num_keys: int, subkeys: int, sharing: float) -> Ints:
    """Keys no two of which are of the same integers, shape (num_keys, subkeys)."""
    if subkeys == 1:
        return (rng.choice(len(pool), num_keys, replace=False) + pool.start)[:, None]
    num_groups = _num_groups(sharing)
    varied = rng.choice(len(pool), (num_groups, subkeys), replace=False) + pool.start
    fresh = _fresh(rng, pool, varied, num_keys)
    if not num_groups:
        return fresh
    of_group = varied[rng.integers(0, num_groups, num_keys)]
    if subkeys == 2:
        return np.where(rng.integers(0, 2, (num_keys, 1), np.int8) == np.arange(2), of_group, fresh[:, :1])
    kept = np.argsort(rng.random(fresh.shape), axis=1) < rng.integers(1, subkeys, (num_keys, 1))
    place = np.maximum(np.cumsum(~kept, axis=1) - 1, 0)
    return np.where(kept, of_group, np.take_along_axis(fresh, place, axis=1))


def _fresh(rng: np.random.Generator, pool: range, varied: Ints, num_keys: int) -> Ints:
    """Keys of integers that are in no key which is varied, those of a key all different, shape (num_keys, subkeys).

    The first integer of each is in no other key, so that no two keys are made of the same ones: where there are more
    than two, it is drawn from every other integer of the pool and the rest from those between.
    """
    subkeys = varied.shape[1]
    step = 1 if subkeys == 2 else 2
    owns, rest = pool[::step], pool[step - 1 :: step]
    free = len(owns) - len(_taken_of(owns, varied))
    if num_keys > free:
        raise UsageError(
            f"kv: {num_keys:,} different keys of {subkeys} subkeys are too many for integers below {pool.stop:,}: "
            "use a greater key_digits or a shorter length"
        )
    own = _numbers_of(owns, varied, rng.choice(free, (num_keys, 1), replace=False))
    free = len(rest) - len(_taken_of(rest, varied))
    drawn = rng.integers(0, free - np.arange(subkeys - 1), (num_keys, subkeys - 1))
    for place in range(1, subkeys - 1):
        for before in np.sort(drawn[:, :place], axis=1).T:
            drawn[:, place] += drawn[:, place] >= before
    return np.concatenate([own, _numbers_of(rest, varied, drawn)], axis=1)


def _numbers_of(numbers: range, varied: Ints, places: Ints) -> Ints:
    """The integers at these places among those of `numbers` that are in no key which is varied."""
    for taken in _taken_of(numbers, varied):
        places += places >= taken
    return places * numbers.step + numbers.start


def _taken_of(numbers: range, varied: Ints) -> list[int]:
    """The places among `numbers` of integers that are in a key which is varied, in ascending order."""
    return sorted(numbers.index(number) for number in varied.ravel().tolist() if number in numbers)
