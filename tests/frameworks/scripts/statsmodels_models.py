"""Results of statsmodels: tables, arrays, formulas and time series."""

import warnings

import life
import numpy as np
import pandas as pd
import pytest

warnings.simplefilter("ignore")
import statsmodels.api as sm
import statsmodels.formula.api as smf

from treering.core.errors import DamagedData, PermissionDenied
from treering.models.flavours.base import LoadOptions
from treering.models.folder import SaveOptions, save
from treering.models.loading import load
from treering.testing.flavours import FlavourSuite, Sample

chance = np.random.default_rng(0)
rows = pd.DataFrame(chance.normal(size=(60, 3)), columns=["a", "b", "c"])
target = rows.a * 2 + chance.normal(size=60)
table = rows.assign(y=target, n=chance.poisson(2, 60))
series = pd.Series(target.to_numpy(), pd.date_range("2020-01-01", periods=60, freq="D"))
wanted = pd.DataFrame({"start": [58], "end": [63]})

MODELS = {
    "ols": (sm.OLS(target, rows).fit(), rows),
    "glm": (sm.GLM(table.n, rows, family=sm.families.Poisson()).fit(), rows),
    "logit": (sm.Logit((target > 0).astype(int), rows).fit(disp=0), rows),
    "arima": (sm.tsa.ARIMA(target.to_numpy(), order=(1, 0, 0)).fit(), wanted),
    "smoothed": (sm.tsa.ExponentialSmoothing(series + 10, trend="add").fit(), wanted),
    "formula": (smf.ols("y ~ a + np.log(abs(b) + 1) + C(n > 2)", table).fit(), table),
}


def answer(model, data):
    return model.predict(start=58, end=63) if data is wanted else model.predict(data)


@pytest.fixture(params=MODELS, scope="module")
def sample(request):
    model, data = MODELS[request.param]
    return Sample(model, data, answer(model, data), ("model.statsmodels",))


class TestStatsmodels(FlavourSuite):
    flavour = "statsmodels"


@pytest.mark.parametrize("kind", MODELS)
def test_what_somebody_else_saved_is_read_without_the_users_word(kind, tmp_path):
    model, data = MODELS[kind]
    save("statsmodels", model, tmp_path / "m")
    found = load(tmp_path / "m", LoadOptions()).predict(data)
    np.testing.assert_allclose(np.asarray(found), np.asarray(answer(model, data)))


def test_a_formula_that_does_more_than_compute_needs_the_users_word(tmp_path):
    ran = tmp_path / "ran"
    model = smf.ols(f"y ~ a + I(a * len(str(open({str(ran)!r}, 'w'))))", table).fit()
    save("statsmodels", model, tmp_path / "m", SaveOptions(own=tmp_path / "own"))
    ran.unlink()
    with pytest.raises(PermissionDenied, match="trust"):
        load(tmp_path / "m", LoadOptions())
    assert not ran.exists()
    for options in (
        LoadOptions(allow_code=True),
        LoadOptions(own=tmp_path / "own"),
        LoadOptions(trust=("statsmodels.base.data.PandasData",)),
    ):
        assert load(tmp_path / "m", options) is not None
        assert ran.exists()
        ran.unlink()


def test_a_name_that_a_formula_lacks_is_told(tmp_path):
    def local_only(values):
        return values * 2

    save("statsmodels", smf.ols("y ~ local_only(a)", table).fit(), tmp_path / "m")
    with pytest.raises(DamagedData, match="local_only"):
        load(tmp_path / "m", LoadOptions(allow_code=True))


def test_they_live_here_and_in_mlflow(tmp_path):
    cases = []
    for name, (model, data) in MODELS.items():
        few = data if data is wanted else data.head(8)
        cases.append(life.Case(name, "statsmodels", model, few, answer(model, few), served=name == "formula"))
    life.live(tmp_path, *cases)
