from __future__ import annotations

from collections import Counter

from treering.server.mlflow.table import HANDLERS
from treering.wire.mlflow.catalogue import ENDPOINTS


def test_each_endpoint_has_one_handler() -> None:
    handled = Counter(endpoint.name for table in HANDLERS for endpoint, _ in (*table.plain(), *table.streaming()))
    assert handled == Counter(endpoint.name for endpoint in ENDPOINTS)
