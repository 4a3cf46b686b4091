from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from evaluated import evaluated

import treering
from treering.ci.gate import CHECK, GATE_PATH, Asked, judge_candidate, record, target_of
from treering.cli.main import main
from treering.client.session import session
from treering.core.errors import Conflict, InvalidInput
from treering.entities.governance import ApprovalRule, PromotionState


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TREERING_TRACKING_URI", str(tmp_path / "home"))
    treering.set_tracking_uri(tmp_path / "home")
    treering.set_experiment("churn")
    treering.objective("Call who will leave.", {"accuracy": ">= 0.7"})


def gate(capsys: pytest.CaptureFixture[str], candidate: str, *more: str, status: int = 0) -> Any:
    arguments = ["ci", "gate", "--candidate", candidate, "--champion", "models:/churn@champion", *more, "--json"]
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    said = capsys.readouterr()
    assert caught.value.code == status, said.out + said.err
    return json.loads(said.out) if said.out else said.err


def champion() -> int:
    return treering.Client().get_model_version_by_alias("churn", "champion").version


def governance() -> Any:
    return session().place.services().registry.governance


def test_a_worse_model_is_rejected_a_better_one_promoted_and_rollback_restores(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = gate(capsys, evaluated(0.80, name="churn"), "--promote", "champion")
    assert (first["verdict"], champion()) == ("pass", 1)
    worse = gate(capsys, evaluated(0.75, name="churn"), "--promote", "champion", status=1)
    assert (worse["verdict"], worse["promotion"], champion()) == ("fail", None, 1)
    better = gate(capsys, evaluated(0.92, name="churn"), "--promote", "alias:champion")
    assert (better["promotion"]["state"], better["promotion"]["replaces"], champion()) == ("DONE", 1, 3)
    assert better["comparison"]["paired"]
    assert governance().rollback("churn", "alias:champion", "too slow").version == 1
    assert champion() == 1
    # The history tells all of it: who was checked with what outcome, promoted, and taken back.
    assert [(one.check, one.passed) for number in (1, 2, 3) for one in governance().checks("churn", number)] == [
        (CHECK, True),
        (CHECK, False),
        (CHECK, True),
    ]
    assert "accuracy_score against the champion" in governance().checks("churn", 2)[0].detail
    told = [(one.action, one.version) for one in reversed(governance().history("churn").items)]
    moves = [version for action, version in told if action in {"promotion.done", "rolled_back", "alias.created"}]
    assert moves == [1, 3, 1]
    assert any(one.reason == "too slow" for one in governance().history("churn").items)
    assert any("Gate passed: 2 checks passed" in one.reason for one in governance().history("churn").items)


def test_a_difference_that_may_be_chance_is_not_enough(capsys: pytest.CaptureFixture[str]) -> None:
    gate(capsys, evaluated(0.80, name="churn", seed=1), "--promote", "champion")
    told = gate(capsys, evaluated(0.81, name="churn", seed=2), "--promote", "champion", status=2)
    assert told["verdict"] == "insufficient"
    assert "more rows are needed" in told["checks"][-1]["reason"]
    assert champion() == 1


def test_a_run_becomes_a_version_only_when_it_has_passed(capsys: pytest.CaptureFixture[str]) -> None:
    gate(capsys, evaluated(0.80), "--promote", "champion", "--model", "churn")
    gate(capsys, evaluated(0.60), "--promote", "champion", status=1)
    run = evaluated(0.90)
    told = gate(capsys, run, "--promote", "champion")
    assert told["version"] == {"name": "churn", "version": 2}
    assert champion() == 2
    version = treering.Client().get_model_version("churn", 2)
    assert version.run_id == run.removeprefix("runs:/")
    # Judged once more it is the champion itself, and stays what it is.
    assert gate(capsys, run, "--promote", "champion")["verdict"] == "pass"
    assert champion() == 2


def test_without_a_name_to_register_under_nothing_is_registered(capsys: pytest.CaptureFixture[str]) -> None:
    told = gate(capsys, evaluated(0.80), "--promote", "champion", status=1)
    assert "--model" in told
    assert treering.search_registered_models() == []


def test_a_promotion_that_needs_approval_waits(capsys: pytest.CaptureFixture[str]) -> None:
    treering.Client().create_registered_model("churn")
    governance().set_rule(ApprovalRule("churn", "alias:champion", 1, ("ann",), (CHECK,), False))
    told = gate(capsys, evaluated(0.80, name="churn"), "--promote", "champion")
    assert told["promotion"]["state"] == "PENDING"
    assert told["promotion"]["missing"]
    done = governance().approve(told["promotion"]["promotion_id"], user="ann")
    assert done.state is PromotionState.DONE
    assert champion() == 1


def test_a_promotion_that_waited_for_the_gate_alone_is_done_by_it(capsys: pytest.CaptureFixture[str]) -> None:
    candidate = evaluated(0.80, name="churn")
    governance().set_rule(ApprovalRule("churn", "alias:champion", 1, ("ann",), (CHECK,)))
    asked = governance().promote("churn", 1, "@champion", user="bob")
    assert governance().approve(asked.promotion_id, user="ann").state is PromotionState.PENDING
    told = gate(capsys, candidate, "--promote", "champion")
    assert (told["promotion"]["promotion_id"], told["promotion"]["state"]) == (asked.promotion_id, "DONE")
    assert champion() == 1


def test_a_verdict_with_very_much_to_tell_is_kept_too(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    candidate = evaluated(0.80, name="churn")
    gate(capsys, candidate)
    assert governance().checks("churn", 1)[0].passed
    policy = {"bounds": [f"accuracy[{number} {'x' * 200}] >= 0.9" for number in range(200)] + ["accuracy >= 0.99"]}
    (tmp_path / "policy.yaml").write_text(json.dumps(policy))
    gate(capsys, candidate, status=1)
    assert not governance().checks("churn", 1)[0].passed


@pytest.mark.parametrize("first", [False, True])
def test_of_two_that_promote_at_once_one_is_told(capsys: pytest.CaptureFixture[str], *, first: bool) -> None:
    if not first:
        gate(capsys, evaluated(0.80, name="churn"), "--promote", "champion")
    services = session().place.services()
    # Both are judged before either is promoted: each beats the champion that it was judged by.
    judged = [
        judge_candidate(services, Asked(evaluated(right, name="churn"), "models:/churn@champion"))
        for right in (0.92, 0.95)
    ]
    assert [one.result.verdict for one in judged] == ["pass", "pass"]
    assert record(services, judged[1], "alias:champion").promotion is not None
    holder = champion()
    with pytest.raises(Conflict):
        record(services, judged[0], "alias:champion")
    assert champion() == holder


def test_the_verdict_lies_beside_the_candidate(capsys: pytest.CaptureFixture[str]) -> None:
    run = evaluated(0.80)
    told = gate(capsys, run)
    kept = json.loads(treering.artifacts.load_text(f"{run}/{GATE_PATH}"))
    assert kept["checks"] == told["checks"]
    gate(capsys, evaluated(0.8), "--no-record")
    assert len(treering.artifacts.list_artifacts(f"{run}/evaluation")) == 3


def test_nothing_is_recorded_where_nobody_wants_it(capsys: pytest.CaptureFixture[str]) -> None:
    run = evaluated(0.80, name="churn")
    gate(capsys, run, "--no-record")
    assert not governance().checks("churn", 1)


def test_evaluations_on_other_data_do_not_count(capsys: pytest.CaptureFixture[str]) -> None:
    gate(capsys, evaluated(0.80, name="churn"), "--promote", "champion")
    told = gate(capsys, evaluated(0.99, name="churn", digest="d2"), status=2)
    assert "different data" in told["checks"][-1]["reason"]


def test_a_model_that_was_never_evaluated_is_not_judged(capsys: pytest.CaptureFixture[str]) -> None:
    told = gate(capsys, evaluated(0.80, name="churn", record=False), status=2)
    assert "never evaluated" in told["checks"][0]["reason"]


def test_metrics_of_a_run_do_where_nobody_evaluated(capsys: pytest.CaptureFixture[str]) -> None:
    with treering.start_run() as run:
        treering.log_metric("accuracy", 0.75)
    assert gate(capsys, run.info.run_id)["checks"][0]["value"] == 0.75
    with treering.start_run() as run:
        treering.log_metric("accuracy", 0.65)
    gate(capsys, f"runs:/{run.info.run_id}", status=1)


def test_a_figure_that_is_no_number_is_null_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    with treering.start_run() as run:
        treering.log_metric("accuracy", float("nan"))
    told = gate(capsys, run.info.run_id, status=2)
    assert told["checks"][0]["value"] is None


def test_what_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert "0" * 32 in gate(capsys, "0" * 32, status=1)
    assert "names no model" in gate(capsys, "model.pkl", status=1)
    assert "--policy" in gate(capsys, evaluated(0.8), "--policy", "none.yaml", status=1)
    assert "--targets" in gate(capsys, evaluated(0.8), "--data", ".", status=2)
    assert "--no-record" in gate(capsys, evaluated(0.8), "--promote", "champion", "--no-record", status=2)


def test_a_policy_in_the_folder_is_taken(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("bounds: [f1_score >= 0.99]\n")
    assert gate(capsys, evaluated(0.80), status=1)["checks"][1]["name"] == "f1_score"


def test_people_read_a_table_and_ci_servers_read_junit(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["ci", "gate", "-c", evaluated(0.60), "--junit", str(tmp_path / "out" / "gate.xml")])
    assert caught.value.code == 1
    said = capsys.readouterr().out
    assert all(word in said for word in ("FAIL", "accuracy", ">= 0.7", "0.6"))
    suite = ET.parse(tmp_path / "out" / "gate.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")


@pytest.mark.parametrize(
    ("typed", "target"),
    [("champion", "alias:champion"), ("@champion", "alias:champion"), ("alias:Production", "alias:Production"),
     ("Production", "stage:Production"), ("stage:Staging", "stage:Staging"), ("production", "stage:Production"),
     ("stage:staging", "stage:Staging")],
)  # fmt: skip
def test_a_target_may_be_typed_short(typed: str, target: str) -> None:
    assert target_of(typed) == target


@pytest.mark.parametrize("typed", ["", "@", "alias:", "models:/churn@champion", "tag:x"])
def test_what_is_no_target_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput):
        target_of(typed)
