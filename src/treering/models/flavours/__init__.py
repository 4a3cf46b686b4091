"""The frameworks whose models can be saved and loaded: one file each, reached through the table `FLAVOURS`."""

from __future__ import annotations

from treering.core.plugins import Registry
from treering.models.flavours.base import Flavour

__all__ = ["FLAVOURS", "LOADERS"]

FLAVOURS: Registry[Flavour] = Registry(
    "treering.flavours",
    "model flavour",
    {
        "pyfunc": "treering.models.flavours.pyfunc:FLAVOUR",
        "sklearn": "treering.models.flavours.sklearn:FLAVOUR",
    },
    extras={"pyfunc": "sklearn", "sklearn": "sklearn"},
)

# Who loads a model as a Python function: the module that an MLmodel file names, and our flavour.
LOADERS = {
    "mlflow.pyfunc.model": "pyfunc",
    "mlflow.sklearn": "sklearn",
}
