#!/usr/bin/env bash
# Ctrl-C that comes while pydantic asks a discriminator function which model it writes is lost, and the program goes on.
#
# Version: pydantic 2.14.4. `model_dump` takes every exception of a function given to `Discriminator` for a value that
# fits no model, KeyboardInterrupt and SystemExit too: it warns, tries the models in their order, and returns. Validation
# lets the interrupt through.
# Seen: of a program that is interrupted in the function, `model_dump` and `model_dump_json` return, validation ends.
# Cure: put interrupts off while such a function runs, or tell models apart by a field with a literal type.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check pydantic==2.14.4

cat > interrupted.py <<'PYTHON'
import signal
from typing import Annotated

from pydantic import BaseModel, Discriminator, Tag

signal.signal(signal.SIGINT, signal.default_int_handler)
interrupts = False


def kind(value: object) -> str:
    global interrupts
    if interrupts:
        interrupts = False
        signal.raise_signal(signal.SIGINT)
    return "cat" if isinstance(value, Cat) or (isinstance(value, dict) and "meows" in value) else "dog"


class Cat(BaseModel):
    meows: int


class Dog(BaseModel):
    barks: int


class Home(BaseModel):
    pet: Annotated[Annotated[Cat, Tag("cat")] | Annotated[Dog, Tag("dog")], Discriminator(kind)]


home = Home(pet={"meows": 1})
for call in (home.model_dump, home.model_dump_json, lambda: Home(pet={"meows": 1})):
    interrupts = True
    try:
        call()
        print("went on")
    except KeyboardInterrupt:
        print("interrupted")
PYTHON

found=$(venv/bin/python interrupted.py 2> /dev/null)
echo "$found"
test "$found" = "went on
went on
interrupted"
