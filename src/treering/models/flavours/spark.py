"""Spark MLlib: pipelines in Spark's own format, and any model of MLlib as a pipeline of one stage.

Spark creates the classes that a saved model names. Those of MLlib are harmless but
for one, whose SQL can call any method of Java; others are loaded with the user's word.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pyspark
from pyspark.errors import PySparkException
from pyspark.ml import Model, PipelineModel, Transformer
from pyspark.ml.functions import array_to_vector, vector_to_array
from pyspark.ml.linalg import VectorUDT
from pyspark.ml.util import MLReadable, MLWritable
from pyspark.sql import functions
from pyspark.sql.types import ArrayType, NumericType

from treering.core.errors import DamagedData, InvalidInput, NotSupported, PermissionDenied
from treering.models.flavours.base import LoadOptions, Predictor, Written
from treering.models.mlmodel import MLModel, python_entry, tree_inside
from treering.models.safety import stages
from treering.models.spark_session import current_or_local, fetched, is_local, shared_place, stored
from treering.models.types import SparkVector

__all__ = ["FLAVOUR", "SparkFlavour"]

# Not an import above: it comes with PySpark, which is what has to be called missing.
_JavaError = import_module("py4j.protocol").Py4JError
_FOLDER = "sparkml"
_PREDICTION = "prediction"


class SparkFlavour:
    """The flavour `spark`.

    Options, when a model is saved and when it is loaded: `dfs_tmpdir`, a folder of the cluster's
    file system through which the model passes; not used where Spark runs on one machine.
    """

    def accepts(self, model: Any) -> bool:
        """See `Flavour`."""
        return (
            isinstance(model, Model | Transformer) and isinstance(model, MLReadable) and isinstance(model, MLWritable)
        )

    def write(self, model: Any, folder: Path, options: Mapping[str, Any]) -> Written:
        """See `Flavour`."""
        if not self.accepts(model):
            msg = (
                f"A {type(model).__name__} is no model of Spark MLlib that can be saved. Give a fitted pipeline,"
                " model or transformer whose class is both MLReadable and MLWritable."
            )
            raise InvalidInput(msg)
        pipeline = model if isinstance(model, PipelineModel) else PipelineModel([model])
        session = current_or_local()
        target = folder.absolute() / _FOLDER
        try:
            if is_local(session):
                pipeline.save(target.as_uri())
            else:
                shared = shared_place(str(options.get("dfs_tmpdir") or ""))
                pipeline.save(shared)
                fetched(session, shared, target)
        except (_JavaError, PySparkException, ValueError) as error:
            msg = f"Spark cannot save this {type(model).__name__}: {error}"
            raise InvalidInput(msg) from error
        entry = {
            "code": None,
            "model_class": f"{type(pipeline).__module__}.{type(pipeline).__qualname__}",
            "model_data": _FOLDER,
            "pyspark_version": pyspark.__version__,
        }
        packages = ("numpy", "pandas")
        return Written(entry, python_entry("mlflow.spark", data=_FOLDER), packages, frozenset({"pyspark"}))

    def read(self, folder: Path, model: MLModel, options: LoadOptions) -> Any:
        """See `Flavour`."""
        entry = model.flavours.get("spark", {})
        kind = str(entry.get("model_class") or "")
        if kind.startswith("pyspark.ml.connect."):
            msg = f"The model in {folder} is a {kind} of Spark Connect, which Treering does not load. Load it with PySpark."
            raise NotSupported(msg)
        path = tree_inside(folder, entry.get("model_data") or model.python_function.get("data") or _FOLDER).absolute()
        _check(path, options)
        session = current_or_local()
        try:
            if is_local(session):
                return PipelineModel.load(path.as_uri())
            shared = shared_place(str(options.flavour.get("dfs_tmpdir") or ""))
            stored(session, path, shared)
            return PipelineModel.load(shared)
        except (_JavaError, PySparkException, ValueError, AttributeError, ImportError) as error:
            msg = f"The model {path} cannot be read: {error}. It may be damaged, or need another version of Spark."
            raise DamagedData(msg) from error

    def predictor(self, native: Any, folder: Path, model: MLModel, options: LoadOptions) -> Predictor:  # noqa: ARG002  # of the Protocol
        """See `Flavour`."""
        session = current_or_local()
        inputs = model.signature.inputs if model.signature else None
        vectors = [item.name for item in (inputs.columns() if inputs else ()) if isinstance(item.type, SparkVector)]

        def predict(data: Any, params: dict[str, Any]) -> Any:  # noqa: ARG001  # a pipeline takes none
            table = data if isinstance(data, pd.DataFrame) else pd.DataFrame(data)
            names = [name or str(table.columns[0]) for name in vectors]
            # Numbers of NumPy, which arrays from JSON hold, have no type that Spark could find.
            lists: dict[str, Any] = {name: [[*map(float, row)] for row in table[name]] for name in names}
            asked = _with_vectors(session.createDataFrame(table.assign(**lists)), native, names)
            answered = native.transform(asked)
            name = _answer_of(native, answered)
            found = functions.col(name)
            if isinstance(answered.schema[name].dataType, VectorUDT):
                found = vector_to_array(found)
            return [row[0] for row in answered.select(found).collect()]

        return predict


def _with_vectors(frame: Any, pipeline: Any, named: list[str]) -> Any:
    """Make vectors of the lists of numbers that the signature, or a stage of the pipeline, says are some."""
    stages = [stage for stage in pipeline.stages if stage.hasParam("featuresCol")]
    wanted = {*named, *(stage.getOrDefault("featuresCol") for stage in stages)}
    for field in frame.schema.fields:
        kind = field.dataType
        if field.name in wanted and isinstance(kind, ArrayType) and isinstance(kind.elementType, NumericType):
            frame = frame.withColumn(field.name, array_to_vector(functions.col(field.name).cast("array<double>")))
    return frame


def _answer_of(pipeline: Any, answered: Any) -> str:
    """The column with the answer: `prediction`, or where there is none, what the last stage makes."""
    if _PREDICTION in answered.columns:
        return _PREDICTION
    last = pipeline.stages[-1] if pipeline.stages else None
    if last is not None and last.hasParam("outputCol"):
        return str(last.getOrDefault("outputCol"))
    msg = (
        f"The pipeline makes no column {_PREDICTION!r}; it makes {', '.join(answered.columns)}. Name the one that is"
        f" the answer so before saving, for instance with setProbabilityCol({_PREDICTION!r})."
    )
    raise InvalidInput(msg)


def _check(path: Path, options: LoadOptions) -> None:
    """Look at all classes that Spark would create, before it does."""
    left = stages.foreign_classes(path, options.trust)
    if left and not options.allow_code:
        msg = (
            f"The model is made of {', '.join(left)}, which could run code, so it was not loaded. If you trust who made"
            f" it, load it with trust={left!r} or trust=True, or set TREERING_ALLOW_MODEL_CODE=true."
        )
        raise PermissionDenied(msg)


FLAVOUR = SparkFlavour()
