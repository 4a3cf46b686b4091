"""Models keep what every host promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from treering.models.folder import SaveOptions, save
from treering.serving.hosting import HOSTS, Host
from treering.serving.models.paths import versioned
from treering.testing.hosts import HostSuite

JSON = b"application/json"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("model") / "m"
    rows = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 0.0], [0.0, 2.0]])
    save("sklearn", LogisticRegression().fit(rows, [0, 1, 1, 0]), made, SaveOptions(input_example=rows))
    return made


class TestModels(HostSuite):
    good: ClassVar = {
        versioned("invocations", "m", "1"): (JSON, b'{"inputs": [[1.0, 2.0], [3.0, 0.5]]}'),
        versioned("infer", "m", "1"): (
            JSON, b'{"inputs": [{"name": "input-0", "shape": [1, 2], "datatype": "FP64", "data": [1.0, 2.0]}]}',
        ),
        versioned("predict", "m", "1"): (JSON, b'{"instances": [[1.0, 2.0]]}'),
    }  # fmt: skip

    @pytest.fixture
    def host(self, folder: Path) -> Iterator[Host]:
        opened = HOSTS.load("models")({"models": [{"name": "m", "version": "1", "folder": str(folder)}]})
        yield opened
        opened.close()
