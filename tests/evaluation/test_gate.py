from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from treering.entities.evaluation import (
    Check,
    Comparison,
    Difference,
    Estimate,
    Evaluation,
    GroupReport,
    Interval,
    SliceResult,
)
from treering.entities.gate import GateResult, Policy, Verdict
from treering.entities.objective import Criterion, Objective
from treering.evaluation.gate import Rivals, judge

CANDIDATE = Evaluation(
    model_uri="models:/churn/2",
    dataset_digest="d1",
    rows=1000,
    metrics={"accuracy_score": 0.93, "log_loss": 0.21, "roc_auc": 0.97},
    intervals={"accuracy_score": Interval(0.91, 0.95)},
    slices=(SliceResult("old", 200, {"accuracy_score": 0.85}),),
    fairness=(
        GroupReport("sex", (), {"demographic_parity_ratio": Estimate(0.9, 0.85, 0.95)}),
        GroupReport("age", (), {"demographic_parity_ratio": Estimate(0.7)}),
    ),
    greater_is_better={"accuracy_score": True, "log_loss": False, "roc_auc": True},
)
CHAMPION = replace(
    CANDIDATE,
    model_uri="models:/churn/1",
    metrics={"accuracy_score": 0.90, "log_loss": 0.25, "roc_auc": 0.98},
    slices=(SliceResult("old", 200, {"accuracy_score": 0.88}),),
)
OBJECTIVE = Objective("Call who will leave.", (Criterion("accuracy", ">=", 0.9),), "accuracy")


def rivals(candidate: Evaluation = CANDIDATE, champion: Evaluation | None = CHAMPION, **extra: Any) -> Rivals:
    return Rivals(candidate, champion, champion_name="models:/churn@champion" if champion else "", **extra)


def paired(metric: str, value: float, low: float, high: float, *, greater: bool = True) -> Comparison:
    difference = Difference(metric, 0.9 + value, 0.9, Estimate(value, low, high), None, greater)
    return Comparison("models:/churn/1", (difference,), 1000, paired=True)


def only(result: GateResult) -> Check:
    (check,) = result.checks
    return check


def test_a_better_candidate_that_keeps_all_bounds_passes() -> None:
    result = judge(rivals(), OBJECTIVE)
    assert result.verdict is Verdict.PASS
    assert [check.name for check in result.checks] == ["accuracy", "accuracy_score against the champion"]
    assert (result.candidate, result.champion) == ("models:/churn/2", "models:/churn@champion")


def test_a_worse_candidate_fails_though_it_keeps_all_bounds() -> None:
    result = judge(
        rivals(
            replace(CANDIDATE, metrics={"accuracy_score": 0.9}), replace(CHAMPION, metrics={"accuracy_score": 0.95})
        ),
        OBJECTIVE,
    )
    assert result.verdict is Verdict.FAIL
    assert [check.passed for check in result.checks] == [True, False]
    assert "worse by 0.05" in result.checks[1].reason


def test_a_bound_that_is_not_met_fails_though_the_champion_is_beaten() -> None:
    result = judge(rivals(), replace(OBJECTIVE, criteria=(Criterion("accuracy", ">=", 0.95),)))
    assert result.verdict is Verdict.FAIL
    assert result.checks[0] == Check("accuracy", False, 0.93, ">= 0.95", "0.93 is not >= 0.95.")


def test_the_first_model_has_no_champion_to_beat() -> None:
    assert judge(rivals(champion=None), OBJECTIVE).verdict is Verdict.PASS
    assert judge(rivals(champion=None), OBJECTIVE, Policy(champion_required=True)).verdict is Verdict.FAIL


def test_a_champion_that_was_never_evaluated_leaves_the_question_open() -> None:
    result = judge(Rivals(CANDIDATE, champion_name="models:/churn@champion"), OBJECTIVE)
    assert result.verdict is Verdict.INSUFFICIENT
    assert "no evaluation of models:/churn@champion" in result.checks[-1].reason


@pytest.mark.parametrize(
    ("value", "low", "high", "least", "verdict"),
    [
        (0.03, 0.01, 0.05, 0.0, Verdict.PASS),
        (0.0, 0.0, 0.0, 0.0, Verdict.PASS),  # the same predictions: as good, to the row
        (0.03, -0.01, 0.07, 0.0, Verdict.INSUFFICIENT),
        (0.03, 0.01, 0.05, 0.02, Verdict.INSUFFICIENT),
        (0.03, 0.021, 0.05, 0.02, Verdict.PASS),
        (0.01, 0.005, 0.02, 0.02, Verdict.FAIL),
        (-0.001, -0.01, 0.01, 0.0, Verdict.FAIL),
        (-0.03, -0.05, -0.01, 0.0, Verdict.FAIL),
        (float("nan"), 0, 0, 0.0, Verdict.INSUFFICIENT),
    ],
)
def test_only_an_improvement_beyond_doubt_counts(
    value: float, low: float, high: float, least: float, verdict: Verdict
) -> None:
    asked = replace(OBJECTIVE, criteria=(), min_improvement=least)
    assert judge(rivals(comparison=paired("accuracy_score", value, low, high)), asked).verdict is verdict


