"""`treering.pyfunc.spark_udf`: a model as a function on columns of Spark, with MLflow's arguments and answers."""

from __future__ import annotations

import functools
import shutil
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Iterator, Tuple, Union  # noqa: UP035  # Spark looks for these very names in the hints

import pandas as pd
from pyspark.errors import PySparkException
from pyspark.sql import functions, types

from treering.client.model_loading import fetch_model
from treering.core.errors import InvalidInput, NotSupported
from treering.core.log import logger
from treering.core.settings import read_settings
from treering.models import mlmodel
from treering.models.code_models import config_of
from treering.models.enforcement import enforce_params
from treering.models.flavours.base import LoadOptions
from treering.models.mlmodel import MLModel
from treering.models.spark_answers import check_type
from treering.models.spark_scoring import Job, score
from treering.models.spark_session import is_local
from treering.models.spark_types import answer_type

__all__ = ["spark_udf"]

# Not an import above: it comes with PySpark, which is what has to be called missing.
_JavaError = import_module("py4j.protocol").Py4JError
_MANAGERS = ("local", "virtualenv", "uv", "conda")


def spark_udf(  # noqa: PLR0913, PLR0917  # MLflow's signature
    spark: Any,
    model_uri: str,
    result_type: Any = None,
    env_manager: str | None = None,
    params: Mapping[str, Any] | None = None,
    extra_env: Mapping[str, str] | None = None,
    prebuilt_env_uri: str | None = None,
    model_config: str | Path | Mapping[str, Any] | None = None,
    *,
    trust: bool | Sequence[str] | None = None,
) -> Any:
    """A function on columns that asks the model; without columns, it takes those that the signature names.

    The Python of Spark's workers needs Treering and what the model needs.

    Args:
        spark: The session.
        result_type: A type of Spark, or a text such as `double`, `array<string>` or `a int, b string`. Unless
            given, what the signature says, else `double`.
        env_manager: Only `local`: the model runs in the Python that Spark's workers have.
        params: For each prediction.
        extra_env: Variables of the environment in which the model is loaded and asked.
        model_config: Values, or a YAML file of them, that override the configuration that was saved.
        trust: As for `treering.pyfunc.load_model`.

    Raises:
        NotFound: If there is no such model.
        InvalidInput: If the params or the type are none of the model's.
        NotSupported: If the session or the environment is of a kind that is not supported.
    """
    _check_kind(spark, env_manager, prebuilt_env_uri)
    folder = fetch_model(model_uri).absolute()
    model = mlmodel.read(folder)
    if not model.python_function:
        msg = f"The model {model_uri} cannot be asked: it was not saved as a Python function."
        raise NotSupported(msg)
    shipped = not is_local(spark)
    known = model.signature.params if model.signature else None
    job = Job(
        _ship(spark, folder) if shipped else str(folder),
        shipped,
        _answer(spark, model, result_type),
        enforce_params(params, known) if params else {},
        LoadOptions.of(read_settings(), trust, model_config=config_of(model_config)),
        dict(extra_env or {}),
    )

    def ask(pieces: Any) -> Any:
        yield from score(job, pieces)

    ask.__annotations__ = _hints(job.answer)
    udf = functions.pandas_udf(ask, job.answer)
    udf.metadata = model

    @functools.wraps(udf)
    def on_columns(*columns: Any) -> Any:
        return udf(*(columns or _named(model)))

    return on_columns


def _hints(answer: types.DataType) -> dict[str, Any]:
    """By these Spark knows that the function takes pieces of columns one after the other."""
    pieces = Iterator[Tuple[Union[pd.Series, pd.DataFrame], ...]]  # noqa: UP006, UP007  # as above
    if isinstance(answer, types.StructType):
        return {"pieces": pieces, "return": Iterator[pd.DataFrame]}
    return {"pieces": pieces, "return": Iterator[pd.Series]}


def _check_kind(spark: Any, env_manager: str | None, prebuilt_env_uri: str | None) -> None:
    if prebuilt_env_uri:
        msg = "prebuilt_env_uri is for Databricks. Elsewhere, install what the model needs where Spark's workers run."
        raise NotSupported(msg)
    if env_manager not in {None, *_MANAGERS}:
        msg = f"There is no environment manager {env_manager!r}. Known ones: {', '.join(_MANAGERS)}."
        raise InvalidInput(msg)
    if env_manager not in {None, "local"}:
        msg = (
            f"spark_udf does not run a model in an environment by {env_manager}: Spark's workers ask it, and their Python is"
            " chosen when Spark starts. `treering models prepare-env` makes an environment and prints its Python; start"
            " Spark with PYSPARK_PYTHON set to that, and leave env_manager out."
        )
        raise NotSupported(msg)
    if type(spark).__module__.startswith("pyspark.sql.connect"):
        msg = "spark_udf needs a session that is connected to Spark's own driver; this is one of Spark Connect."
        raise NotSupported(msg)


def _answer(spark: Any, model: MLModel, result_type: Any) -> types.DataType:
    if result_type is None:
        outputs = model.signature.outputs if model.signature else None
        if outputs is not None and outputs.items:
            return answer_type(outputs)
        logger.warning("The model has no signature that says what it answers, so spark_udf answers with doubles.")
        return types.DoubleType()
    kind = result_type
    if isinstance(result_type, str):
        text = "boolean" if result_type == "bool" else result_type
        try:
            # Asked of Spark itself, for it knows types that its Python side does not parse.
            same = functions.udf(lambda value: value, text)
            kind = spark.range(0).select(same("id")).schema[0].dataType
        except (PySparkException, _JavaError) as error:
            msg = f"{result_type!r} is no type of Spark: {error}"
            raise InvalidInput(msg) from error
    check_type(kind)
    return kind


def _ship(spark: Any, folder: Path) -> str:
    """Have Spark carry the model to every worker, unpacked; the name that it has there."""
    name = f"treering-model-{uuid.uuid4().hex}"
    with tempfile.TemporaryDirectory(prefix="treering-spark-") as scratch:
        packed = Path(shutil.make_archive(str(Path(scratch) / name), "zip", folder))
        # Spark copies it when it is added.
        spark.sparkContext.addArchive(f"{packed.as_uri()}#{name}")
    return name


def _named(model: MLModel) -> list[str]:
    inputs = model.signature.inputs if model.signature else None
    columns = inputs.columns() if inputs else ()
    if any(not column.required for column in columns):
        msg = "The model has columns that may be missing, so the function needs to be told which to take."
        raise InvalidInput(msg)
    names = inputs.names() if inputs else []
    if not names:
        msg = "The model's signature names no columns, so the function needs to be told which to take."
        raise InvalidInput(msg)
    return names
