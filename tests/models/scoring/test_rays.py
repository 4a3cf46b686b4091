"""What Ray Data maps over batches; with the real Ray in tests/frameworks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.linear_model import LinearRegression

from treering.client.ray_scoring import RayPredictor, ray_predict
from treering.core.errors import InvalidInput
from treering.models.scoring.rays import FolderPredictor


def test_a_batch_gets_its_predictions(model: Path, linear: LinearRegression, rows: pd.DataFrame):
    predictor = FolderPredictor(model, keep=("key",))
    found = predictor(pa.Table.from_pandas(rows, preserve_index=False))
    assert found.column_names == ["key", "prediction"]
    np.testing.assert_allclose(found["prediction"].to_numpy(), linear.predict(rows[["a", "b"]]))
    by_columns = RayPredictor(str(model))({name: rows[name].to_numpy() for name in ("a", "b")})
    assert by_columns.column_names == ["a", "b", "prediction"]


def test_what_does_not_fit_is_told(model: Path, rows: pd.DataFrame):
    with pytest.raises(InvalidInput, match="no data set of Ray"):
        ray_predict(rows, str(model))
    with pytest.raises(InvalidInput, match="lacks columns"):
        FolderPredictor(model)(pa.table({"a": [1.0]}))
    with pytest.raises(InvalidInput, match="Leave them out of what is kept"):
        FolderPredictor(model)(pa.table({"a": [1.0], "b": [1.0], "prediction": [1.0]}))
