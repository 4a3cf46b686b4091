"""Writes down how a tracker describes datasets, with calls that MLflow and Treering both have."""

import json
import os
from pathlib import Path

from mlflow.exceptions import MlflowException

from treering import TreeringError

TEXTS = ("source", "schema", "profile")


def write(described) -> None:
    Path(os.environ["REPORT"]).write_text(json.dumps(described))


def described(made, loaded, refused) -> dict:
    found = {name: dataset.to_dict() for name, dataset in made.items()}
    for one in found.values():
        for part in TEXTS:
            one[part] = json.loads(one[part] or "null")
        if one["source_type"] == "code":
            one["source"] = None
    return {"made": found, "loaded": loaded, "refused": refused}


def refused(call) -> str:
    """The code of the error."""
    try:
        call()
    except (MlflowException, TreeringError) as error:
        return error.code if isinstance(error, TreeringError) else error.error_code
    return "nothing was refused"
