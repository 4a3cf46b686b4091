"""Models of networks: as `test_flavours.py`, which would take as long again in the same process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from frameworks.conftest import SCRIPTS, laboratory
from peers import ONNX, ROOT, TENSORFLOW, TORCH, Peer, run

pytestmark = pytest.mark.framework


@pytest.mark.parametrize(
    ("peer", "script"),
    [
        pytest.param(TORCH, "keras_models.py", id="keras"),
        pytest.param(ONNX, "onnx_models.py", id="onnx"),
        pytest.param(TORCH, "pytorch_models.py", id="pytorch"),
        pytest.param(ONNX, "sentence_models.py", id="sentence_transformers"),
        pytest.param(TENSORFLOW, "tensorflow_models.py", id="tensorflow"),
        pytest.param(TORCH, "transformers_models.py", id="transformers"),
    ],
)
def test_models_live_here_and_in_mlflow(run_tests: Callable[[Peer, str], str], peer: Peer, script: str) -> None:
    assert " passed" in run_tests(peer, script)


def test_the_examples_of_the_page_run(tmp_path: Path) -> None:
    page = str(ROOT / "docs" / "networks.md")
    run(laboratory(TORCH), SCRIPTS / "networks_page.py", page, folder=tmp_path, TREERING_HOME=str(tmp_path / "home"))
