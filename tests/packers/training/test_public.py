"""What trainers use comes from `lcdata` itself, and only who asks for it pays for PyTorch."""

import subprocess
import sys


def run(code: str) -> str:
    """What a new Python prints."""
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_costs_need_no_pytorch() -> None:
    assert run("import sys; from lcdata import row_costs, deal_rows; print('torch' in sys.modules)") == "False"
