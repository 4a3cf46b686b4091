"""Group fairness: definitions, intervals, privacy, and bad input."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from treering.core.errors import InvalidInput
from treering.entities.evaluation import GroupReport, GroupResult
from treering.evaluation.fairness import ALIASES, FairnessOptions, group_reports

Rows = tuple[Any, Any, Any, Any]


def rows(n: int = 5000, seed: int = 0, groups: str = "ABC") -> Rows:
    rng = np.random.default_rng(seed)
    group = rng.integers(0, len(groups), n)
    score = 1 / (1 + np.exp(-(rng.normal(size=n) + 0.4 * group)))
    target = (rng.random(n) < score).astype(int)
    return target, (score > 0.5).astype(int), score, np.array(list(groups), object)[group]


def by_name(report: GroupReport) -> dict[str, GroupResult]:
    return {group.name: group for group in report.groups}


def test_each_rate_is_what_counting_its_rows_gives() -> None:
    target, predicted, score, group = rows()
    (report,) = group_reports(target, predicted, score, {"region": group})
    assert report.attribute == "region"
    for name, found in by_name(report).items():
        mine = group == name
        y, p, s = target[mine], predicted[mine], score[mine]
        expected = {
            "base_rate": y.mean(),
            "selection_rate": p.mean(),
            "true_positive_rate": p[y == 1].mean(),
            "false_positive_rate": p[y == 0].mean(),
            "positive_predictive_value": y[p == 1].mean(),
            "negative_predictive_value": 1 - y[p == 0].mean(),
            "accuracy_score": (y == p).mean(),
            "roc_auc": roc_auc_score(y, s),
            "calibration_gap": (s - y).mean(),
        }
        assert found.rows == mine.sum()
        assert found.metrics == pytest.approx(expected, abs=1e-6)


def test_summaries_are_the_largest_differences_and_smallest_ratios() -> None:
    target, predicted, score, group = rows()
    (report,) = group_reports(target, predicted, score, {"region": group})
    chosen = [one.metrics["selection_rate"] for one in report.groups]
    hits = [one.metrics["true_positive_rate"] for one in report.groups]
    alarms = [one.metrics["false_positive_rate"] for one in report.groups]
    summary = {name: one.value for name, one in report.summary.items()}
    assert summary["demographic_parity_difference"] == pytest.approx(max(chosen) - min(chosen))
    assert summary["demographic_parity_ratio"] == pytest.approx(min(chosen) / max(chosen))
    assert summary["equal_opportunity_difference"] == pytest.approx(max(hits) - min(hits))
    assert summary["equalized_odds_difference"] == pytest.approx(max(max(hits) - min(hits), max(alarms) - min(alarms)))
    assert summary["equalized_odds_ratio"] == pytest.approx(min(min(hits) / max(hits), min(alarms) / max(alarms)))
    assert set(ALIASES.values()) <= set(summary)


def test_intervals_are_those_that_resampling_the_rows_would_give() -> None:
    target, predicted, score, group = rows(2000)
    (report,) = group_reports(target, predicted, score, {"region": group})
    rng = np.random.default_rng(1)
    places = [np.flatnonzero(group == name) for name in "ABC"]
    drawn = []
    for _ in range(1000):
        rates = [predicted[rng.choice(one, len(one))].mean() for one in places]
        drawn.append(max(rates) - min(rates))
    low, high = np.quantile(drawn, [0.025, 0.975])
    found = report.summary["demographic_parity_difference"]
    assert (found.low, found.high) == (pytest.approx(low, abs=0.01), pytest.approx(high, abs=0.01))
    auc = by_name(report)["A"].intervals["roc_auc"]
    mine = places[0]
    areas = []
    for _ in range(500):
        some = rng.choice(mine, len(mine))
        areas.append(roc_auc_score(target[some], score[some]))
    low, high = np.quantile(areas, [0.025, 0.975])
    assert (auc.low, auc.high) == (pytest.approx(low, abs=0.01), pytest.approx(high, abs=0.01))


def test_the_same_seed_gives_the_same_report() -> None:
    given = rows()
    assert group_reports(*given[:3], {"g": given[3]}) == group_reports(*given[:3], {"g": given[3]})


def test_without_samples_there_are_no_intervals() -> None:
    target, predicted, score, group = rows()
    (report,) = group_reports(target, predicted, score, {"g": group}, FairnessOptions(samples=0))
    assert all(not one.intervals and one.metrics for one in report.groups)
    assert all(one.low is None and one.high is None for one in report.summary.values())


def test_a_group_of_fewer_than_ten_rows_is_not_told_about() -> None:
    target, predicted, score, group = rows()
    group[:9] = "few"
    (report,) = group_reports(target, predicted, score, {"g": group})
    assert by_name(report)["few"] == GroupResult("few", suppressed=True)
    assert any("not told about" in warning for warning in report.warnings)
    group[9] = "few"
    (report,) = group_reports(target, predicted, score, {"g": group})
    assert by_name(report)["few"].rows == 10


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_when_all_groups_are_too_small_nothing_is_told(kind: str) -> None:
    (report,) = group_reports([0, 1, 1], [0, 1, 0], None, {"g": ["a", "b", "c"]}, FairnessOptions(kind))
    assert all(one.suppressed for one in report.groups)
    assert report.summary == {}
    (report,) = group_reports(list("xyz"), list("xyz"), None, {"g": ["a", "b", "c"]})
    assert report.summary == {}


def test_attributes_are_crossed_and_small_cells_left_out() -> None:
    target, predicted, score, group = rows(3000)
    sex = np.where(np.arange(3000) % 2, "f", "m")
    sex[np.flatnonzero((group == "A") & (sex == "f"))[29:]] = "m"
    reports = group_reports(target, predicted, score, {"region": group, "sex": sex})
    assert [one.attribute for one in reports] == ["region", "sex", "region & sex"]
    cells = by_name(reports[2])
    assert cells["A & f"].suppressed
    mine = (group == "B") & (sex == "m")
    assert cells["B & m"].metrics["selection_rate"] == pytest.approx(predicted[mine].mean())


def test_four_fifths_is_a_warning_that_says_when_it_may_be_chance() -> None:
    group = np.repeat(["old", "young"], 1000)
    predicted = np.concatenate([np.arange(1000) < 300, np.arange(1000) < 600]).astype(int)
    (report,) = group_reports(predicted, predicted, None, {"age": group})
    assert "old is selected 0.50 times as often as young (30.0% against 60.0%)" in report.warnings[0]
    assert "chance" not in report.warnings[0]
    few = (np.arange(40) % 20 < np.repeat([8, 11], 20)).astype(int)
    (report,) = group_reports(few, few, None, {"age": np.repeat(["old", "young"], 20)})
    assert "chance" in report.warnings[0]


def test_missing_values_are_a_group_and_numbers_become_ranges() -> None:
    target, predicted, score, _ = rows(1000)
    age = np.random.default_rng(0).uniform(18, 90, 1000)
    age[:50] = np.nan
    (report,) = group_reports(target, predicted, score, {"age": age})
    assert len(report.groups) == 5
    assert by_name(report)["(missing)"].rows == 50
    texts = np.where(np.arange(1000) < 40, None, "x")
    (report,) = group_reports(target, predicted, score, {"t": texts})
    assert {one.name: one.rows for one in report.groups} == {"x": 960, "(missing)": 40}


def test_names_of_classes_may_be_texts_and_one_may_be_named_positive() -> None:
    target, predicted, score, group = rows()
    words = np.array(["no", "yes"], object)
    (plain,) = group_reports(target, predicted, score, {"g": group})
    (worded,) = group_reports(words[target], words[predicted], score, {"g": group})
    assert plain == worded
    (other,) = group_reports(words[target], words[predicted], None, {"g": group}, FairnessOptions(positive="no"))
    assert other.groups[0].metrics["base_rate"] == pytest.approx(1 - plain.groups[0].metrics["base_rate"])


def test_more_than_two_classes_are_each_looked_at() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat(["a", "b"], 2000)
    target = rng.integers(0, 3, 4000)
    predicted = np.where((group == "b") & (target == 2), 1, target)
    (report,) = group_reports(target, predicted, None, {"g": group})
    assert by_name(report)["a"].metrics["accuracy_score"] == 1.0
    assert by_name(report)["b"].metrics["selection_rate[2]"] == 0.0
    assert report.summary["equal_opportunity_difference"].value == 1.0
    assert "The class 2 is predicted for 0.0% of b" in report.warnings[0]


def test_a_regressor_is_judged_by_its_errors() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat(["a", "b"], 2000)
    target = rng.normal(1e6, 1, 4000)
    predicted = target + np.where(group == "a", 0.5, 2.0) * rng.normal(size=4000) + (group == "b")
    (report,) = group_reports(target, predicted, None, {"g": group}, FairnessOptions("regressor"))
    for name, found in by_name(report).items():
        error = (predicted - target)[group == name]
        assert found.metrics["mean_error"] == pytest.approx(error.mean())
        assert found.metrics["mean_absolute_error"] == pytest.approx(np.abs(error).mean())
        assert found.metrics["root_mean_squared_error"] == pytest.approx(np.sqrt((error**2).mean()))
        bounds = found.intervals["mean_absolute_error"]
        assert bounds.low < found.metrics["mean_absolute_error"] < bounds.high
    assert "more than a quarter larger" in report.warnings[0]


def test_what_cannot_be_compared_is_refused_with_a_reason() -> None:
    target, predicted, score, group = rows(100)
    for bad, words in (
        (lambda: group_reports(target, predicted[:99], score, {"g": group}), "99 values of 'predictions'"),
        (lambda: group_reports(target, predicted, score, {"g": group[:9]}), "9 values of 'g'"),
        (lambda: group_reports([], [], None, {"g": []}), "no rows"),
        (lambda: group_reports(target, predicted, score * np.nan, {"g": group}), "scores are missing"),
        (lambda: group_reports(target, predicted, None, {"g": group}, FairnessOptions(positive="x")), "none of"),
        (lambda: group_reports(target, predicted, None, {"g": group}, FairnessOptions("ranker")), "ranker"),
        (lambda: group_reports(np.arange(2000), np.arange(2000), None, {"g": np.arange(2000).astype(str)}), "2,000"),
    ):
        with pytest.raises(InvalidInput, match=words):
            bad()


def test_a_report_holds_no_row() -> None:
    # A hundred thousand rows and ten leave reports of the same size: counts, and nothing else.
    small, large = (
        repr([dataclasses.asdict(one) for one in group_reports(*rows(n)[:3], {"g": rows(n)[3]})])
        for n in (1000, 100_000)
    )
    assert abs(len(small) - len(large)) < 1000
