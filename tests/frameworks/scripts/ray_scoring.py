"""Trains and registers a model, scores a data set of Ray with it, and prints what came of it."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import warnings

import numpy as np
import pandas as pd

warnings.simplefilter("ignore")

import ray
from sklearn.linear_model import LinearRegression

import treering


def main() -> None:
    rows = pd.DataFrame({"key": np.arange(5000), "a": np.arange(5000.0), "b": np.arange(5000.0) % 7})
    fitted = LinearRegression().fit(rows[["a", "b"]], rows["a"] * 2 - rows["b"])
    with treering.start_run():
        treering.sklearn.log_model(
            fitted, name="model", input_example=rows[["a", "b"]].head(2), registered_model_name="ray"
        )
    treering.Client().set_registered_model_alias("ray", "champion", 1)
    # Workers hold a processor each, and what makes the batches needs some, too.
    scratch = tempfile.mkdtemp(prefix="ray")  # the paths of its sockets have to be short
    ray.init(
        _temp_dir=scratch,
        num_cpus=4,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
        runtime_env={"env_vars": {"PYTHONPATH": os.environ["PYTHONPATH"]}},
    )
    data = ray.data.from_pandas(rows).repartition(4)
    scored = treering.models.ray_predict(data, "models:/ray@champion", keep=("key",), batch_size=700, workers=2)
    found = scored.to_pandas().sort_values("key")
    folder = treering.artifacts.download_artifacts("models:/ray/1")
    by_hand = data.map_batches(
        treering.models.RayPredictor,
        fn_constructor_args=(folder,),
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=1),
    )
    refused = ""
    try:
        treering.models.ray_predict(data.drop_columns(["b"]), folder).materialize()
    except ray.exceptions.RayError as error:
        refused = str(error)
    sys.stdout.write(
        json.dumps(
            {
                "keys": found["key"].tolist() == rows["key"].tolist(),
                "largest": float(np.abs(found["prediction"] - fitted.predict(rows[["a", "b"]])).max()),
                "columns": [scored.schema().names, by_hand.schema().names],
                "refused": "lacks columns" in refused and "'b'" in refused,
            }
        )
    )
    ray.shutdown()
    shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
