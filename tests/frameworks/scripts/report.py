"""Writes down what a tracker has logged, with calls that MLflow and Treering both have."""

import importlib
import json
import os
import sys
from pathlib import Path


def tracker():
    """The module that the test asked for."""
    found = importlib.import_module(sys.argv[1])
    found.set_experiment("autologging")
    return found


def finish(tracker, **more) -> None:
    client = tracker.MlflowClient()
    experiment = client.get_experiment_by_name("autologging").experiment_id
    runs = [client.get_run(one.info.run_id) for one in client.search_runs([experiment])]
    # Children of a search carry its start.
    runs.sort(key=lambda run: (run.info.start_time, "mlflow.parentRunId" in run.data.tags, _rank(run)))
    names = {run.info.run_id: f"run {number}" for number, run in enumerate(runs)}
    report = [_described(client, run, names) | more for run in runs]
    Path(os.environ["REPORT"]).write_text(json.dumps(report))


def _rank(run):
    return run.data.metrics.get("rank_test_score", 0), str(sorted(run.data.params.items()))


def _described(client, run, names) -> dict:
    models = client.search_logged_models([run.info.experiment_id], filter_string=f"source_run_id = '{run.info.run_id}'")
    parent = run.data.tags.get("mlflow.parentRunId")
    return {
        "status": str(run.info.status),
        "parent": names.get(parent),
        "params": dict(run.data.params),
        "metrics": {
            # What was timed is not to be compared.
            key: [[point.step, "time" if key.endswith("_time") else round(point.value, 12)] for point in history]
            for key in run.data.metrics
            for history in [client.get_metric_history(run.info.run_id, key)]
        },
        "tags": {
            key: value for key, value in run.data.tags.items() if key == "mlflow.autologging" or "mlflow." not in key
        },
        "artifacts": sorted(_files(client, run.info.run_id, "")),
        "inputs": [
            [one.dataset.name, _context(one), profile.get("features_shape") or profile.get("num_rows")]
            for one in run.inputs.dataset_inputs
            for profile in [json.loads(one.dataset.profile)]
        ],
        "models": [
            {"name": model.name, "status": str(model.status), "params": dict(model.params or {})} for model in models
        ],
    }


def _context(used):
    tags = used.tags if isinstance(used.tags, dict) else {tag.key: tag.value for tag in used.tags}
    return tags["mlflow.data.context"]


def _files(client, run_id, folder):
    for found in client.list_artifacts(run_id, folder or None):
        if found.is_dir:
            yield from _files(client, run_id, found.path)
        else:
            yield found.path
