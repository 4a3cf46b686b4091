"""What the models of one flavour refer to beside what every model may; loading and scanning keep to it."""

from __future__ import annotations

__all__ = ["BY_FLAVOUR", "LIGHTGBM", "PANDAS", "STATSMODELS", "STATSMODELS_GUARDED"]

PANDAS = (
    "pandas.Categorical",
    "pandas.CategoricalDtype",
    "pandas.CategoricalIndex",
    "pandas.DataFrame",
    "pandas.DatetimeIndex",
    "pandas.DatetimeTZDtype",
    "pandas.Index",
    "pandas.MultiIndex",
    "pandas.PeriodDtype",
    "pandas.PeriodIndex",
    "pandas.RangeIndex",
    "pandas.Series",
    "pandas.StringDtype",
    "pandas.TimedeltaIndex",
    "pandas._libs.arrays.__pyx_unpickle_NDArrayBacked",
    "pandas._libs.internals._unpickle_block",
    "pandas._libs.tslibs.offsets.*",
    "pandas._libs.tslibs.timedeltas._timedelta_unpickle",
    "pandas._libs.tslibs.timestamps._unpickle_timestamp",
    "pandas.arrays.ArrowStringArray",
    "pandas.arrays.Categorical",
    "pandas.arrays.DatetimeArray",
    "pandas.arrays.PeriodArray",
    "pandas.arrays.StringArray",
    "pandas.arrays.TimedeltaArray",
    "pandas.core.arrays.categorical.Categorical",
    "pandas.core.arrays.datetimes.DatetimeArray",
    "pandas.core.arrays.numpy_.NumpyExtensionArray",
    "pandas.core.arrays.period.PeriodArray",
    "pandas.core.arrays.string_.StringArray",
    "pandas.core.arrays.string_.StringDtype",
    "pandas.core.arrays.string_arrow.ArrowStringArray",
    "pandas.core.arrays.timedeltas.TimedeltaArray",
    "pandas.core.dtypes.dtypes.CategoricalDtype",
    "pandas.core.dtypes.dtypes.DatetimeTZDtype",
    "pandas.core.dtypes.dtypes.PeriodDtype",
    "pandas.core.frame.DataFrame",
    "pandas.core.indexes.base.Index",
    "pandas.core.indexes.base._new_Index",
    "pandas.core.indexes.category.CategoricalIndex",
    "pandas.core.indexes.datetimes.DatetimeIndex",
    "pandas.core.indexes.datetimes._new_DatetimeIndex",
    "pandas.core.indexes.multi.MultiIndex",
    "pandas.core.indexes.period.PeriodIndex",
    "pandas.core.indexes.period._new_PeriodIndex",
    "pandas.core.indexes.range.RangeIndex",
    "pandas.core.indexes.timedeltas.TimedeltaIndex",
    "pandas.core.internals.managers.BlockManager",
    "pandas.core.internals.managers.SingleBlockManager",
    "pandas.core.series.Series",
    "pyarrow.lib._restore_array",
    "pyarrow.lib.py_buffer",
    "pyarrow.lib.type_for_alias",
)
"""pandas' own classes and what they are made with, under the names of pandas 2 and 3."""

LIGHTGBM = ("lightgbm.basic.Booster", "lightgbm.sklearn.*")
"""Types of LightGBM's estimators, in pickles and files of skops."""

_WORDS = "cdsz"  # the kinds of numbers that the compiled parts are made for
_COMPILED = {
    "_initialization": "Initialization",
    "_kalman_filter": "KalmanFilter",
    "_kalman_smoother": "KalmanSmoother",
    "_representation": "Statespace",
    "_simulation_smoother": "SimulationSmoother",
}
# Not `statsmodels.base`, whose data run formulas, nor what imputes, reads files or fetches data.
STATSMODELS = (
    *PANDAS,
    "scipy.optimize._lbfgsb_py.LbfgsInvHessProduct",
    "scipy.optimize._optimize.OptimizeResult",
    "statsmodels.base.elastic_net.RegularizedResults",
    "statsmodels.base.elastic_net.RegularizedResultsWrapper",
    "statsmodels.base.model.GenericLikelihoodModelResults",
    "statsmodels.base.model.LikelihoodModelResults",
    "statsmodels.discrete.*",
    "statsmodels.duration.*",
    "statsmodels.gam.*",
    "statsmodels.genmod.*",
    "statsmodels.miscmodels.*",
    "statsmodels.othermod.*",
    "statsmodels.regression.*",
    "statsmodels.robust.*",
    "statsmodels.tools.tools.Bunch",
    "statsmodels.tsa.*",
    *(f"statsmodels.tsa.statespace.{module}.{kind}{name}" for module, name in _COMPILED.items() for kind in _WORDS),
)

# They run a formula again, which is looked at first; see `formulas.foreign_formula`.
STATSMODELS_GUARDED = tuple(
    f"statsmodels.base.data.{name}" for name in ("FormulaicData", "ModelData", "PandasData", "PatsyData")
)
BY_FLAVOUR = {"lightgbm": LIGHTGBM, "statsmodels": (*STATSMODELS, *STATSMODELS_GUARDED)}
