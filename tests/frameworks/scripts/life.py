"""The life of models: logged, registered, loaded by alias in a fresh process, served; and through MLflow, both ways.

Frameworks take seconds to load, so a script loads them once for all of its models,
a fresh process asks all of them, and the server that asks one of them is itself fresh.
"""

import json
import pickle
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

import treering

# What MLflow also writes for a booster of LightGBM, which is not serialised so.
_MEANINGLESS = {"serialization_format", "skops_trusted_types"}
_LONGEST = 120


@dataclass(frozen=True)
class Case:
    """A trained model, and what it must answer.

    Attributes:
        name: Of its folders, and of the registered model.
        flavour: The module of Treering and of MLflow.
        expected: What it answers to `data` when it is loaded as a thing that predicts.
        kind: The class that the flavour's own `load_model` gives; the model's unless given.
        native: Asks what that gives, which must answer as expected, too.
        columns: Of an answer, those that are compared; all unless given.
        options: Of `log_model` and `save_model`.
        theirs: More options of MLflow's.
        trust: Whether what MLflow has saved is loaded with the user's word, because it could run code.
        served: Whether a server is asked; else a fresh process is.
    """

    name: str
    flavour: str
    model: Any
    data: Any
    expected: Any
    kind: type | None = None
    native: Callable[[Any], Any] | None = None
    columns: Sequence[str] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    theirs: Mapping[str, Any] = field(default_factory=dict)
    trust: bool = False
    served: bool = False

    @property
    def uri(self) -> str:
        return f"models:/{self.name}@champion"

    @property
    def example(self):
        return self.data.head(2) if _is_table(self.data) else self.data

    def check(self, answer, what: str) -> None:
        """Fail unless `answer` is the expected one."""
        found, expected = (self._chosen(plain(one)) for one in (answer, self.expected))
        assert alike(found, expected), f"{self.name}, {what}: {found} is not {expected}"

    def check_native(self, found, what: str) -> None:
        """Fail unless `found` is the framework's own object."""
        assert isinstance(found, self.kind or type(self.model)), f"{self.name}, {what}: a {type(found)}"
        if self.native is not None:
            self.check(self.native(found), what)

    def _chosen(self, answer):
        return answer if self.columns is None else [[row[name] for name in self.columns] for row in answer]


def live(folder: Path, *cases: Case) -> None:
    """All of it; the models of MLflow are put into `folder`."""
    for case in cases:
        exchange(folder, case)
    elsewhere(folder, *cases)


def exchange(folder: Path, case: Case) -> None:
    """Log and register; MLflow loads that, and Treering what MLflow saves, as a thing that predicts and natively."""
    ours, theirs = getattr(treering, case.flavour), import_module(f"mlflow.{case.flavour}")
    there = folder / f"theirs-{case.name}"
    with treering.start_run():
        info = ours.log_model(
            case.model, name="model", registered_model_name=case.name, input_example=case.example, **case.options
        )
    assert info.registered_model_version == 1
    assert info.signature is not None
    treering.MlflowClient().set_registered_model_alias(case.name, "champion", 1)
    here = Path(
        treering.artifacts.download_artifacts(artifact_uri=case.uri, dst_path=str(folder / f"ours-{case.name}"))
    )
    example = {"input_example": case.example} if _is_table(case.data) else {}
    theirs.save_model(
        case.model, str(there), **{"pip_requirements": ["numpy"], **example, **case.options, **case.theirs}
    )
    case.check(import_module("mlflow.pyfunc").load_model(str(here)).predict(case.data), "loaded by MLflow")
    of_mlflow = treering.pyfunc.load_model(str(there), trust=case.trust or None)
    case.check(of_mlflow.predict(case.data), "saved by MLflow")
    case.check_native(theirs.load_model(str(here)), "loaded natively by MLflow")
    case.check_native(ours.load_model(str(there), trust=case.trust or None), "saved by MLflow, loaded natively")
    _same_entries(here, there, case.flavour)


def elsewhere(folder: Path, *cases: Case) -> None:
    """Ask the logged models in other processes, which load them by alias."""
    if others := [case for case in cases if not case.served]:
        asked, answered = folder / "asked.pkl", folder / "answered.json"
        asked.write_bytes(pickle.dumps([(case.uri, case.data) for case in others]))
        command = [sys.executable, __file__, str(asked), str(answered)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        for case, answer in zip(others, json.loads(answered.read_text()), strict=True):
            case.check(answer, "loaded by its alias in a fresh process")
    for case in cases:
        if case.served:
            case.check(_served(case), "served")


def _served(case: Case):
    body = {"inputs": plain(case.data)}
    if _is_table(case.data):
        text = case.data.to_json(orient="split", index=False, date_format="iso", double_precision=15)
        body = {"dataframe_split": json.loads(text)}
    command = [sys.executable, "-m", "treering", "models", "serve", "-m", case.uri, "-p", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            url = next(found[1] for line in server.stdout if (found := re.search(r" at (http\S+)", line)))
            headers = {"Content-Type": "application/json"}
            request = urllib.request.Request(url, json.dumps(body).encode(), headers)
            with urllib.request.urlopen(request, timeout=_LONGEST) as answer:
                return json.load(answer)["predictions"]
        finally:
            server.terminate()


def _same_entries(here: Path, there: Path, flavour: str) -> None:
    """Both MLmodel files have the same entries for the flavour and for loading it as a Python function."""
    yaml = import_module("yaml")
    ours, theirs = (yaml.safe_load((one / "MLmodel").read_text())["flavors"] for one in (here, there))
    for entry in ("python_function", flavour):
        told = (entry, ours[entry], theirs[entry])
        assert ours[entry].keys() <= theirs[entry].keys() | {"code"}, told
        assert theirs[entry].keys() <= ours[entry].keys() | {"code"} | _MEANINGLESS, told
    assert ours["python_function"]["loader_module"] == theirs["python_function"]["loader_module"]


def _is_table(data) -> bool:
    return hasattr(data, "to_dict") and hasattr(data, "columns")


def plain(values):
    """An answer of any shape as JSON has it."""
    if _is_table(values):
        return plain(values.to_dict(orient="records"))
    if hasattr(values, "tolist"):
        return plain(values.tolist())
    if isinstance(values, Mapping):
        return {str(key): plain(value) for key, value in values.items()}
    if isinstance(values, list | tuple):
        found = [plain(value) for value in values]
        # A column without a name, which a server calls by its number.
        return [one["0"] for one in found] if all(_is_unnamed(one) for one in found) else found
    return values if isinstance(values, bool | int | float | str | None) else str(values)


def _is_unnamed(row) -> bool:
    return isinstance(row, dict) and list(row) == ["0"]


def alike(one, other) -> bool:
    """Whether both say the same; numbers may differ in the last digits that networks and file formats keep."""
    if isinstance(other, dict):
        return isinstance(one, dict) and set(one) == set(other) and all(alike(one[key], other[key]) for key in other)
    if isinstance(other, list):
        return isinstance(one, list) and len(one) == len(other) and all(map(alike, one, other))
    if isinstance(other, float) and isinstance(one, int | float):
        return bool(np.isclose(one, other, rtol=1e-5, atol=1e-6, equal_nan=True))
    return bool(one == other)


if __name__ == "__main__":
    wanted = pickle.loads(Path(sys.argv[1]).read_bytes())
    found = [plain(treering.pyfunc.load_model(uri).predict(data)) for uri, data in wanted]
    Path(sys.argv[2]).write_text(json.dumps(found))
