"""Forecasters of Prophet: with and without intervals, holidays and regressors."""

import life
import numpy as np
import pandas as pd
import prophet
import pytest

from treering.core.errors import InvalidInput
from treering.models.folder import SaveOptions, save
from treering.models.loading import load
from treering.testing.flavours import FlavourSuite, Sample

DAYS = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=60)})
DAYS["extra"] = np.cos(np.arange(60))
DAYS["y"] = np.arange(60) + 3 * DAYS.extra + np.sin(np.arange(60))
HOLIDAYS = pd.DataFrame({"holiday": "feast", "ds": pd.to_datetime(["2020-01-05", "2020-02-05"])})
COMING = DAYS.tail(4)[["ds", "extra"]].reset_index(drop=True)


def forecaster(**options):
    model = prophet.Prophet(
        yearly_seasonality=False, weekly_seasonality=True, daily_seasonality=False, holidays=HOLIDAYS, **options
    )
    model.add_regressor("extra")
    return model.fit(DAYS)


@pytest.fixture(scope="module")
def sample():
    model = forecaster(uncertainty_samples=0)
    return Sample(model, COMING, model.predict(COMING), ("model.pr",))


class TestProphet(FlavourSuite):
    flavour = "prophet"


def test_what_is_not_fitted_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="fit"):
        save("prophet", prophet.Prophet(), tmp_path / "m")


def test_a_missing_regressor_names_the_column(tmp_path):
    save("prophet", forecaster(), tmp_path / "m", SaveOptions(input_example=COMING))
    with pytest.raises(InvalidInput, match="extra"):
        load(tmp_path / "m").predict(COMING[["ds"]])


def test_it_lives_here_and_in_mlflow(tmp_path):
    model = forecaster()
    # The bounds are drawn at random with every call.
    sure = ["trend", "weekly", "extra", "feast", "yhat"]
    case = life.Case("forecast", "prophet", model, COMING, model.predict(COMING), columns=sure, served=True)
    life.live(tmp_path, case)
