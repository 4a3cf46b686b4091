from __future__ import annotations

from typing import Any

Site = Any  # of conftest.py, which tests cannot import

PATH = "/api/v1/experiments/objective"


def test_an_objective_is_set_shown_and_taken_away(site: Site) -> None:
    assert site.ask("GET", f"{PATH}?experiment_id=0").json() == {"experiment_id": "0", "objective": None}
    asked = {
        "experiment_id": "0",
        "statement": "Call who will leave.",
        "criteria": [{"metric": "recall", "op": ">=", "value": 0.123456789}],
        "success": ["log_loss[old] < 0.4"],
    }
    written = site.ask("POST", PATH, asked)
    assert written.status == 200
    found = site.ask("GET", f"{PATH}?experiment_id=0").json()
    assert found == written.json()
    assert found["objective"]["primary"] == "recall"
    assert found["objective"]["criteria"] == [
        {"metric": "recall", "op": ">=", "value": 0.123456789, "slice": ""},
        {"metric": "log_loss", "op": "<", "value": 0.4, "slice": "old"},
    ]
    for _ in range(2):
        assert site.ask("DELETE", f"{PATH}?experiment_id=0").status == 200
    assert site.ask("GET", f"{PATH}?experiment_id=0").json()["objective"] is None


def test_bad_objectives_and_unknown_experiments_are_refused(site: Site) -> None:
    assert site.ask("POST", PATH, {"experiment_id": "0", "statement": ""}).status == 400
    assert site.ask("POST", PATH, {"experiment_id": "0", "statement": "x", "success": ["high"]}).status == 400
    assert site.ask("POST", PATH, {"experiment_id": "77", "statement": "x"}).status == 404
    for method in ("GET", "DELETE"):
        assert site.ask(method, f"{PATH}?experiment_id=77").status == 404


def test_a_tag_that_is_no_objective_is_told(site: Site) -> None:
    site.services.tracking.experiments.set_tags("0", {"treering.objective": "win"})
    answer = site.ask("GET", f"{PATH}?experiment_id=0")
    assert answer.status == 400
    assert "treering.objective" in answer.json()["message"]
