"""The loop that one writes by hand: a model's predictions for every n-th row group of a Parquet file, in batches.

    python bare_predict.py MODULE MODEL INPUT OUTPUT FIRST STEP

MODULE is `sklearn`: the estimator alone; or `treering` or `mlflow`: the function that it loads.
"""

from __future__ import annotations

import importlib
import sys

import pyarrow as pa
from pyarrow import parquet

ROWS = 32_768


def main() -> None:
    """Write the predictions."""
    module, model, given, output, first, step = sys.argv[1:]
    if module == "sklearn":
        import joblib  # noqa: PLC0415 -- only this side needs it

        loaded = joblib.load(f"{model}/bare.joblib")
    else:
        loaded = importlib.import_module(f"{module}.pyfunc").load_model(model)
    writer = None
    with parquet.ParquetFile(given) as file:
        groups = list(range(int(first), file.num_row_groups, int(step)))
        for batch in file.iter_batches(ROWS, groups, use_threads=False):
            answers = pa.table({"prediction": loaded.predict(batch.to_pandas())})
            writer = writer or parquet.ParquetWriter(output, answers.schema)
            writer.write_table(answers)
    if writer is not None:
        writer.close()


if __name__ == "__main__":
    main()
