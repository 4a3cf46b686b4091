"""Describes a dataset of Hugging Face; run by test_datasets.py."""

import datasets
import pandas as pd

from treering import data

COLUMNS = {"n": [1, 2, 3], "text": ["x", "y", "z"], "share": [1.5, 2.5, 3.5]}

ds = datasets.Dataset.from_dict(COLUMNS)
found = data.from_huggingface(ds, path="csv", data_files="a.csv", targets="n")
assert found.digest == data.from_pandas(pd.DataFrame(COLUMNS)).digest
assert found.profile["num_rows"] == 3, found.profile
assert found.source.kind == "hugging_face"
assert found.source.to_dict()["path"] == "csv"
assert data.from_huggingface(ds).source.kind == "code"
