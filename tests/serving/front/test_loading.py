"""What the front's process loads: a server starts fast, and stays small."""

from __future__ import annotations

import subprocess
import sys

import pytest

FRONT = "treering.serving.front.process"
ASKED_FOR = {"treering.serving.predictions.log", "treering.serving.front.tracing"}


@pytest.mark.parametrize("more", [(), sorted(ASKED_FOR)])
def test_the_front_loads_nothing_that_models_need(more: tuple[str, ...]) -> None:
    program = f"import sys, importlib\nfor name in {[FRONT, *more]}: importlib.import_module(name)\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"numpy", "pandas", "pyarrow", "sklearn", "sqlalchemy", "grpc"}
    if not more:
        # The log and traces are for those who ask for them.
        assert not loaded & {*ASKED_FOR, "treering.serving.predictions.privacy", "urllib3"}