def test_where_less_is_better_the_signs_turn() -> None:
    asked = Objective("x", (), "log_loss", greater_is_better=False)
    for low, high, value, verdict in (
        (-0.05, -0.01, -0.03, Verdict.PASS),
        (-0.05, 0.01, -0.03, Verdict.INSUFFICIENT),
        (0.01, 0.05, 0.03, Verdict.FAIL),
    ):
        found = judge(rivals(comparison=paired("log_loss", value, low, high, greater=False)), asked)
        assert found.verdict is verdict
    # As the evaluation knows of its own metrics, where nobody says.
    assert judge(rivals(), None, Policy(metric="log_loss")).verdict is Verdict.PASS
    assert judge(rivals(), None, Policy(metric="log_loss", greater_is_better=True)).verdict is Verdict.FAIL


def test_a_policy_may_do_without_certainty() -> None:
    uncertain = rivals(comparison=paired("accuracy_score", 0.03, -0.01, 0.07))
    assert judge(uncertain, OBJECTIVE, Policy(certain=False)).verdict is Verdict.PASS


def test_figures_of_different_data_are_not_compared() -> None:
    for digest in ("d2", ""):
        other = replace(CHAMPION, dataset_digest=digest)
        result = judge(rivals(champion=other), OBJECTIVE)
        assert result.verdict is Verdict.INSUFFICIENT
        assert "different data" in result.checks[-1].reason
        assert judge(rivals(champion=other), OBJECTIVE, Policy(same_data=False)).verdict is Verdict.PASS


def test_nobody_said_by_what_to_compare() -> None:
    result = judge(rivals(), Objective("x", (Criterion("roc_auc", ">", 0.5),)))
    assert result.verdict is Verdict.INSUFFICIENT
    assert "primary" in result.checks[-1].reason


def test_what_is_not_known_is_not_passed() -> None:
    asked = Policy(bounds=(Criterion("brier", "<=", 0.1), Criterion("accuracy", ">=", 0.8, "young")))
    result = judge(rivals(champion=None), None, asked)
    assert (result.verdict, [check.passed for check in result.checks]) == (Verdict.INSUFFICIENT, [None, None])
    assert "accuracy_score" in result.checks[0].reason
    assert "'old'" in result.checks[1].reason
    empty = replace(CANDIDATE, metrics={"roc_auc": float("nan")})
    assert only(judge(rivals(empty, None), None, Policy(bounds=(Criterion("roc_auc", ">", 0.5),)))).passed is None


def test_slices_have_bounds_of_their_own() -> None:
    bound = Criterion("accuracy", ">=", 0.9, "old")
    assert only(judge(rivals(champion=None), None, Policy(bounds=(bound,)))).passed is False


def test_an_interval_that_reaches_over_a_bound_is_told() -> None:
    check = only(judge(rivals(champion=None), replace(OBJECTIVE, criteria=(Criterion("accuracy", ">=", 0.92),))))
    assert check.passed is True
    assert "from 0.91 to 0.95" in check.reason


def test_groups_are_held_against_bounds() -> None:
    ratio = Criterion("demographic_parity_ratio", ">=", 0.8)
    result = judge(rivals(champion=None), None, Policy(fairness=(ratio,)))
    assert {check.name: check.passed for check in result.checks} == {
        "demographic_parity_ratio[sex]": True,
        "demographic_parity_ratio[age]": False,
    }
    assert only(judge(rivals(champion=None), None, Policy(fairness=(replace(ratio, slice="sex"),)))).passed
    assert only(judge(rivals(champion=None), None, Policy(fairness=(replace(ratio, slice="faith"),)))).passed is None


def test_what_was_judged_along_with_the_evaluation_counts() -> None:
    own = replace(CANDIDATE, checks=(Check("latency", False, 30.0, "<= 20", "too slow"),))
    assert judge(rivals(own), OBJECTIVE).verdict is Verdict.FAIL


def test_other_metrics_may_lose_only_so_much() -> None:
    assert judge(rivals(), None, Policy(max_drop={"auc": 0.02})).verdict is Verdict.PASS
    assert judge(rivals(), None, Policy(max_drop={"auc": 0.005})).verdict is Verdict.FAIL
    assert judge(rivals(), None, Policy(max_drop={"log_loss": 0.0})).verdict is Verdict.PASS
    assert judge(rivals(), None, Policy(max_drop={"recall": 0.1})).verdict is Verdict.INSUFFICIENT


def test_no_slice_may_pay_for_the_rest() -> None:
    result = judge(rivals(), OBJECTIVE, Policy(max_slice_drop=0.02))
    assert result.verdict is Verdict.FAIL
    assert result.checks[-1].name == "accuracy_score[old] against the champion"
    assert judge(rivals(), OBJECTIVE, Policy(max_slice_drop=0.05)).verdict is Verdict.PASS


def test_few_rows_say_nothing() -> None:
    assert judge(rivals(), OBJECTIVE, Policy(min_rows=1001)).verdict is Verdict.INSUFFICIENT
    assert judge(rivals(), OBJECTIVE, Policy(min_rows=1000)).verdict is Verdict.PASS


def test_where_nothing_is_demanded_nothing_is_earned() -> None:
    result = judge(rivals(champion=None), OBJECTIVE, Policy(objective=False))
    assert result.verdict is Verdict.INSUFFICIENT
    assert "Nothing was demanded" in only(result).reason


def test_one_failure_outweighs_what_is_not_known() -> None:
    asked = Policy(bounds=(Criterion("brier", "<=", 0.1), Criterion("accuracy", ">=", 0.99)))
    assert judge(rivals(champion=None), None, asked).verdict is Verdict.FAIL
