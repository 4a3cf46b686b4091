from __future__ import annotations

from collections import Counter

from treering.wire.endpoint import Endpoint, Permission
from treering.wire.mlflow.catalogue import ENDPOINTS


def test_names_and_addresses_are_unique() -> None:
    names = Counter(endpoint.name for endpoint in ENDPOINTS)
    addresses = Counter(
        (endpoint.method, path) for endpoint in ENDPOINTS for path in (endpoint.path, *endpoint.aliases)
    )
    assert [name for name, count in names.items() if count > 1] == []
    assert [address for address, count in addresses.items() if count > 1] == []


def test_both_prefixes_answer() -> None:
    for endpoint in ENDPOINTS:
        if endpoint.path.startswith("/api/"):
            assert endpoint.aliases == (endpoint.path.replace("/api/", "/ajax-api/", 1),)


def test_only_the_server_info_is_open() -> None:
    assert [endpoint.name for endpoint in ENDPOINTS if endpoint.permission is Permission.OPEN] == [
        "mlflow.server_info.get"
    ]


def test_what_changes_something_needs_more_than_reading() -> None:
    reading_posts = {
        "mlflow.experiments.search",
        "mlflow.experiments.search_datasets",
        "mlflow.runs.search",
        "mlflow.logged_models.search",
        "mlflow.registered_models.latest_versions",
        "mlflow.artifacts.presign_download",
    }
    reading = {Permission.READ_EXPERIMENTS, Permission.READ_MODELS, Permission.OPEN}

    def fits(endpoint: Endpoint[object, object]) -> bool:
        reads = endpoint.method == "GET" or endpoint.name in reading_posts
        return endpoint.permission is Permission.ADMINISTER or (endpoint.permission in reading) == reads

    assert [endpoint.name for endpoint in ENDPOINTS if not fits(endpoint)] == []
