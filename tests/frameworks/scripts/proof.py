"""The whole life of a model, and the same through MLflow in both directions: what each flavour's script calls."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

import treering
from treering.models.folder import SaveOptions

# What MLflow also writes for a booster of LightGBM, which is not serialised so.
_MEANINGLESS = {"serialization_format", "skops_trusted_types"}
_IN_A_FRESH_PROCESS = """
import json, sys
import pandas as pd
import proof, treering
data = pd.read_pickle(sys.argv[2])
print("PREDICTED", json.dumps(proof.plain(treering.pyfunc.load_model(sys.argv[1]).predict(data))))
"""


def plain(values):
    """Predictions of any shape as lists, dictionaries, numbers and texts."""
    if hasattr(values, "to_dict") and hasattr(values, "columns"):
        return [plain(record) for record in values.to_dict(orient="records")]
    if hasattr(values, "tolist"):
        return plain(values.tolist())
    if isinstance(values, dict):
        return {str(key): plain(value) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return [plain(value) for value in values]
    return values if isinstance(values, bool | int | float | str | type(None)) else str(values)


def same(found, expected, what: str) -> None:
    """Fail unless both say the same; numbers may differ in the last digits that a file format keeps."""
    found, expected = plain(found), plain(expected)
    assert _alike(found, expected), f"{what}: {found} is not {expected}"


def _alike(one, other) -> bool:
    if isinstance(other, dict):
        return isinstance(one, dict) and set(one) == set(other) and all(_alike(one[key], other[key]) for key in other)
    if isinstance(other, list):
        return isinstance(one, list) and len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(other, float) and isinstance(one, int | float):
        return bool(np.isclose(one, other, rtol=1e-5, atol=1e-8, equal_nan=True))
    return one == other


@dataclass(frozen=True)
class Case:
    """A trained model, and what it must answer.

    Attributes:
        name: Of its folders, and of the registered model.
        flavour: The module of Treering and of MLflow.
        expected: What it answers to `data` when it is loaded as a thing that predicts.
        kind: The class that the flavour's own `load_model` gives; the model's unless given.
        columns: Of an answer, those that are compared; all unless given.
        options: Of `log_model` and `save_model`.
        theirs: More options of MLflow's.
    """

    name: str
    flavour: str
    model: Any
    data: Any
    expected: Any
    kind: type | None = None
    columns: Sequence[str] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    theirs: Mapping[str, Any] = field(default_factory=dict)

    def check(self, answer, what: str) -> None:
        """Fail unless `answer` is the expected one."""
        found, expected = (one if self.columns is None else one[self.columns] for one in (answer, self.expected))
        same(found, expected, f"{self.name}: {what}")


def live(case: Case) -> None:
    """Log the trained model, register it, load it by its alias in a fresh process, serve it."""
    case.check(_logged(case), "loaded by its alias in a fresh process")
    case.check(_served(case), "served")


def exchange(case: Case) -> None:
    """Have MLflow load what Treering saves, and Treering what MLflow saves, both as a thing that predicts and natively."""
    kind = case.kind or type(case.model)
    ours, theirs = getattr(treering, case.flavour), import_module(f"mlflow.{case.flavour}")
    here, there = f"ours-{case.name}", f"theirs-{case.name}"
    example = case.data.head(2)
    ours.save_model(case.model, here, input_example=example, **case.options)
    theirs.save_model(
        case.model, there, input_example=example, pip_requirements=["numpy"], **case.options, **case.theirs
    )
    pyfunc = import_module("mlflow.pyfunc")
    case.check(pyfunc.load_model(here).predict(case.data), "saved by Treering, loaded by MLflow")
    case.check(treering.pyfunc.load_model(there).predict(case.data), "saved by MLflow, loaded by Treering")
    assert isinstance(ours.load_model(there), kind), f"{case.name}: MLflow's, as the framework's own"
    assert isinstance(theirs.load_model(here), kind), f"{case.name}: Treering's, as the framework's own"
    _same_entries(here, there, case.flavour)


def _logged(case: Case):
    log_model, name, example = getattr(treering, case.flavour).log_model, case.name, case.data.head(2)
    with treering.start_run():
        info = log_model(case.model, name="model", registered_model_name=name, input_example=example, **case.options)
    assert info.registered_model_version == 1
    assert info.signature is not None
    treering.MlflowClient().set_registered_model_alias(name, "champion", 1)
    case.data.to_pickle(f"{name}.pkl")
    environment = {**os.environ, "PYTHONPATH": f"{os.environ['PYTHONPATH']}:{Path(__file__).parent}"}
    done = subprocess.run(
        [sys.executable, "-c", _IN_A_FRESH_PROCESS, f"models:/{name}@champion", f"{name}.pkl"],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return _table(json.loads(re.findall(r"^PREDICTED (.*)$", done.stdout, re.MULTILINE)[0]))


def _served(case: Case):
    command = "from treering.cli.main import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", command, "models", "serve", "-m", f"models:/{case.name}@champion", "-p", "0"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        url = next(found[1] for line in process.stdout if (found := re.search(r" at (http\S+)", line)))
        split = case.data.to_json(orient="split", index=False, date_format="iso", double_precision=15)
        body = {"dataframe_split": json.loads(split)}
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return _table(json.load(answer)["predictions"])
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _table(answer):
    """An answer that came as JSON, such that columns can be picked from it."""
    if isinstance(answer, list) and answer and isinstance(answer[0], dict):
        if list(answer[0]) == ["0"]:  # a column without a name
            return [one["0"] for one in answer]
        return import_module("pandas").DataFrame(answer)
    return answer


def _same_entries(here: str, there: str, flavour: str) -> None:
    """Both MLmodel files have the same entries for the flavour and for loading it as a Python function."""
    yaml = import_module("yaml")
    ours, theirs = (yaml.safe_load((Path(one) / "MLmodel").read_text())["flavors"] for one in (here, there))
    for entry in ("python_function", flavour):
        told = (entry, ours[entry], theirs[entry])
        assert ours[entry].keys() <= theirs[entry].keys() | {"code"}, told
        assert theirs[entry].keys() <= ours[entry].keys() | {"code"} | _MEANINGLESS, told
    assert ours["python_function"]["loader_module"] == theirs["python_function"]["loader_module"]


def suite(script: str) -> None:
    """Run the tests of a script, in a process of their own."""
    options = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--import-mode=importlib", "--noconftest"]
    path = f"{os.environ['PYTHONPATH']}:{Path(__file__).parent}"
    subprocess.run(
        [sys.executable, "-m", "pytest", script, *options], env={**os.environ, "PYTHONPATH": path}, check=True
    )


def example(data) -> SaveOptions:
    """Options for saving a model with an example, and so with a signature."""
    return SaveOptions(input_example=data)


def finish() -> None:
    """Tell the test that all went well."""
    Path(os.environ["REPORT"]).write_text(json.dumps([]))
