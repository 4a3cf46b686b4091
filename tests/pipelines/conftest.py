from __future__ import annotations

from pathlib import Path

import pytest

from projects import Project, make_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A new Git working tree with `.dvc`."""
    return make_project(tmp_path)
