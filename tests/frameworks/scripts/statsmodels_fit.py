"""statsmodels: a linear and a generalised linear model, and one that fits others inside."""

import report

tracker = report.tracker()
tracker.statsmodels.autolog()

import numpy as np
import statsmodels.api as sm

generator = np.random.default_rng(0)
rows = sm.add_constant(generator.normal(size=(80, 3)))
target = rows @ [1.0, 2.0, 0.0, -1.0] + generator.normal(size=80)
sm.OLS(target, rows).fit()
sm.GLM(target, rows, family=sm.families.Gaussian()).fit(maxiter=20)
with tracker.start_run():
    sm.Logit((target > 0).astype(float), rows).fit(disp=0)
sm.tsa.ARIMA(target, order=(1, 0, 0)).fit()
report.finish(tracker)
