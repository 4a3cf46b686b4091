"""Calls of `treering.models` about models that are logged or saved already: their description, signature, requests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from treering.client.artifacts import download_artifacts, upload_tree
from treering.client.model_loading import fetch_model, load_model
from treering.client.model_logging import ModelInfo
from treering.client.session import session
from treering.core.errors import InvalidInput
from treering.core.settings import read_settings
from treering.core.uri import join, local_path, parse_model_uri, scheme_of
from treering.models import mlmodel, requirements
from treering.models.enforcement import enforce_input
from treering.models.example import write
from treering.models.load_options import LoadOptions
from treering.models.schema import Schema
from treering.models.signature import Signature
from treering.models.watching import watched_imports
from treering.registry.locate import locate

__all__ = [
    "convert_input_example_to_serving_input",
    "get_model_info",
    "infer_pip_requirements",
    "set_signature",
    "validate_schema",
    "validate_serving_input",
]


def get_model_info(model_uri: str) -> ModelInfo:
    """What is known of a model, read from its MLmodel file; none of its other files is fetched.

    Raises:
        NotFound: If there is no such model.
        DamagedData: If the file is not in the format.
    """
    with TemporaryDirectory(prefix="treering-model-") as scratch:
        path = Path(download_artifacts(join(model_uri, mlmodel.FILE_NAME), dst_path=scratch))
        found = mlmodel.read(path.parent)
    return ModelInfo(found.model_id, model_uri, found.run_id, found.artifact_path, found, {})


def set_signature(model_uri: str, signature: Any) -> None:
    """Give a model that is saved or logged already a signature, or another one.

    Args:
        signature: A `ModelSignature`.

    Raises:
        InvalidInput: If it is none, or the URI names a registered version, which does not change.
        NotFound: If there is no such model.
    """
    if not isinstance(signature, Signature):
        msg = f"A {type(signature).__name__} is no signature. Make one with treering.models.infer_signature."
        raise InvalidInput(msg)
    if scheme_of(model_uri) == "models" and not parse_model_uri(model_uri).model_id:
        msg = f"{model_uri} is a registered version, and those do not change. Name the logged model or run instead."
        raise InvalidInput(msg)
    if scheme_of(model_uri) == "file":
        folder = local_path(model_uri)
        mlmodel.write(replace(mlmodel.read(folder), signature=signature), folder)
        return
    services = session().place.services()
    store = services.open_artifacts(locate(model_uri, services.tracking, services.registry))
    with TemporaryDirectory(prefix="treering-model-") as scratch:
        path = Path(download_artifacts(join(model_uri, mlmodel.FILE_NAME), dst_path=scratch))
        mlmodel.write(replace(mlmodel.read(path.parent), signature=signature), path.parent)
        upload_tree(store, path.parent, "")


def convert_input_example_to_serving_input(input_example: Any) -> str | None:
    """The body of a request to a model server that asks for an answer to an example.

    Raises:
        InvalidInput: If the example holds what JSON cannot.
    """
    if input_example is None:
        return None
    with TemporaryDirectory(prefix="treering-example-") as scratch:
        info = write(Path(scratch), input_example)
        return (Path(scratch) / str(info["serving_input_path"])).read_text(encoding="utf-8")


def validate_serving_input(model_uri: str, serving_input: str | dict[str, Any]) -> Any:
    """The model's answer to the body of a request, as a model server would give it.

    Raises:
        InvalidInput: If the body is none, or does not fit the signature.
    """
    body = serving_input if isinstance(serving_input, str) else json.dumps(serving_input)
    model = load_model(model_uri)
    # Only this call needs what serves models.
    asked = import_module("treering.serving.models.decoding").decode(body.encode(), "application/json", model.signature)
    return model.predict(asked.data, asked.params)


def validate_schema(data: Any, expected_schema: Schema) -> None:
    """Say what is wrong with data that does not fit a schema. Raises InvalidInput."""
    enforce_input(data, expected_schema)


def infer_pip_requirements(
    model_uri: str,
    flavor: str,
    fallback: list[str] | None = None,
    timeout: float | None = None,
    trust: bool | Sequence[str] | None = None,  # noqa: FBT001 -- True or names, as one word
) -> list[str]:
    """The packages that a saved model imports when it is loaded and asked for its example, pinned.

    Args:
        flavor: MLflow's; the model itself says what it is.
        fallback: Returned if loading fails or takes longer than `timeout`, in seconds.
        trust: As for `treering.pyfunc.load_model`.

    Raises:
        InvalidInput: If it fails and there is no fallback; the log says why.
    """
    seconds = timeout or session().settings.requirements_timeout
    found = watched_imports(fetch_model(model_uri), seconds, LoadOptions.of(read_settings(), trust))
    if found is None:
        if fallback is not None:
            return fallback
        msg = f"What the model at {model_uri} ({flavor}) imports could not be seen. Give fallback=[...]."
        raise InvalidInput(msg)
    return requirements.requirements_of((), found)
