"""What an evaluation found out about a model: the record that gates, approvals, model cards and pages read.

Metrics have MLflow's names. A number that could not be had is not there, rather than zero.
No value of a sensitive column and no row of the data is in a record, only figures about groups of rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "Business",
    "Calibration",
    "CalibrationBin",
    "Check",
    "Comparison",
    "Difference",
    "Estimate",
    "Evaluation",
    "Explanation",
    "FeatureDependence",
    "FeatureImportance",
    "GroupReport",
    "GroupResult",
    "Interval",
    "Probe",
    "Robustness",
    "SliceResult",
]


@dataclass(frozen=True, slots=True)
class Interval:
    """Between which numbers the true one lies, at the confidence that the evaluation says."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval.

    Attributes:
        low: None, as `high`, where no interval was asked for or there was too little data for one.
    """

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One demand on a model, and whether it is met.

    Attributes:
        name: What was looked at, such as `accuracy_score` or `recall_score[country=DE]`.
        passed: None where there is not enough data to say.
        value: What was found; None where nothing was.
        bound: What was demanded, as people write it, such as `>= 0.9`.
        reason: Why it did not pass, or what it passed by; a sentence for people.
    """

    name: str
    passed: bool | None
    value: float | None = None
    bound: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SliceResult:
    """The metrics of a part of the rows.

    Attributes:
        name: Which part, such as `country=DE` or the name that the condition was given.
        intervals: By metric; only of those that have one.
    """

    name: str
    rows: int
    metrics: Mapping[str, float] = field(default_factory=dict)
    intervals: Mapping[str, Interval] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GroupResult:
    """The figures of one group of people (or things) within a group report.

    Attributes:
        name: The attribute's value; of an intersection the values, joined by ` & `.
        rows: How many; None where that is not told.
        metrics: By name, such as `selection_rate`, `true_positive_rate`, `positive_predictive_value`, `roc_auc`.
        suppressed: Whether the group is too small to be told about, or would give one away that is; then there are
            no metrics.
    """

    name: str
    rows: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    suppressed: bool = False


@dataclass(frozen=True, slots=True)
class GroupReport:
    """How a model treats the groups that an attribute makes.

    Attributes:
        attribute: The attribute's name; of an intersection the names, joined by ` & `.
        summary: Figures over all groups, such as `demographic_parity_difference`, `equalized_odds_difference`.
        warnings: Sentences for people, such as that the four-fifths rule is not kept.
    """

    attribute: str
    groups: tuple[GroupResult, ...] = ()
    summary: Mapping[str, Estimate] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Business:
    """What the model's decisions are worth, in whatever unit the value matrix is in.

    Attributes:
        labels: The classes, in the order of the matrix.
        matrix: What one row is worth; a row of the matrix for each true class, a column for each predicted one.
        threshold: From which score on the second of two classes is best predicted; None without scores.
        value: What a row is worth on average at that threshold, or as predicted.
        current: What a row is worth on average as the model decided by itself.
        alternative: What a row is worth on average under the best constant decision, which needs no model.
        total: The sum of `value` over all rows.
        roi: What is gained over the constant decision for each unit of what the model costs; None without a cost.
        cost: What the model costs for these rows; None where nobody said.
        curve: (threshold, value of a row) pairs in ascending order of the threshold.
    """

    labels: tuple[str, ...]
    matrix: tuple[tuple[float, ...], ...]
    value: Estimate
    current: Estimate
    alternative: float
    total: float
    threshold: float | None = None
    roi: float | None = None
    cost: float | None = None
    curve: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Rows with like scores: what the model foretold of them, and what was."""

    low: float
    high: float
    rows: int
    predicted: float
    observed: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether scores are probabilities.

    Attributes:
        label: The class whose score it is; "" for that of the predicted class, whichever it is.
        expected_error: The mean distance of foretold and observed over the bins, weighted by rows (ECE).
        maximal_error: The greatest such distance.
        brier: The Brier score.
    """

    label: str
    bins: tuple[CalibrationBin, ...]
    expected_error: float
    maximal_error: float
    brier: float


