"""Models of each framework: the promises of all flavours, what is special to each, their life, and MLflow both ways."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from peers import BOOSTING, H2O, SPACY_PROPHET, SPARK, Peer

pytestmark = pytest.mark.framework


@pytest.mark.parametrize(
    ("peer", "script"),
    [
        pytest.param(BOOSTING, "boosting_models.py", id="xgboost, lightgbm, catboost"),
        pytest.param(BOOSTING, "statsmodels_models.py", id="statsmodels"),
        pytest.param(H2O, "h2o_models.py", id="h2o"),
        pytest.param(SPACY_PROPHET, "prophet_models.py", id="prophet"),
        pytest.param(SPACY_PROPHET, "spacy_models.py", id="spacy"),
        pytest.param(SPARK, "spark_models.py", id="spark"),
    ],
)
def test_models_are_logged_served_and_go_to_mlflow_and_back(
    run_tests: Callable[..., str], peer: Peer, script: str
) -> None:
    assert " passed" in run_tests(peer, script)


def test_models_are_functions_on_columns_of_spark(run_tests: Callable[..., str]) -> None:
    assert " passed" in run_tests(SPARK, "spark_udf.py")
