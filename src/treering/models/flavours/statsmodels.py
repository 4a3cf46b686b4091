"""statsmodels: results of a fit, as the pickles that statsmodels itself writes, read through the list of what is harmless.

A model that was made from a formula runs the formula again when it is read, so one
that does more than compute is read only with the user's word.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import statsmodels
from statsmodels.base import data as model_data
from statsmodels.base.model import Results
from statsmodels.base.wrapper import ResultsWrapper
from statsmodels.tsa.base.tsa_model import TimeSeriesModel

from treering.core.errors import DamagedData, InvalidInput
from treering.models import pickles
from treering.models.flavours.base import LoadOptions, Predictor, Written
from treering.models.mlmodel import MLModel, inside, python_entry
from treering.models.safety.formulas import foreign_formula
from treering.models.safety.reading import Refused
from treering.models.safety.tables import STATSMODELS

__all__ = ["FLAVOUR", "StatsmodelsFlavour"]

_FILE = "model.statsmodels"


class StatsmodelsFlavour:
    """The flavour `statsmodels`.

    Options: `remove_data` (leave out the arrays that the model was fitted on), `code_modules`.
    """

    def accepts(self, model: Any) -> bool:
        """See `Flavour`."""
        return isinstance(model, Results | ResultsWrapper)

    def write(self, model: Any, folder: Path, options: Mapping[str, Any]) -> Written:
        """See `Flavour`."""
        if not self.accepts(model):
            msg = f"A {type(model).__name__} is no result of statsmodels. Give what the model's fit() returned."
            raise InvalidInput(msg)
        try:
            model.save(str(folder / _FILE), remove_data=bool(options.get("remove_data")))
        except (TypeError, AttributeError, NotImplementedError) as error:
            msg = f"statsmodels cannot save this {type(model).__name__}: {error}."
            raise InvalidInput(msg) from error
        entry = {"code": None, "data": _FILE, "statsmodels_version": statsmodels.__version__}
        packages = ("numpy", "pandas", "scipy")
        return Written(entry, python_entry("mlflow.statsmodels", data=_FILE), packages, frozenset({"statsmodels"}))

    def read(self, folder: Path, model: MLModel, options: LoadOptions) -> Any:
        """See `Flavour`."""
        entry = model.flavours.get("statsmodels", {})
        path = inside(folder, entry.get("data") or model.python_function.get("data") or _FILE)
        try:
            return pickles.load(path, options, STATSMODELS, _STAND_INS)
        except _formula_errors() as error:
            msg = (
                f"The model {path} cannot be read, because its formula cannot be computed: {error}. It may use"
                " columns, numbers, and NumPy as np; make columns of what else it needs before the model is fitted."
            )
            raise DamagedData(msg) from error

    def predictor(self, native: Any, folder: Path, model: MLModel, options: LoadOptions) -> Predictor:  # noqa: ARG002  # of the Protocol
        """See `Flavour`."""
        ask = _between if isinstance(getattr(native, "model", None), TimeSeriesModel) else _rows

        def predict(data: Any, params: dict[str, Any]) -> Any:  # noqa: ARG001  # MLflow hands none on
            return ask(native, data)

        return predict


def _formula_errors() -> tuple[type[Exception], ...]:
    """What the libraries raise that statsmodels reads formulas with; it has one of them or both."""
    homes = (("patsy", "PatsyError"), ("formulaic.errors", "FormulaicError"))
    return (NameError, *(getattr(sys.modules[module], name) for module, name in homes if module in sys.modules))


def _guarded(cls: Any) -> Any:
    """What stands for `cls` while a pickle is read; it turns into `cls` itself."""
    name = f"{cls.__module__}.{cls.__qualname__}"

    def restore(self: Any, state: Any) -> None:
        values = dict(state)
        if formula := foreign_formula(values):
            msg = f"The model's formula does more than compute: {formula}."
            raise Refused(msg, name)
        cls.__setstate__(self, values)
        self.__class__ = cls

    return type(cls.__name__, (cls,), {"__setstate__": restore})


# NumPy is here for formulas, too: statsmodels looks for what they name in the modules that read them.
_NUMPY = np
_STAND_INS = {
    (cls.__module__, cls.__qualname__): _guarded(cls)
    for cls in vars(model_data).values()
    if isinstance(cls, type) and issubclass(cls, model_data.ModelData)
}


def _rows(native: Any, data: Any) -> Any:
    return native.predict(data)


def _between(native: Any, data: Any) -> Any:
    """A time series is asked for the times from one to another."""
    columns = list(getattr(data, "columns", ()))
    if len(data) != 1 or not {"start", "end"} <= set(columns):
        msg = (
            "A model of a time series is asked with a table of one row and the columns 'start' and 'end';"
            f" this has {len(data)} rows and the columns {columns}."
        )
        raise InvalidInput(msg)
    return native.predict(start=data["start"].iloc[0], end=data["end"].iloc[0])


FLAVOUR = StatsmodelsFlavour()
