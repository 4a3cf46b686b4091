"""The document from which the web UI's types are made is the server's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from treering.server.native.openapi import describe

KEPT = Path(__file__).parents[2] / "ui" / "openapi.json"


def test_openapi_json_is_what_the_server_says():
    if json.loads(KEPT.read_text(encoding="utf-8")) != json.loads(json.dumps(describe())):
        pytest.fail(
            "ui/openapi.json is stale. Renew it:\n"
            "  python -m treering.server.native.openapi > ui/openapi.json && cd ui && npm run check"
        )
