"""What MLflow makes of some datasets, as JSON; the same program runs with Treering in its place."""

from __future__ import annotations

import importlib
import json
import sys

import numpy as np
import pandas as pd

data = importlib.import_module(sys.argv[1]).data

TABLE = pd.DataFrame(
    {
        "n": [1, 2, 3],
        "text": ["x", "y", "z"],
        "share": [1.5, None, 2.0],
        "day": pd.to_datetime(["2020-01-01"] * 3),
        "flag": [True, False, True],
        "list": [[1], [2], [3]],
    }
)
LONG = pd.DataFrame({"b": np.arange(12_000), "a": np.linspace(0, 1, 12_000).astype("float32")})
POINTS = np.linspace(-1, 1, 24).reshape(4, 6)

DATASETS = {
    "table": data.from_pandas(TABLE, source="s3://bucket/x.csv"),
    "long": data.from_pandas(LONG, source="/data/x.csv", targets="b", name="named"),
    "array": data.from_numpy(POINTS, source="/data/x.npy", targets=np.array([1, 0, 1, 0], dtype="int8")),
    "many": data.from_numpy(np.arange(30_000, dtype="uint16"), source="/data/x.npy"),
    "half": data.from_numpy(POINTS.astype("float16"), source="/data/x.npy"),
    "flags": data.from_numpy(POINTS > 0, source="/data/x.npy"),
    "complex": data.from_numpy(POINTS.astype("complex128"), source="/data/x.npy"),
    "turned": data.from_numpy(POINTS.T, source="/data/x.npy"),
    "named": data.from_numpy({"u": np.arange(3), "t": np.array(["a", "b", "c"])}, source="/data/x.npy"),
}
WEB = data.http_dataset_source.HTTPDatasetSource(url="https://example.test/x.tar.gz")
DATASETS["described"] = data.meta_dataset.MetaDataset(WEB)
DATASETS["described by name"] = data.meta_dataset.MetaDataset(WEB, name="texts")


def described(dataset: object) -> dict[str, object]:
    entity = dataset.to_entity() if hasattr(dataset, "to_entity") else dataset._to_mlflow_entity()
    found = {key: getattr(entity, key) for key in ("name", "digest", "source_type", "source", "schema", "profile")}
    return found | {key: json.loads(found[key]) for key in ("source", "profile", "schema") if found[key]}


json.dump({name: described(dataset) for name, dataset in DATASETS.items()}, sys.stdout)
