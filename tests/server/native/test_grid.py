"""The table of runs as JSON, as a page in a browser asks for it."""

from __future__ import annotations

import json
from typing import Any

Site = Any  # of conftest.py, which tests cannot import


def ask(site: Site, path: str, body: dict[str, Any]) -> tuple[int, Any]:
    answer = site.ask("POST", f"/api/v1/runs/{path}", json.dumps(body).encode(), {"content-type": "application/json"})
    return answer.status, json.loads(answer.body)


def run_with(site: Site, name: str, value: float) -> str:
    headers = {"content-type": "application/json"}
    made = site.ask("POST", "/api/v1/runs", json.dumps({"experiment_id": "0", "run_name": name}).encode(), headers)
    run_id: str = json.loads(made.body)["run_id"]
    words = {"nan": "NaN", "inf": "Infinity"}
    linked = [{"key": "loss", "value": words.get(str(value), value), "timestamp": 1}]
    body = {"batches": [{"run_id": run_id, "params": {"lr": "0.1"}, "linked": linked}]}
    assert site.ask("POST", "/api/v1/runs/log", json.dumps(body).encode(), headers).status == 200
    return run_id


def test_floats_that_are_not_finite_have_names(site: Site) -> None:
    ids = {name: run_with(site, name, value) for name, value in (("a", 0.5), ("b", float("nan")), ("c", float("inf")))}
    body = {"experiment_ids": ["0"], "order_by": ["run_name"], "columns": ["metrics.loss", "params.lr", "tags.x"]}
    status, rows = ask(site, "rows", body)
    assert (status, rows["names"], rows["run_ids"]) == (200, list("abc"), [ids[name] for name in "abc"])
    assert rows["columns"] == [[0.5, "NaN", "Infinity"], ["0.1"] * 3, [None] * 3]
    by = {"experiment_ids": ["0"], "by": ["metrics.loss"], "columns": ["metrics.loss"], "order": {"by": "value"}}
    _, groups = ask(site, "groups", by)
    assert [group["values"] for group in groups["groups"]] == [["Infinity"], [0.5], ["NaN"]]
    assert [group["columns"][0] and group["columns"][0]["mean"] for group in groups["groups"]] == [
        "Infinity",
        0.5,
        None,
    ]
    _, keys = ask(site, "keys", {"experiment_ids": ["0"], "kinds": ["metric"]})
    assert [(one["key"], one["minimum"], one["maximum"]) for one in keys["keys"]] == [("loss", 0.5, "Infinity")]
    _, values = ask(site, "values", {"experiment_ids": ["0"], "field": "params.lr"})
    assert values == {"values": [{"value": "0.1", "runs": 3}], "total": 1}


def test_all_pages_are_changed_and_the_change_undone(site: Site) -> None:
    ids = {run_with(site, name, 0.5) for name in "abc"}
    status, done = ask(site, "change", {"action": "delete", "experiment_ids": ["0"], "filter": "metrics.loss = 0.5"})
    assert (status, set(done["run_ids"]), done["total"]) == (200, ids, 3)
    assert ask(site, "rows", {"experiment_ids": ["0"]})[1]["total"] == 0
    assert ask(site, "change", {"action": "restore", "run_ids": done["run_ids"]})[1]["total"] == 3
    assert ask(site, "rows", {"experiment_ids": ["0"]})[1]["total"] == 3


def test_mistakes_are_told_with_their_place(site: Site) -> None:
    status, told = ask(site, "rows", {"experiment_ids": ["0"], "columns": ["metric.a b"]})
    assert (status, told["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert (told["mistake"]["text"], told["mistake"]["start"]) == ("metric.a b", 9)
    assert ask(site, "rows", {"experiment_ids": ["0"], "limit": 0})[0] == 400
    assert ask(site, "change", {"action": "paint", "run_ids": []})[0] == 400
    assert ask(site, "change", {"action": "delete", "run_ids": ["unknown"]})[0] == 404
