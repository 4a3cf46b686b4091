"""`treering evaluate`: a model and a file in, figures and an exit status out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from sklearn.linear_model import LinearRegression, LogisticRegression

import treering
from treering.cli.commands.evaluate import evaluate
from treering.core.errors import InvalidInput


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registered model of each kind, and rows to judge them by."""
    monkeypatch.chdir(tmp_path)
    treering.set_tracking_uri(tmp_path / "home")
    dice = np.random.default_rng(0)
    rows = pd.DataFrame(dice.normal(size=(200, 2)), columns=["a", "b"])
    label = np.where(rows.a + dice.normal(size=200) * 0.5 > 0, "yes", "no")
    price = rows.a * 3 + dice.normal(size=200) * 0.1
    with treering.start_run():
        example = rows.head(3)
        treering.sklearn.log_model(
            LogisticRegression().fit(rows, label), name="c", registered_model_name="classes", input_example=example
        )
        treering.sklearn.log_model(
            LinearRegression().fit(rows, price), name="r", registered_model_name="prices", input_example=example
        )
    rows.assign(label=label, price=price, sex=dice.choice(["f", "m"], 200)).to_csv("rows.csv", index=False)
    return tmp_path


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(evaluate, [*arguments, "--intervals", "50", "--no-plots"], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


@pytest.mark.usefixtures("files")
def test_everything_that_was_found_is_told_and_a_demand_that_is_not_met_fails() -> None:
    result = run(
        "models:/classes/1", "--data", "rows.csv", "--targets", "label", "--slice", "a >= 0", "--sensitive", "sex",
        "--value", "tp=5,fp=-1", "--model-cost", "10", "--threshold", "accuracy >= 0.999", "--threshold", "auc >= 0.5",
        "--baseline", "models:/classes/1", "--explain", "permutation", "--robustness", "--pos-label", "yes",
    )  # fmt: skip
    assert result.return_value == 1
    for words in (
        "models:/classes/1 on rows.csv (200 rows)", "roc_auc", "a >= 0: ", "demographic_parity_ratio", "for each row",
        "a return of", "Goes by\n  a:", "all features", "the same", "FAILED accuracy >= 0.999", "passed auc >= 0.5",
    ):  # fmt: skip
        assert words in result.output, words


@pytest.mark.usefixtures("files")
def test_a_program_gets_the_record_and_the_kind_of_model_is_seen_from_the_targets() -> None:
    result = run(
        "models:/prices/1", "--data", "rows.csv", "--targets", "price", "--json", "--experiment-name", "judged"
    )
    found = json.loads(result.stdout)
    assert result.return_value == 0
    assert (found["model_type"], found["rows"]) == ("regressor", 200)
    assert found["metrics"]["r2_score"] > 0.9
    stored = treering.get_run(found["run_id"])
    assert stored.data.metrics["r2_score"] == found["metrics"]["r2_score"]
    assert stored.info.run_name == "evaluation of models:/prices/1"
    experiment = treering.get_experiment_by_name("judged")
    assert experiment is not None
    assert experiment.experiment_id == stored.info.experiment_id


@pytest.mark.usefixtures("files")
def test_a_demand_that_cannot_be_judged_is_not_met() -> None:
    result = run("models:/classes/1", "--data", "rows.csv", "--targets", "label", "--threshold", "acuracy >= 0.1")
    assert result.return_value == 1
    assert "no metric 'acuracy'" in result.output


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--value", "tp"], "is no figure"),
        (["--pos-label", "maybe"], "none of the classes"),
        (["--threshold", "accuracy"], "accuracy"),
        (["--slice", "nothing"], "neither a column nor a condition"),
    ],
)
def test_what_cannot_be_meant_is_refused(options: list[str], why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        run("models:/classes/1", "--data", "rows.csv", "--targets", "label", *options)
