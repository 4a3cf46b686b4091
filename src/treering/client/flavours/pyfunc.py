"""`treering.pyfunc`: models of any flavour as things that predict, and models written in plain Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treering.client.model_loading import fetch_model
from treering.client.model_loading import load_model as load_any
from treering.core.errors import InvalidInput
from treering.models import mlmodel
from treering.models.loading import LoadedModel
from treering.models.python_model import PythonModel, PythonModelContext

if TYPE_CHECKING:
    from treering.client.model_logging import ModelInfo

__all__ = [
    "LoadedModel",
    "PyFuncModel",
    "PythonModel",
    "PythonModelContext",
    "add_to_model",
    "get_default_conda_env",
    "get_default_pip_requirements",
    "get_model_dependencies",
    "load_model",
    "log_model",
    "save_model",
    "spark_udf",
]

_FLAVOUR = "pyfunc"
_WAYS = ("python_model", "loader_module")
_FORMATS = {"conda": "conda.yaml", "pip": "requirements.txt"}

PyFuncModel = LoadedModel
"""The name that MLflow uses."""


def load_model(
    model_uri: str,
    suppress_warnings: bool = False,  # noqa: ARG001, FBT001, FBT002  # MLflow's; nothing here warns of versions
    dst_path: str | Path | None = None,
    model_config: str | Path | Mapping[str, Any] | None = None,
    *,
    trust: bool | Sequence[str] | None = None,
) -> LoadedModel:
    """The model at a URI or path, ready to predict.

    Args:
        dst_path: The folder that a model from elsewhere is fetched to; a temporary one unless given.
        model_config: Values, or a YAML file with them, that override the configuration that it was saved with.
        trust: The word that the model's code may run: True, or the names that a pickle of it may refer to though
            the list of what is harmless has them not.

    Raises:
        NotFound: If there is none.
        DamagedData: If its files are not what its MLmodel file says.
        PermissionDenied: If loading could run code of somebody else, and nobody gave the word.
    """
    config: Any = model_config
    if isinstance(model_config, str | Path):
        config = import_module("treering.models.code_models").config_of(model_config)
    return load_any(model_uri, dst_path, config, trust)


def log_model(
    artifact_path: str | None = None, loader_module: str | None = None, data_path: str | Path | None = None,
    code_paths: Sequence[str] | None = None, **options: Any,
) -> ModelInfo:  # fmt: skip
    """Save a Python model as a logged model of the active run.

    Args:
        artifact_path: The name, under the word that older MLflow uses; `name` is the newer one.
        loader_module: Instead of a model: the module whose `_load_pyfunc` loads it from a copy of `data_path`.
        code_paths: Files and folders of Python code that the model needs, copied into it.
        options: `python_model`: a `PythonModel`, a function of the data, or the path of a Python file that hands a
            model to `treering.models.set_model`; `artifacts`: paths of files and folders by name; `model_config`: a
            dictionary or YAML file; `streamable`; `infer_code_paths`; and all of `treering.sklearn.log_model`.

    Raises:
        InvalidInput: If the model or an option cannot be saved.
    """
    given = _given(artifact_path=artifact_path, loader_module=loader_module, data_path=data_path, code_paths=code_paths)
    named = {**given, **options}
    model = _model(named)
    info: ModelInfo = import_module("treering.client.flavours.face").log_given(_FLAVOUR, model, named)
    return info


def save_model(
    path: str | Path, loader_module: str | None = None, data_path: str | Path | None = None,
    code_paths: Sequence[str] | None = None, **options: Any,
) -> None:  # fmt: skip
    """Save a Python model to a folder. Options and errors as for `log_model`."""
    named = {**_given(loader_module=loader_module, data_path=data_path, code_paths=code_paths), **options}
    model = _model(named)
    import_module("treering.client.flavours.face").save_given(_FLAVOUR, model, path, named)


def get_default_pip_requirements() -> list[str]:
    """The packages that every saved Python model needs at least, pinned to what is installed."""
    return [import_module("treering.models.requirements").pin("cloudpickle")]


def get_default_conda_env() -> dict[str, Any]:
    """The environment of conda with these packages."""
    made: dict[str, Any] = import_module("treering.models.environment_files").conda_environment(
        get_default_pip_requirements()
    )
    return made


def get_model_dependencies(model_uri: str, format: str = "pip") -> str:  # noqa: A002  # MLflow's name
    """The path of a file that names what the model needs, on this disk.

    Args:
        format: `pip` for requirements.txt, `conda` for conda.yaml.

    Raises:
        NotFound: If the model has no such file.
        InvalidInput: If there is no such format.
    """
    if format not in _FORMATS:
        msg = f"There is no format {format!r} of requirements. Known ones: {', '.join(_FORMATS)}."
        raise InvalidInput(msg)
    return str(mlmodel.inside(fetch_model(model_uri), _FORMATS[format]))


def spark_udf(
    spark: Any, model_uri: str, result_type: Any = None, env_manager: str | None = None, **options: Any
) -> Any:
    """The model as a function on columns of Spark. As `treering.client.spark_udf.spark_udf`, whose options these are."""
    made = import_module("treering.client.spark_udf").spark_udf
    return made(spark, model_uri, result_type, env_manager, **options)


def add_to_model(model: Any, loader_module: str, data: str | None = None, code: str | None = None, **more: Any) -> None:
    """Give a `treering.models.Model` the entry by which it is loaded as a function; for flavours of other people.

    Args:
        data: What `loader_module` loads it from, in the model's folder.
        code: The folder with Python code there.
        more: Further keys of the entry.
    """
    environment = {"conda": more.pop("conda_env", None), "virtualenv": more.pop("python_env", None)}
    config = more.pop("model_config", None)
    entry = _given(data=data, code=code, config=config or None, **more)
    if found := _given(**environment):
        entry["env"] = found
    model.add_flavor(mlmodel.PYTHON_FUNCTION, **{**mlmodel.python_entry(loader_module), **entry})


def _model(named: dict[str, Any]) -> Any:
    """The model out of all options; `None` where a loader stands for it."""
    model = named.pop("python_model", None)
    if (model is None) == (named.get("loader_module") is None):
        msg = f"A Python model is given in exactly one of two ways: {' or '.join(_WAYS)}."
        raise InvalidInput(msg)
    return model


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
