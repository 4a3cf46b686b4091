"""The frameworks whose models can be saved and loaded: one file each, reached through the table `FLAVOURS`."""

from __future__ import annotations

from treering.core.plugins import Registry
from treering.models.flavours.base import Flavour

__all__ = ["FLAVOURS", "LOADERS"]

FLAVOURS: Registry[Flavour] = Registry(
    "treering.flavours",
    "model flavour",
    {
        "catboost": "treering.models.flavours.catboost:FLAVOUR",
        "h2o": "treering.models.flavours.h2o:FLAVOUR",
        "keras": "treering.models.flavours.keras:FLAVOUR",
        "lightgbm": "treering.models.flavours.lightgbm:FLAVOUR",
        "onnx": "treering.models.flavours.onnx:FLAVOUR",
        "prophet": "treering.models.flavours.prophet:FLAVOUR",
        "pyfunc": "treering.models.flavours.pyfunc:FLAVOUR",
        "pytorch": "treering.models.flavours.pytorch:FLAVOUR",
        "sentence_transformers": "treering.models.flavours.sentence_transformers:FLAVOUR",
        "sklearn": "treering.models.flavours.sklearn:FLAVOUR",
        "spacy": "treering.models.flavours.spacy:FLAVOUR",
        "spark": "treering.models.flavours.spark:FLAVOUR",
        "statsmodels": "treering.models.flavours.statsmodels:FLAVOUR",
        "tensorflow": "treering.models.flavours.tensorflow:FLAVOUR",
        "transformers": "treering.models.flavours.transformers:FLAVOUR",
        "xgboost": "treering.models.flavours.xgboost:FLAVOUR",
    },
    extras={
        "catboost": "catboost",
        "lightgbm": "lightgbm",
        "pyfunc": "sklearn",
        "sklearn": "sklearn",
        "xgboost": "xgboost",
    },
)

# Who loads a model as a Python function: the module that an MLmodel file names, and our flavour.
LOADERS = {
    "mlflow.catboost": "catboost",
    "mlflow.h2o": "h2o",
    "mlflow.keras": "keras",
    "mlflow.lightgbm": "lightgbm",
    "mlflow.onnx": "onnx",
    "mlflow.prophet": "prophet",
    "mlflow.pyfunc.loaders.code_model": "pyfunc",
    "mlflow.pyfunc.model": "pyfunc",
    "mlflow.pytorch": "pytorch",
    "mlflow.sentence_transformers": "sentence_transformers",
    "mlflow.sklearn": "sklearn",
    "mlflow.spacy": "spacy",
    "mlflow.spark": "spark",
    "mlflow.statsmodels": "statsmodels",
    "mlflow.tensorflow": "tensorflow",
    "mlflow.transformers": "transformers",
    "mlflow.xgboost": "xgboost",
}
