from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.peer


def test_the_quick_start_runs_unchanged(run_3: Callable[..., str]) -> None:
    run_3("quick_start.py")
