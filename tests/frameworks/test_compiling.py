"""Models compiled to ONNX, in an environment that has what converts them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from peers import COMPILING

pytestmark = pytest.mark.framework


def test_compiled_models_answer_as_native_ones(run_tests: Callable[..., str]) -> None:
    """Those that would not are left alone, and hostile ones are refused."""
    assert " passed" in run_tests(COMPILING, "suite_compiling.py")
