"""Model folders as Treering saves them, logged models of runs, and registered models with versions."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from treering.models.folder import SaveOptions, save
from ui.site_server import Caller

__all__ = ["fill_models", "model_files"]

CARD = """# Churn

Tells which customers will leave within a month.

| slice | recall |
|---|---|
| all | 0.81 |
| new customers | 0.64 |

> Not for decisions about credit.
"""


@cache
def model_files(*, wide: bool = False) -> Mapping[str, bytes]:
    """The files of a real model with signature and example; the wide one takes a column more."""
    names = ["age", "tenure", "charges"] + (["visits"] if wide else [])
    chance = np.random.default_rng(5)
    table = pd.DataFrame({name: chance.normal(size=60).round(3) for name in names})
    labels = np.array(["stays", "leaves"])[(table["age"] + table["charges"] > 0).astype(int)]
    model = LogisticRegression().fit(table, labels)
    with tempfile.TemporaryDirectory(prefix="treering-ui-") as scratch:
        folder = Path(scratch) / "model"
        save("sklearn", model, folder, SaveOptions(input_example=table.head(3), metadata={"task": "churn"}))
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def fill_models(call: Caller, experiment: str, runs: Sequence[str], start: int) -> str:
    """Logged models with files, params and judgements, registered under every state; returns the first one's id."""
    made = [_logged(call, experiment, run, number, start) for number, run in enumerate(runs[:5])]
    call("logged-models", {"experiment_id": experiment, "name": "half-written", "source_run_id": runs[0]})
    failed = call("logged-models", {"experiment_id": experiment, "name": "broken", "source_run_id": runs[1]})
    call(f"logged-models/{failed['model_id']}", {"status": "FAILED"}, "PATCH")
    call("registered-models", {"name": "churn", "description": CARD, "tags": {"task": "churn", "owner": "growth"}})
    for number, model_id in enumerate(made):
        version = {"name": "churn", "source": f"models:/{model_id}", "model_id": model_id, "run_id": runs[number]}
        told = {"description": f"Attempt {number + 1}.", "tags": {"checked": "yes" if number < 3 else "no"}}
        call("registered-models/churn/versions", {**version, **told})
    for alias, of in {"champion": 3, "challenger": 4, "rollback": 2}.items():
        call(f"registered-models/churn/aliases/{alias}", {"version": of}, "PUT")
    for of, stage in {1: "Archived", 3: "Production", 4: "Staging"}.items():
        call(f"registered-models/churn/versions/{of}/stage", {"stage": stage})
    call("registered-models", {"name": "without versions"})
    for number in range(12):
        call("registered-models", {"name": f"team-{number % 3}.forecast-{number}", "tags": {"task": "forecast"}})
    # The first model was read by a later run: lineage has two steps.
    call.log(runs[6 % len(runs)], model_inputs=[{"model_id": made[0]}])
    return made[0]


def _logged(call: Caller, experiment: str, run: str, number: int, start: int) -> str:
    asked = {"experiment_id": experiment, "name": f"churn-{number}", "model_type": "classifier", "source_run_id": run}
    told = {"params": {"C": str(0.1 * (number + 1)), "penalty": "l2"}, "tags": {"framework": "sklearn"}}
    model = call("logged-models", {**asked, **told})
    model_id = str(model["model_id"])
    call.put(model["artifact_uri"], model_files(wide=number >= 3))
    call(f"logged-models/{model_id}", {"status": "READY"}, "PATCH")
    dataset = {"dataset_name": "cifar10", "dataset_digest": "5f1c2a"}
    judged = [
        {"key": key, "value": value + number / 100, "timestamp": start, "step": 300, "model_id": model_id, **dataset}
        for key, value in {"recall": 0.7, "precision": 0.8}.items()
    ]
    call.log(run, model_outputs=[{"model_id": model_id, "step": 300}], linked=judged)
    return model_id