@dataclass(frozen=True, slots=True)
class FeatureImportance:
    """How much worse the metric gets without a feature.

    Attributes:
        value: The mean over the repeats; greater is more important, whichever way the metric goes.
        deviation: The standard deviation over the repeats.
    """

    feature: str
    value: float
    deviation: float = 0.0


@dataclass(frozen=True, slots=True)
class FeatureDependence:
    """How the prediction goes with one feature.

    Attributes:
        values: The feature's values, numbers or texts, in order.
        mean: The mean prediction at each of them (partial dependence).
        individual: The same for single rows (individual conditional expectation).
        output: Which output, such as the class whose score it is; "" for the only one.
    """

    feature: str
    values: tuple[float | str, ...]
    mean: tuple[float, ...]
    individual: tuple[tuple[float, ...], ...] = ()
    output: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a model goes by.

    Attributes:
        method: Such as `permutation` or `shap`.
        metric: What `importances` are measured in.
        rows: How many rows were looked at.
        importances: The most important first.
        notes: Sentences for people, such as what was left out for want of time.
    """

    method: str
    metric: str = ""
    rows: int = 0
    importances: tuple[FeatureImportance, ...] = ()
    dependences: tuple[FeatureDependence, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Probe:
    """The metric on input that was spoilt in one way.

    Attributes:
        name: What was done, for people, such as `age: 20 % missing`.
        kind: `missing`, `noise`, `shift`, `unseen`; more may come.
        feature: The column; "" for all.
        severity: How much of it: a fraction of the rows, or standard deviations.
        value: The metric then; None where the model refused the input.
        change: `value` less the metric on the sound input.
        reason: Why there is no value.
    """

    name: str
    kind: str
    feature: str = ""
    severity: float = 0.0
    value: float | None = None
    change: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Robustness:
    """How a model stands spoilt input.

    Attributes:
        metric: What was measured.
        value: The metric on the sound input.
        rows: How many rows were looked at.
    """

    metric: str
    value: float
    rows: int = 0
    greater_is_better: bool = True
    probes: tuple[Probe, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric of two models on the same rows.

    Attributes:
        difference: The candidate less the baseline, with the interval of a paired bootstrap where there is one.
        better: Whether the candidate is the better one beyond doubt; False if it is the worse one beyond doubt,
            None if the rows do not tell.
    """

    metric: str
    candidate: float
    baseline: float
    difference: Estimate
    better: bool | None = None
    greater_is_better: bool = True


@dataclass(frozen=True, slots=True)
class Comparison:
    """A model beside another one.

    Attributes:
        baseline: The other model's URI, or what it was called.
        paired: Whether both were judged by the same rows.
    """

    baseline: str
    differences: tuple[Difference, ...] = ()
    rows: int = 0
    paired: bool = False


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that one evaluation of one model on one dataset found out.

    Attributes:
        model_uri: What was evaluated; "" for predictions that came without a model.
        model_type: `classifier`, `regressor`, `retriever`, ...; "" where only own metrics were asked for.
        dataset_digest: Says whether two evaluations are of the same data.
        intervals: By metric; only of those that have one.
        confidence: Of all intervals in the record.
        checks: Thresholds and demands that were judged along with it.
        created: Milliseconds since the epoch.
        files: What it is, such as `confusion_matrix`, to its path among the run's artifacts.
        labels: The classes, in order; nothing for other models.
        positive: Which of two labels is the positive one; "" for other models.
        greater_is_better: Of each metric that has a good end.
    """

    model_uri: str = ""
    model_id: str = ""
    model_type: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""
    rows: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    slices: tuple[SliceResult, ...] = ()
    fairness: tuple[GroupReport, ...] = ()
    business: Business | None = None
    explanation: Explanation | None = None
    calibration: tuple[Calibration, ...] = ()
    robustness: Robustness | None = None
    comparison: Comparison | None = None
    checks: tuple[Check, ...] = ()
    created: int = 0
    run_id: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    confidence: float = 0.95
    labels: tuple[str, ...] = ()
    positive: str = ""
    greater_is_better: Mapping[str, bool] = field(default_factory=dict)
