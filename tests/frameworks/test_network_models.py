"""Models of networks, as in `test_flavours.py`; apart from it, so that two processes share the work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from frameworks.conftest import SCRIPTS, laboratory
from peers import ONNX, ROOT, TENSORFLOW, TORCH, Peer, run

pytestmark = pytest.mark.framework


@pytest.mark.parametrize(
    ("peer", "suite", "life"),
    [
        pytest.param(TORCH, "suite_keras.py", "keras_models.py", id="keras"),
        pytest.param(ONNX, "suite_onnx.py", "onnx_models.py", id="onnx"),
        pytest.param(TORCH, "suite_pytorch.py", "pytorch_models.py", id="pytorch"),
        pytest.param(ONNX, "suite_sentences.py", "sentence_models.py", id="sentence_transformers"),
        pytest.param(TENSORFLOW, "suite_tensorflow.py", "tensorflow_models.py", id="tensorflow"),
        pytest.param(TORCH, "suite_transformers.py", "transformers_models.py", id="transformers"),
    ],
)
def test_models_live_here_and_in_mlflow(run_tests: Callable[..., str], peer: Peer, suite: str, life: str) -> None:
    """Each flavour keeps its promises; its models are logged, served, and exchanged with MLflow in both directions."""
    assert " passed" in run_tests(peer, suite, life)


def test_the_examples_of_the_page_run(tmp_path: Path) -> None:
    page = str(ROOT / "docs" / "networks.md")
    run(laboratory(TORCH), SCRIPTS / "networks_page.py", page, folder=tmp_path, TREERING_HOME=str(tmp_path / "home"))
