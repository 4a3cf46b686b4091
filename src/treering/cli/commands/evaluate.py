"""`treering evaluate`: judge a model by a file of data whose truth is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click
import numpy as np

import treering
from treering.cli.output import json_option, print_json, print_table
from treering.client.evaluating.asked import demands_of
from treering.client.evaluating.table import EvaluationTable, table_of
from treering.core.errors import InvalidInput
from treering.entities.evaluation import (
    Business,
    Check,
    Comparison,
    Estimate,
    Evaluation,
    Explanation,
    GroupReport,
    SliceResult,
)

__all__ = ["evaluate"]

_FEW_CLASSES = 20
_MARKS = {True: ("passed", "green"), False: ("FAILED", "red"), None: ("unknown", "yellow")}
_COUNTS = {"true_negatives", "false_positives", "false_negatives", "true_positives", "example_count"}


@click.command()
@click.argument("model_uri")
@click.option(
    "--data", "-d", required=True, type=click.Path(exists=True, dir_okay=False), help="CSV, Parquet or JSON lines file."
)
@click.option("--targets", "-t", required=True, help="Column with what is true.")
@click.option("--model-type", help="classifier, regressor, retriever or ranker.  [default: what the targets look like]")
@click.option("--predictions", help="Column of the model's answer with the predictions, where it has several.")
@click.option("--scores", help="Column of the answer, or of the data, with the probability of the positive class.")
@click.option("--pos-label", help="Which of two classes is the positive one.  [default: the greater one]")
@click.option("--slice", "slices", multiple=True, help="Column or condition, such as 'age >= 65'; may be repeated.")
@click.option(
    "--sensitive",
    multiple=True,
    help="Column whose groups are compared, and which is kept from the model; may be repeated.",
)
@click.option(
    "--value",
    "values",
    multiple=True,
    metavar="CELL=NUMBER",
    help="What a decision is worth: tp=10, fp=-2, tn=0, fn=-5.",
)
@click.option("--model-cost", type=float, help="What using the model for these rows costs.")
@click.option(
    "--threshold",
    "thresholds",
    multiple=True,
    help="Demand such as 'accuracy >= 0.9'; exits with 1 if one is not met, or cannot be judged.",
)
@click.option("--baseline", help="Another model, which is asked about the same rows and compared.")
@click.option("--explain", help="permutation or shap: what the model goes by.")
@click.option("--robustness", is_flag=True, help="Measure the model on spoilt input, too.")
@click.option("--prefix", default="", help="Of all metrics and files.")
@click.option("--plots/--no-plots", default=True, help="Draw the plots.")
@click.option(
    "--intervals", type=click.IntRange(0), default=1000, show_default=True, help="How often to resample; 0 for none."
)
@click.option("--experiment-name", help="Experiment of the run.")
@click.option("--run-id", help="Run to write into.  [default: a new one]")
@json_option
def evaluate(  # noqa: PLR0913  # the options of a command
    *,
    model_uri: str,
    data: str,
    targets: str,
    model_type: str | None,
    predictions: str | None,
    scores: str | None,
    pos_label: str | None,
    slices: Sequence[str],
    sensitive: Sequence[str],
    values: Sequence[str],
    model_cost: float | None,
    thresholds: Sequence[str],
    baseline: str | None,
    explain: str | None,
    robustness: bool,
    prefix: str,
    plots: bool,
    intervals: int,
    experiment_name: str | None,
    run_id: str | None,
    as_json: bool,
) -> int:
    """Judge a model by a file of data, and record what is found in a run.

    MODEL_URI is models:/<name>/<version>, models:/<name>@<alias>, models:/m-<id>,
    runs:/<id>/<path>, a folder, or the URL of a server that answers /invocations.
    """
    demands_of(thresholds)
    table = table_of(data, targets, None, None)
    config: dict[str, Any] = {"metric_prefix": prefix}
    if pos_label is not None:
        config["pos_label"] = _as_label(pos_label, table)
    if experiment_name is not None:
        treering.set_experiment(experiment_name)
    named = None if run_id else f"evaluation of {model_uri}"[:250]
    with treering.start_run(run_id=run_id, run_name=named):
        result = treering.evaluate(
            model_uri, table.described, model_type=model_type or _kind(table), predictions=predictions,
            evaluator_config=config, scores=scores, slices=slices, sensitive=sensitive,
            value_matrix=_values(values), model_cost=model_cost, thresholds=thresholds, baseline=baseline,
            explain=explain, robustness=robustness, plots=plots, intervals=intervals,
        )  # fmt: skip
    treering.flush()
    found = result.evaluation
    if found is None:
        return 0
    if as_json:
        print_json(found)
    else:
        _show(found)
    # A demand that cannot be judged, such as one of a metric that is misspelt, is not met either.
    return 0 if all(check.passed for check in found.checks) else 1


def _kind(table: EvaluationTable) -> str:
    """What the targets look like."""
    truth = np.asarray(table.labels_data)
    if truth.dtype.kind == "f" and bool((truth != np.round(truth)).any()):
        return "regressor"
    if truth.dtype.kind in "iuf" and len(np.unique(truth)) > _FEW_CLASSES:
        return "regressor"
    if truth.dtype.kind == "O" and len(truth) and isinstance(truth[0], list | np.ndarray):
        return "retriever"
    return "classifier"


def _as_label(text: str, table: EvaluationTable) -> Any:
    """The class that is written as `text`."""
    known = np.unique(np.asarray(table.labels_data)).tolist()
    for label in known:
        if str(label) == text:
            return label
    msg = f"--pos-label {text} is none of the classes: {', '.join(map(str, known[:20]))}."
    raise InvalidInput(msg)


def _values(given: Sequence[str]) -> Mapping[str, float] | None:
    found: dict[str, float] = {}
    for text in (part.strip() for one in given for part in one.split(",")):
        name, sign, number = text.partition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError as error:
            msg = f"--value {text!r} is no figure. Write tp=10, fp=-2, tn=0 or fn=-5{'' if sign else ', with an ='}."
            raise InvalidInput(msg) from error
    return found or None


def _show(found: Evaluation) -> None:
    click.echo(f"{found.model_uri} on {found.dataset_name} ({found.rows:,} rows), run {found.run_id}\n")
    print_table(["metric", "value", f"{found.confidence:.0%} interval"], list(_metrics(found)), "No metrics.")
    for title, lines in (
        ("Slices", [_slice(part, found) for part in found.slices]),
        ("Groups", [line for report in found.fairness for line in _groups(report)]),
        ("Worth", [] if found.business is None else list(_worth(found.business))),
        ("Goes by", [] if found.explanation is None else _importances(found.explanation)),
    ):
        _titled(title, lines)
    if found.robustness is not None:
        probes = [
            [one.name, one.value if one.value is not None else one.reason[:60], one.change]
            for one in found.robustness.probes
        ]
        click.echo()
        print_table(["spoilt", found.robustness.metric, "change"], probes, "Nothing was spoilt.")
    if found.comparison is not None:
        _show_comparison(found.comparison)
    _titled("Demands", [_check(check) for check in found.checks])


def _titled(title: str, lines: Sequence[str]) -> None:
    if lines:
        click.echo(f"\n{click.style(title, bold=True)}")
    for line in lines:
        click.echo(f"  {line}")


def _slice(part: SliceResult, found: Evaluation) -> str:
    chosen = [name for name in part.metrics if name in found.greater_is_better][:3]
    return ", ".join([f"{part.name}: {part.rows:,} rows", *(f"{name} {part.metrics[name]:.4g}" for name in chosen)])


def _groups(report: GroupReport) -> Iterator[str]:
    for name in ("demographic_parity_ratio", "equalized_odds_difference", "mean_absolute_error_difference"):
        if name in report.summary:
            yield f"{report.attribute}: {name} {report.summary[name].value:.4g}{_between(report.summary[name])}"
    for warning in report.warnings:
        yield f"{click.style('warning', fg='yellow')} {warning}"


def _worth(worth: Business) -> Iterator[str]:
    yield f"{worth.value.value:.6g} for each row{_between(worth.value)}, {worth.alternative:.6g} without a model"
    if worth.threshold is not None:
        yield f"if the positive class is predicted from a score of {worth.threshold:.4g} on"
    if worth.roi is not None:
        yield f"a return of {worth.roi:.3g} on what the model costs"


def _importances(found: Explanation) -> list[str]:
    return [f"{one.feature}: {one.value:.4g}" for one in found.importances[:10]]


def _check(check: Check) -> str:
    mark, colour = _MARKS[check.passed]
    return f"{click.style(mark, fg=colour)} {check.name} {check.bound} {check.reason}".rstrip()


def _metrics(found: Evaluation) -> Iterator[tuple[str, str, str]]:
    for name, value in found.metrics.items():
        between = found.intervals.get(name)
        shown = f"{value:,.0f}" if name in _COUNTS else f"{value:.6g}"
        yield name, shown, "" if between is None else f"{between.low:.4g} to {between.high:.4g}"


def _show_comparison(found: Comparison) -> None:
    click.echo()
    words = {True: "better", False: "worse", None: "not sure"}
    rows = [
        [
            one.metric,
            f"{one.candidate:.6g}",
            f"{one.baseline:.6g}",
            f"{one.difference.value:+.4g}{_between(one.difference)}",
            words[one.better] if one.difference.value or one.better is not None else "the same",
        ]
        for one in found.differences
    ]
    print_table(["metric", "this", found.baseline[:40], "difference", ""], rows, "No metric that both have.")


def _between(found: Estimate) -> str:
    return "" if found.low is None or found.high is None else f" ({found.low:.4g} to {found.high:.4g})"
