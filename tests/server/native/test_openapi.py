from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from treering.server.native.openapi import describe
from treering.wire.native.catalogue import ENDPOINTS

Site = Any  # of conftest.py, which tests cannot import


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref":
                yield inner
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_endpoint_is_described() -> None:
    operations = [item for path in describe()["paths"].values() for item in path.values()]
    assert sorted(item["operationId"] for item in operations) == sorted(item.name for item in ENDPOINTS)
    assert all(item["summary"] for item in operations)
    tags = {tag["name"] for tag in describe()["tags"]}
    assert {tag for item in operations for tag in item["tags"]} == tags


def test_every_reference_leads_somewhere() -> None:
    document = describe()
    for reference in references(document):
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def test_path_fields_are_parameters() -> None:
    for path, operations in describe()["paths"].items():
        for operation in operations.values():
            named = {item["name"] for item in operation.get("parameters", []) if item["in"] == "path"}
            assert named == {part.strip("{}") for part in path.split("/") if part.startswith("{")}, path


def test_fields_of_the_path_are_not_asked_for_in_the_body() -> None:
    document = describe()
    body = document["paths"]["/api/v1/experiments/{experiment_id}"]["patch"]["requestBody"]
    assert body["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/RenameExperiment"}
    assert list(document["components"]["schemas"]["RenameExperiment"]["properties"]) == ["name"]


def test_answers_have_every_field_and_questions_need_not() -> None:
    schemas = describe()["components"]["schemas"]
    assert set(schemas["RunPage"]["required"]) == {"runs", "next_token", "total"}
    assert schemas["SearchRuns"]["required"] == ["experiment_ids"]


def test_the_document_is_served_and_printed_alike(site: Site) -> None:
    served = site.ask("GET", "/api/v1/openapi.json")
    printed = subprocess.run(
        [sys.executable, "-m", "treering.server.native.openapi"], capture_output=True, check=True
    ).stdout
    assert served.headers["content-type"] == "application/json"
    assert served.json() == json.loads(printed) == json.loads(json.dumps(describe()))
    assert json.loads(printed)["openapi"] == "3.1.0"
