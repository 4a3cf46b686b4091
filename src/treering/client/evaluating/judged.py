"""Who is judged: anything that can be asked for predictions, behind one face."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import urllib3

from treering.client.model_logging import load_model
from treering.core.errors import DamagedData, InvalidInput, NotSupported, Unavailable
from treering.core.uri import parse_model_uri, scheme_of
from treering.models.enforcement import enforce_input
from treering.models.loading import LoadedModel
from treering.models.tables import TABLES, is_table

__all__ = ["Judged", "judged_of"]

# Flavours whose own object is asked, so that it can be asked for probabilities, too.
_NATIVE = {"mlflow.sklearn", "mlflow.xgboost", "mlflow.lightgbm", "mlflow.catboost"}
_SCORES = {"ClassifierMixin.score": "accuracy_score", "RegressorMixin.score": "r2_score"}
_ENDPOINT_SECONDS = 300.0
_OK = 200


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A model that can be evaluated.

    Attributes:
        predict: From features to predictions; None where the predictions are in the data.
        probabilities: From features to rows x classes; None where the model gives none.
        classes: The classes that the columns of the probabilities stand for.
        score: The model's own figure, from features, targets and weights.
        score_is: The metric that this figure is known to be, so that the model need not be asked again.
        inputs: The columns that the model takes; None if nobody knows.
        wants_frame: Whether features must be a data frame.
        native: The framework's own object, if there is one.
        model: What an evaluator of another package is given.
    """

    predict: Callable[[Any], Any] | None = None
    probabilities: Callable[[Any], Any] | None = None
    classes: Any = None
    score: Callable[[Any, Any, Any], float] | None = None
    score_is: str = ""
    inputs: tuple[str, ...] | None = None
    wants_frame: bool = False
    uri: str = ""
    model_id: str = ""
    model_uuid: str = ""
    native: Any = None
    model: Any = None


def judged_of(model: Any, model_config: Mapping[str, Any] | None = None, env_manager: str = "local") -> Judged:
    """What can be asked for predictions.

    Args:
        model: A URI or path; a model that was loaded; an estimator; a function; the URL of a server that
            answers POST /invocations; None for predictions that are in the data.

    Raises:
        InvalidInput: If it is none of these.
        NotFound: If there is no model at the URI.
        NotSupported: If it would have to run in an environment of its own.
    """
    if env_manager != "local":
        msg = (
            f"env_manager={env_manager!r}: a model is evaluated in the environment of the caller. Start the evaluation"
            " in the model's environment (treering models prepare-env), or serve it from there and give the URL."
        )
        raise NotSupported(msg)
    if model is None:
        return Judged()
    if isinstance(model, str):
        return _of_uri(model, model_config)
    if isinstance(model, LoadedModel):
        if model_config:
            msg = "model_config goes with a URI; a model that is loaded has its configuration already."
            raise InvalidInput(msg)
        return _of_loaded(model, "")
    if callable(getattr(model, "predict", None)):
        return _of_estimator(model)
    if callable(model):
        return Judged(predict=model, wants_frame=True, uri=getattr(model, "__name__", "function"))
    msg = (
        f"A {type(model).__name__} cannot be asked for predictions. Give a model's URI, a loaded model, an estimator,"
        " a function, the URL of a server, or None with predictions in the data."
    )
    raise InvalidInput(msg)


def _of_uri(uri: str, model_config: Mapping[str, Any] | None) -> Judged:
    scheme = scheme_of(uri)
    if scheme in {"http", "https"}:
        return Judged(predict=_Endpoint(uri), wants_frame=True, uri=uri)
    if scheme == "endpoints":
        msg = f"{uri}: Treering knows no deployments client of that kind. Give the endpoint's URL, http://..."
        raise NotSupported(msg)
    return _of_loaded(load_model(uri, model_config=model_config), uri)


