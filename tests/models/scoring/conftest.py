from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from treering.models.folder import SaveOptions, save
from treering.models.scoring import batch

ROWS = 3_000


@pytest.fixture(scope="session")
def rows() -> pd.DataFrame:
    values = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "key": [f'row, {number}\n"{number}"' if number % 7 == 0 else f"row {number}" for number in range(ROWS)],
            "a": values.normal(size=ROWS),
            "b": values.integers(-5, 5, ROWS).astype(float) / 2,
        }
    )


@pytest.fixture(scope="session")
def linear(rows: pd.DataFrame) -> LinearRegression:
    return LinearRegression().fit(rows[["a", "b"]], rows["a"] * 2 - rows["b"])


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory, linear: LinearRegression, rows: pd.DataFrame) -> Path:
    folder = tmp_path_factory.mktemp("models") / "linear"
    save("sklearn", linear, folder, SaveOptions(watch=0, input_example=rows[["a", "b"]].head(2)))
    return folder


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of the tests are cut as those of millions of rows are."""
    monkeypatch.setattr(batch, "_LEAST_TEXT_BYTES", 5_000)
    monkeypatch.setattr(batch, "_TEXT_BYTES", 5_000)
