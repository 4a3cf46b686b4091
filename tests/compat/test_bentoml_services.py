"""Services written for BentoML 1.4 run when their import is changed, and BentoML's own clients call them."""

from __future__ import annotations

from pathlib import Path

import pytest

from peers import SERVICES, run

pytestmark = pytest.mark.peer

HERE = Path(__file__).parent


def test_services_of_bentoml_run_and_answer_its_clients(tmp_path: Path) -> None:
    printed = run(
        SERVICES, HERE / "scripts" / "bentoml_services.py", str(HERE / "services"), folder=tmp_path,
        BENTOML_DO_NOT_TRACK="True",
    )  # fmt: skip
    examples = ("classifying", "texts", "pictures", "talking", "tasks", "pipelines", "schemas")
    assert [line for line in printed.splitlines() if line.endswith(" ran")] == [f"{one} ran" for one in examples]
