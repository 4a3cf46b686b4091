"""Datasets of libraries that are too big for the ordinary tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from frameworks.conftest import SCRIPTS, laboratory
from peers import HUGGING_FACE, run

pytestmark = pytest.mark.framework


def test_a_dataset_of_hugging_face(tmp_path: Path) -> None:
    script = SCRIPTS / "hugging_face_dataset.py"
    run(laboratory(HUGGING_FACE), script, folder=tmp_path, TREERING_HOME=str(tmp_path / "home"))
