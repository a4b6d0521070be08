"""What trainers use comes from `lcdata` itself, and only who asks for it pays for PyTorch."""

import subprocess
import sys

import pytest

import lcdata


def run(code: str) -> str:
    """What a new Python prints."""
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_importing_lcdata_imports_nothing_heavy() -> None:
    code = "import sys, lcdata; lcdata.__version__; print({'torch', 'numpy', 'pyarrow'} & set(sys.modules))"
    assert run(code) == "set()"


def test_costs_need_no_pytorch() -> None:
    assert run("import sys; from lcdata import row_costs, deal_rows; print('torch' in sys.modules)") == "False"


def test_without_pytorch_the_cure_is_named() -> None:
    code = """
import sys
sys.modules["torch"] = None
try:
    from lcdata import PackedDataset
except ImportError as error:
    print(error)
"""
    assert run(code) == "lcdata.PackedDataset needs PyTorch: pip install 'lcdata[train]'"


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Packed'"):
        _ = lcdata.Packed