def _of_loaded(model: LoadedModel, uri: str) -> Judged:
    metadata = model.metadata
    native = model.native
    inputs = metadata.signature.inputs if metadata.signature else None
    # Without a signature a model of scikit-learn knows which columns it was fitted with.
    named = inputs.names() if inputs is not None else getattr(native, "feature_names_in_", None)
    names = tuple(map(str, named)) if named is not None and len(named) else None
    model_id = metadata.model_id
    if not model_id and scheme_of(uri) == "models":
        model_id = parse_model_uri(uri).model_id or ""
    known = {
        "inputs": names,
        "uri": uri or (f"models:/{model_id}" if model_id else ""),
        "model_id": model_id,
        "model_uuid": metadata.model_uuid,
        "native": native,
        "model": model,
    }
    loader = str(metadata.python_function.get("loader_module"))
    asked = callable(getattr(native, "predict_proba", None))
    if loader not in _NATIVE or not (asked or loader == "mlflow.sklearn") or not hasattr(native, "predict"):
        return Judged(predict=model.predict, **known)

    def fitting(call: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda data: call(enforce_input(data, inputs))

    score = native.score if loader == "mlflow.sklearn" and hasattr(native, "score") else None
    return Judged(
        predict=fitting(native.predict),
        probabilities=fitting(native.predict_proba) if asked else None,
        classes=getattr(native, "classes_", None),
        score=None
        if score is None
        else lambda data, target, weight: score(enforce_input(data, inputs), target, sample_weight=weight),
        score_is=_score_is(native),
        **known,
    )


def _of_estimator(model: Any) -> Judged:
    """An estimator as it is, or another thing that predicts."""
    names = getattr(model, "feature_names_in_", None)
    metadata = getattr(model, "metadata", None)
    return Judged(
        predict=model.predict,
        probabilities=getattr(model, "predict_proba", None),
        classes=getattr(model, "classes_", None),
        score=_scorer(model) if type(model).__module__.startswith("sklearn") and hasattr(model, "score") else None,
        score_is=_score_is(model),
        inputs=None if names is None else tuple(map(str, names)),
        uri=f"{type(model).__module__}.{type(model).__qualname__}",
        model_uuid=str(getattr(metadata, "model_uuid", "") or ""),
        native=model,
        model=model,
    )


def _scorer(model: Any) -> Callable[[Any, Any, Any], float]:
    return lambda data, target, weight: float(model.score(data, target, sample_weight=weight))


def _score_is(model: Any) -> str:
    """Of scikit-learn's usual `score`, the metric that it is; "" for others."""
    while getattr(getattr(type(model), "score", None), "__qualname__", "") == "Pipeline.score":
        model = model.steps[-1][1]
    return _SCORES.get(getattr(getattr(type(model), "score", None), "__qualname__", ""), "")


class _Endpoint:
    """A server that answers POST /invocations."""

    def __init__(self, url: str) -> None:
        self._url = url if url.rstrip("/").endswith("/invocations") else f"{url.rstrip('/')}/invocations"

    def __call__(self, data: Any) -> Any:
        split = TABLES.load("pandas").split(data) if is_table(data) else None
        body = {"dataframe_split": split} if split is not None else {"inputs": data.tolist()}
        try:
            answer = urllib3.request("POST", self._url, json=body, timeout=_ENDPOINT_SECONDS, retries=False)
        except urllib3.exceptions.HTTPError as error:
            msg = f"{self._url} does not answer: {error}. Start the server, or correct the URL."
            raise Unavailable(msg) from error
        if answer.status != _OK:
            msg = f"{self._url} answers {answer.status}: {answer.data[:500].decode('utf-8', 'replace')}"
            raise InvalidInput(msg)
        try:
            found = json.loads(answer.data)
        except ValueError as error:
            msg = f"{self._url} answers with what is no JSON: {error}."
            raise DamagedData(msg) from error
        return found["predictions"] if isinstance(found, dict) and "predictions" in found else found
