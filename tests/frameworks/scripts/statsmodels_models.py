"""Results of statsmodels: tables, arrays, formulas and time series."""

import warnings

import numpy as np
import pandas as pd
import proof
import pytest

warnings.simplefilter("ignore")
import statsmodels.api as sm
import statsmodels.formula.api as smf

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


if __name__ == "__main__":
    proof.suite(__file__)
    for name, (model, data) in MODELS.items():
        few = data.head(8)
        case = proof.Case(name, "statsmodels", model, few, answer(model, data if data is wanted else few))
        proof.exchange(case)
        if name in {"formula", "arima"}:
            proof.live(case)
    proof.finish()
