"""Models of networks: what their files promise, and their life, with the real MLflow beside it, both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from frameworks.conftest import SCRIPTS, laboratory
from peers import ONNX, ROOT, TENSORFLOW, TORCH, Peer, run

pytestmark = pytest.mark.framework

SUITES = {
    "suite_keras.py": TORCH,
    "suite_onnx.py": ONNX,
    "suite_pytorch.py": TORCH,
    "suite_sentences.py": ONNX,
    "suite_tensorflow.py": TENSORFLOW,
    "suite_transformers.py": TORCH,
}
LIVES = {
    "keras_models.py": TORCH,
    "onnx_models.py": ONNX,
    "pytorch_models.py": TORCH,
    "sentence_models.py": ONNX,
    "tensorflow_models.py": TENSORFLOW,
    "transformers_models.py": TORCH,
}


@pytest.mark.parametrize("suite", sorted(SUITES))
def test_each_flavour_keeps_the_promises_of_flavours(suite: str, tmp_path: Path) -> None:
    # Keras has no TensorFlow beside PyTorch.
    said = run(
        laboratory(SUITES[suite]),
        SCRIPTS / "run_suite.py",
        str(SCRIPTS / suite),
        folder=tmp_path,
        **_backend(SUITES[suite]),
    )
    assert " passed" in said
    assert "skipped" not in said


@pytest.mark.parametrize("script", sorted(LIVES))
def test_models_live_here_and_in_mlflow(script: str, run_ours: Any) -> None:
    """Logged, registered, loaded by alias in a fresh process, served, and exchanged with MLflow in both directions."""
    assert run_ours(LIVES[script], script) == []


def _backend(peer: Peer) -> dict[str, str]:
    return {"KERAS_BACKEND": "torch"} if peer is TORCH else {}


def test_the_examples_of_the_page_run(tmp_path: Path) -> None:
    page = str(ROOT / "docs" / "networks.md")
    run(laboratory(TORCH), SCRIPTS / "networks_page.py", page, folder=tmp_path, TREERING_HOME=str(tmp_path / "home"))
