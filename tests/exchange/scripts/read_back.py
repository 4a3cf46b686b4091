"""Prints all that the store of a tracking URI holds, as MLflow 2 or 3 reads it, in JSON."""

import json
import sys

import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType

uri = sys.argv[1]
mlflow.set_tracking_uri(uri)
client = MlflowClient(uri)
newer = mlflow.__version__.startswith("3")


def files(run_id, folder=None):
    for one in client.list_artifacts(run_id, folder):
        if one.is_dir:
            yield from files(run_id, one.path)
        else:
            yield one.path


def run(one):
    inputs = [
        [used.dataset.name, used.dataset.digest, used.dataset.source, {tag.key: tag.value for tag in used.tags}]
        for used in one.inputs.dataset_inputs
    ]
    found = {
        "name": one.info.run_name,
        "user": one.info.user_id,
        "status": one.info.status,
        "times": [one.info.start_time, one.info.end_time],
        "stage": one.info.lifecycle_stage,
        "params": one.data.params,
        "tags": one.data.tags,
        "points": {
            key: [[p.step, p.timestamp, repr(p.value)] for p in client.get_metric_history(one.info.run_id, key)]
            for key in one.data.metrics
        },
        "datasets": inputs,
    }
    # What was deleted lies in the bin, and is listed where it lay.
    if one.info.lifecycle_stage == "active":
        found["files"] = sorted(files(one.info.run_id))
    if newer:
        found["reads"] = [used.model_id for used in one.inputs.model_inputs]
        found["writes"] = [[made.model_id, made.step] for made in one.outputs.model_outputs]
    return found


def version(one):
    read = mlflow.artifacts.download_artifacts(client.get_model_version_download_uri(one.name, one.version))
    return {
        "stage": one.current_stage, "run": one.run_id, "tags": one.tags, "description": one.description,
        "created": one.creation_timestamp, "status": one.status, "there": bool(read),
    }  # fmt: skip


experiments = client.search_experiments(view_type=ViewType.ALL)
numbers = [one.experiment_id for one in experiments]
runs = client.search_runs(numbers, run_view_type=ViewType.ALL)
result = {
    "experiments": {one.name: [one.lifecycle_stage, one.tags] for one in experiments},
    "runs": {one.info.run_id: run(one) for one in runs},
    "registered": {
        one.name: [one.description, one.tags, {alias: int(number) for alias, number in one.aliases.items()}]
        for one in (client.get_registered_model(found.name) for found in client.search_registered_models())
    },
    "versions": {
        f"{found.name}/{found.version}": version(client.get_model_version(found.name, found.version))
        for found in client.search_model_versions()
    },
}
if newer:
    active = [one.experiment_id for one in experiments if one.lifecycle_stage == "active"]
    result["models"] = {
        one.model_id: {
            "name": one.name, "type": one.model_type, "status": str(one.status), "params": one.params,
            "tags": one.tags, "run": one.source_run_id,
            "points": [[p.key, p.value, p.step, p.dataset_name, p.run_id] for p in one.metrics],
        }
        for one in client.search_logged_models(active)
    }  # fmt: skip
print("RESULT", json.dumps(result))
