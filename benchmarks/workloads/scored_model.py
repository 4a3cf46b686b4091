"""Trains the pipeline whose predictions are measured, and makes the rows.

    python scored_model.py MODULE FOLDER ROWS

MODULE is `treering` or `mlflow`: who saves the model. With ROWS of 0 no rows are made.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

NAMES = [f"feature_{number}" for number in range(10)]
GROUP = 250_000


def main() -> None:
    """Write FOLDER/model, and FOLDER/rows.parquet."""
    module, folder, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    random = np.random.default_rng(0)
    rows = pd.DataFrame(random.normal(size=(50_000, len(NAMES))), columns=NAMES)
    target = (rows.sum(axis=1) + random.normal(size=len(rows)) > 0).astype(int)
    pipeline = make_pipeline(StandardScaler(), HistGradientBoostingClassifier(max_iter=100, random_state=0))
    pipeline.fit(rows, target)
    saver = importlib.import_module(f"{module}.sklearn")
    # MLflow's skops refuses the pipeline's own types without a list of them.
    options = {"serialization_format": "cloudpickle"} if module == "mlflow" else {}
    saver.save_model(
        pipeline, str(folder / "model"), input_example=rows.head(3), pip_requirements=["scikit-learn"], **options
    )
    joblib.dump(pipeline, folder / "model" / "bare.joblib")
    if count:
        schema = pa.schema([(name, pa.float64()) for name in NAMES])
        with parquet.ParquetWriter(folder / "rows.parquet", schema) as writer:
            for start in range(0, count, GROUP):
                size = min(GROUP, count - start)
                table = pa.table({name: random.normal(size=size) for name in NAMES})
                writer.write_table(table, row_group_size=GROUP)


if __name__ == "__main__":
    main()
