"""All endpoints of MLflow's classic protocol, with the fields of their requests: none is missing, none lacks a field."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest

from treering.core.errors import InvalidInput
from treering.wire.dialect import RawRequest
from treering.wire.endpoint import Empty, Endpoint, Stream
from treering.wire.mlflow.catalogue import ENDPOINTS
from treering.wire.mlflow.codec import MlflowDialect

# Method, path below /api/2.0/mlflow unless it begins with a slash, and the fields; "!" marks those that must be given.
CONTRACT = """
GET experiments/get-by-name experiment_name!
POST experiments/create name! artifact_location tags
POST experiments/search max_results page_token filter order_by view_type
GET experiments/search max_results page_token filter order_by view_type
GET experiments/get experiment_id!
POST experiments/delete experiment_id!
POST experiments/restore experiment_id!
POST experiments/update experiment_id! new_name!
POST experiments/set-experiment-tag experiment_id! key! value
POST experiments/delete-experiment-tag experiment_id! key!
POST runs/create experiment_id user_id run_name start_time tags
POST runs/update run_id run_uuid status end_time run_name
POST runs/delete run_id!
POST runs/restore run_id!
POST runs/log-metric run_id run_uuid key! value! timestamp! step model_id dataset_name dataset_digest
POST runs/log-parameter run_id run_uuid key! value
POST runs/set-tag run_id run_uuid key! value
POST runs/delete-tag run_id! key!
GET runs/get run_id run_uuid
POST runs/search experiment_ids filter run_view_type max_results order_by page_token
POST runs/log-batch run_id! metrics params tags
POST runs/log-model run_id! model_json!
POST runs/log-inputs run_id! datasets models
POST runs/outputs run_id! models
GET metrics/get-history run_id run_uuid metric_key! page_token max_results
GET metrics/get-history-bulk-interval run_ids metric_key! start_step end_step max_results
GET artifacts/list run_id run_uuid path page_token
POST artifacts/presigned-upload-url run_id path! expiration model_id
POST artifacts/presigned-download-url run_id! path! expiration
GET /2.0/mlflow-artifacts/artifacts/{artifact_path}
PUT /2.0/mlflow-artifacts/artifacts/{artifact_path}
GET /2.0/mlflow-artifacts/artifacts path
DELETE /2.0/mlflow-artifacts/artifacts/{artifact_path}
POST /2.0/mlflow-artifacts/mpu/create/{artifact_path} path! num_parts
POST /2.0/mlflow-artifacts/mpu/complete/{artifact_path} path! upload_id!
POST /2.0/mlflow-artifacts/mpu/abort/{artifact_path} path! upload_id!
GET /2.0/mlflow-artifacts/presigned/{artifact_path}
POST logged-models experiment_id! name model_type source_run_id params tags
PATCH logged-models/{model_id} status!
GET logged-models/{model_id} allow_deleted
DELETE logged-models/{model_id}
POST logged-models/search experiment_ids filter datasets max_results order_by page_token
PATCH logged-models/{model_id}/tags tags
DELETE logged-models/{model_id}/tags/{tag_key}
GET logged-models/{model_id}/artifacts/directories artifact_directory_path page_token
POST logged-models/{model_id}/params params
POST registered-models/create name! tags description
POST registered-models/rename name! new_name!
PATCH registered-models/update name! description
DELETE registered-models/delete name!
GET registered-models/get name!
GET registered-models/search filter max_results order_by page_token
POST registered-models/get-latest-versions name! stages
GET registered-models/get-latest-versions name! stages
POST model-versions/create name! source! run_id tags run_link description model_id
PATCH model-versions/update name! version! description
POST model-versions/transition-stage name! version! stage! archive_existing_versions
DELETE model-versions/delete name! version!
GET model-versions/get name! version!
GET model-versions/search filter max_results order_by page_token
GET model-versions/get-download-uri name! version!
POST registered-models/set-tag name! key! value
POST model-versions/set-tag name! version! key! value
DELETE registered-models/delete-tag name! key!
DELETE model-versions/delete-tag name! version! key!
POST registered-models/alias name! alias! version!
DELETE registered-models/alias name! alias!
GET registered-models/alias name! alias!
POST webhooks name! description url! events secret status
GET webhooks max_results page_token
GET webhooks/{webhook_id}
PATCH webhooks/{webhook_id} name description url events secret status
DELETE webhooks/{webhook_id}
POST webhooks/{webhook_id}/test event
GET /3.0/mlflow/server-info
"""
ROWS = [line.split() for line in CONTRACT.strip().splitlines()]
DIALECT = MlflowDialect()
VALUES = {"value": 1.0, "timestamp": 1, "status": "LOGGED_MODEL_READY"}


def found(method: str, path: str) -> Endpoint[Any, Any]:
    wanted = "/api" + (path if path.startswith("/") else f"/2.0/mlflow/{path}")
    for endpoint in ENDPOINTS:
        if (endpoint.method, re.sub(r":path}", "}", endpoint.path)) == (method, wanted):
            return endpoint
    pytest.fail(f"{method} {wanted} is not declared")


def test_all_of_them_are_listed() -> None:
    assert len({(row[0], row[1]) for row in ROWS}) == len(ROWS) == 75


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1]}")
def test_an_endpoint_reads_its_fields_and_asks_for_what_it_needs(row: list[str]) -> None:
    method, path, *fields = row
    endpoint = found(method, path)
    assert endpoint.aliases == (endpoint.path.replace("/api/", "/ajax-api/", 1),)
    if endpoint.request in {Stream, Empty}:
        assert not fields
        return
    known = {item.name for item in msgspec.structs.fields(endpoint.request)}
    named = re.findall(r"{(\w+)}", path)
    assert {field.rstrip("!") for field in fields} | set(named) <= known
    required = [field.rstrip("!") for field in fields if field.endswith("!")]
    given = {name: VALUES.get(name, "1") for name in required}
    values = dict.fromkeys(named, "1")
    decode(endpoint, given, values)
    for name in required:
        rest = {key: value for key, value in given.items() if key != name}
        with pytest.raises(InvalidInput, match=f"Missing value for required parameter '{name}'"):
            decode(endpoint, rest, values)


def decode(endpoint: Endpoint[Any, Any], given: dict[str, Any], path: dict[str, str]) -> None:
    """By body, as all methods may be asked; and by query, where that is how it is done."""
    headers = {"content-type": "application/json"}
    by_body = DIALECT.decode(endpoint, RawRequest(path, {}, headers, json.dumps(given).encode()))
    if endpoint.method in {"GET", "DELETE"} and given:
        query = {name: [str(value)] for name, value in given.items()}
        assert DIALECT.decode(endpoint, RawRequest(path, query, headers, b"")) == by_body
