"""An interrupt is heard once, wherever it comes, and not before what is being ended has ended."""

import subprocess
import sys

import pytest

HEARING = """
import os, signal, time, weakref
from lcdata.pipelines.commands import interrupts
from lcdata.pipelines.commands.interrupts import Terminated, hear_interrupts

def interrupt():
    os.kill(os.getpid(), signal.{number})

def wait_for_ever():
    while True:
        time.sleep(0.01)

class Ending:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        interrupt()
        print("ended")

class Dying:
    def __del__(self):
        interrupt()
        print("ended")

class Plain:
    pass

def told(_):
    interrupt()
    print("not reached")
{settings}
hear_interrupts()
try:
    {comes}
    print("and then")
    wait_for_ever()
except {error}:
    print("heard")
"""
BOTH = pytest.mark.parametrize(("number", "error"), [("SIGINT", "KeyboardInterrupt"), ("SIGTERM", "Terminated")])


def said(program: str, code: int = 0) -> list[str]:
    """What a program prints, which ends with this exit code and says nothing on stderr."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=100)
    assert (done.returncode, done.stderr) == (code, "")
    return done.stdout.splitlines()


@BOTH
@pytest.mark.parametrize("comes", ["Dying()", "Ending().__exit__()"])
def test_an_interrupt_waits_for_what_is_being_ended(number: str, error: str, comes: str) -> None:
    program = HEARING.format(number=number, error=error, comes=comes, settings="")
    assert said(program) == ["ended", "and then", "heard"]


@BOTH
def test_an_interrupt_does_not_wait_for_a_command_that_is_named_as_an_end(number: str, error: str) -> None:
    settings = "def report(): interrupt(); wait_for_ever()"
    program = HEARING.format(number=number, error=error, comes="report()", settings=settings)
    assert said(program) == ["heard"]


@BOTH
def test_an_interrupt_is_not_lost_while_a_recipe_is_written(number: str, error: str) -> None:
    settings = """
from lcdata.schemas import mix
from lcdata.schemas.recipe import Recipe

recipe = Recipe.model_validate(
    {"name": "kv", "stages": [{"name": "kv", "seq_length": "4k", "mix": [{"task": "kv", "length": "4k", "n": 1}]}]}
)
mapping = mix.Mapping

class Interrupting(type):
    def __instancecheck__(kind, value):
        mix.Mapping = mapping
        interrupt()
        return isinstance(value, mapping)

class Asked(metaclass=Interrupting):
    pass

mix.Mapping = Asked
"""
    comes = "recipe.model_dump(); assert mix.Mapping is mapping"
    program = HEARING.format(number=number, error=error, comes=comes, settings=settings)
    assert said(program) == ["and then", "heard"]


@BOTH
def test_an_interrupt_does_not_wait_for_ever(number: str, error: str) -> None:
    settings = "interrupts._PATIENCE = 0.0"
    program = HEARING.format(number=number, error=error, comes="Ending().__exit__()", settings=settings)
    assert said(program) == ["heard"]


@BOTH
def test_an_interrupt_that_python_loses_is_heard_all_the_same(number: str, error: str) -> None:
    comes = "plain = Plain(); reference = weakref.ref(plain, told); del plain"
    program = HEARING.format(number=number, error=error, comes=comes, settings="")
    assert said(program) == ["and then", "heard"]


@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 4)])
def test_an_interrupt_that_a_library_makes_an_error_of_is_one(number: str, code: int) -> None:
    program = f"""
import os, signal, sys
from lcdata import __main__ as command_line

def work(**_):
    try:
        os.kill(os.getpid(), signal.{number})
    except BaseException:
        raise OSError(5, "no interrupt at all")

command_line.cli.main = work
sys.argv = ["lcdata", "tasks"]
command_line.main()
"""
    done = subprocess.run(
        [sys.executable, "-c", program.replace("work(**_)", "work(*_, **__)")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert done.stderr.startswith("lcdata: interrupted; what was finished is safe")


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_an_interrupt_while_python_ends_changes_no_exit_code(number: str) -> None:
    program = f"""
import atexit, os, signal
from lcdata.pipelines.commands.interrupts import hear_interrupts, hear_no_more

class Last:
    def __del__(self):
        os.kill(os.getpid(), signal.{number})

hear_interrupts()
hear_no_more(7)
last = Last()
last.itself = last
raise SystemExit(7)
"""
    assert said(program, code=7) == []


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_an_interrupt_after_the_work_ends_the_process_with_its_exit_code(number: str) -> None:
    program = f"""
import os, signal
from lcdata.pipelines.commands.interrupts import hear_interrupts, hear_no_more

hear_interrupts()
print("worked")
hear_no_more(7)
os.kill(os.getpid(), signal.{number})
print("not reached")
"""
    assert said(program, code=7) == ["worked"]


def test_ctrl_c_that_is_ignored_at_the_start_stays_so() -> None:
    program = """
import os, signal
from lcdata.pipelines.commands.interrupts import hear_interrupts, hear_no_more

signal.signal(signal.SIGINT, signal.SIG_IGN)
hear_interrupts()
hear_no_more(7)
os.kill(os.getpid(), signal.SIGINT)
print("went on")
"""
    assert said(program) == ["went on"]
