"""Bundles of small models, and of plain files where what is in them does not matter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from treering.bundles.build import ModelSource, Plan, build
from treering.bundles.manifest import Manifest
from treering.bundles.store import BundleStore
from treering.models.folder import SaveOptions, save

ROWS = pd.DataFrame({"a": [0.0, 1.0, 2.0, 0.0], "b": [1.0, 0.0, 0.0, 2.0]})

Keep = Callable[..., Manifest]


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "churn"
    made = LogisticRegression().fit(ROWS, np.array([0, 1, 1, 0]))
    save("sklearn", made, folder, SaveOptions(input_example=ROWS))
    return folder


@pytest.fixture
def store(tmp_path: Path) -> BundleStore:
    return BundleStore(tmp_path / "bundles")


@pytest.fixture
def plan(model: Path) -> Plan:
    return Plan("churn", [ModelSource("churn", model)], lock=False, compile="never")


@pytest.fixture
def built(store: BundleStore, plan: Plan) -> Path:
    return store.find(build(store, plan).reference)


@pytest.fixture
def keep(store: BundleStore) -> Keep:
    """Keep files, given as `path=text`, as a bundle of no models."""

    def kept(name: str = "plain", **files: str) -> Manifest:
        with store.draft() as draft:
            for path, text in (files or {"one": "1", "folder/two": "2"}).items():
                (draft / path).parent.mkdir(parents=True, exist_ok=True)
                (draft / path).write_text(text)
            return store.keep(draft, Manifest(name))

    return kept
