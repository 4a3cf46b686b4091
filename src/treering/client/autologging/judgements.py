"""What is measured of a model after its training: `score`, and metric functions that are given its predictions.

They are logged to the run that trained the model, even if it has ended. Which
array is whose prediction is known by the object itself, for as long as it lives.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from time import time_ns
from types import FrameType, ModuleType
from typing import Any

import numpy as np

from treering.client.artifacts import store_of_run
from treering.client.autologging.patches import Call, Patches
from treering.client.autologging.training import Training, described
from treering.client.contents import write_dict
from treering.client.log import dataset_input, linked_points
from treering.client.session import Place
from treering.entities.run import LogBatch

__all__ = ["remember", "watch_metrics", "watch_model"]

_PREDICTING = ("predict", "predict_proba", "transform", "predict_log_proba")
_NO_METRICS = {"check_scoring", "get_scorer", "make_scorer", "get_scorer_names"}
_UNKNOWN = "unknown_dataset"
_LONGEST = 32


@dataclass(slots=True)
class _Trained:
    """The run of a model that was trained, and what was measured there so far."""

    place: Place
    run_id: str
    model_id: str | None
    wants_datasets: bool
    datasets: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    calls: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))


class _Known:
    """Models and predictions of this process by the object's id; an object that dies is forgotten."""

    lock = threading.RLock()
    models: dict[int, _Trained] = {}  # noqa: RUF012  # shared on purpose
    predictions: dict[int, tuple[_Trained, str]] = {}  # noqa: RUF012  # shared on purpose


def remember(model: Any, training: Training, model_id: str | None) -> None:
    """From now on, what is measured of `model` goes to the run of its training."""
    trained = _Trained(training.run.place, training.run_id, model_id, training.options.log_datasets)
    _keep(_Known.models, model, trained)


def watch_model(patches: Patches, owner: type) -> None:
    """Watch the methods of a class that predict and score."""
    for name in _PREDICTING:
        patches.watch(owner, name, _predict, _is_known)
    patches.watch(owner, "score", _score, _is_known)


def watch_metrics(patches: Patches, module: ModuleType) -> None:
    """Watch the metric functions of `sklearn.metrics`; those imported from there before are not seen."""
    for name in module.__all__:
        function = getattr(module, name)
        if name not in _NO_METRICS and callable(function) and not isinstance(function, type):
            patches.watch(module, name, _measure, lambda *_, **__: bool(_Known.predictions))


def _is_known(model: Any, *_: Any, **__: Any) -> bool:
    return id(model) in _Known.models


def _predict(call: Call) -> Iterator[None]:
    trained = _Known.models[id(call.instance)]
    yield
    data = _first(call)
    name = _name_dataset(trained, data)
    _keep(_Known.predictions, call.result, (trained, name))


def _score(call: Call) -> Iterator[None]:
    trained = _Known.models[id(call.instance)]
    yield
    if _is_number(call.result):
        kind = type(call.instance).__name__
        _log(trained, f"{kind}_score", _name_dataset(trained, _first(call)), f"{kind}.score", call, skip=1)


def _measure(call: Call) -> Iterator[None]:
    yield
    if not _is_number(call.result):
        return
    for value in (*call.args, *call.kwargs.values()):
        if not isinstance(value, str | int | float) and (found := _Known.predictions.get(id(value))):
            name = call.original.__name__
            _log(*found[:1], name, found[1], name, call, skip=0)
            return


def _log(trained: _Trained, metric: str, dataset: str, function: str, call: Call, *, skip: int) -> None:
    names = [one for one in call.arguments() if one != "self"]
    given = [f"{name}={_shown(value)}" for name, value in zip(names, call.args[skip:], strict=False)]
    given += [f"{name}={_shown(value)}" for name, value in call.kwargs.items()]
    with _Known.lock:
        calls = trained.calls[metric]
        key = f"{_numbered(metric, len(calls))}_{dataset}"
        calls.append((key, f"{function}({', '.join(given)})"))
        info = dict(sorted(one for found in trained.calls.values() for one in found))
    point = (key, float(call.result), time_ns() // 1_000_000, 0)
    recorder = trained.place.recorder
    if trained.model_id:
        recorder.batch(LogBatch(trained.run_id, linked=linked_points([point], trained.model_id, None)))
    else:
        recorder.metrics(trained.run_id, [point])
    write_dict(store_of_run(trained.place, trained.run_id), "metric_info.json", info)


def _name_dataset(trained: _Trained, data: Any) -> str:
    """The name that the caller's variable has, with a number if another object had it before."""
    name = _variable(data) or _UNKNOWN
    with _Known.lock:
        known = trained.datasets[name]
        new = id(data) not in known
        if new:
            known.append(id(data))
        numbered = _numbered(name, known.index(id(data)))
    if new and trained.wants_datasets and (found := described(data)) is not None:
        used = [dataset_input(found, "eval", None)]
        trained.place.recorder.batch(LogBatch(trained.run_id, dataset_inputs=used))
    return numbered


def _variable(value: Any) -> str | None:
    """The name of the variable that holds `value` where it came from: outside of functions that were given it."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001  # the way that the standard library offers
    while frame is not None:
        code, here = frame.f_code, frame.f_locals
        if not str(frame.f_globals.get("__name__", "")).startswith("treering."):
            count = code.co_argcount + code.co_kwonlyargcount
            given = [here.get(name) for name in code.co_varnames[:count]]
            rest = [one for name in code.co_varnames[count : count + 2] for one in _spread(here.get(name))]
            if not any(one is value for one in (*given, *rest)):
                return next((name for name, one in here.items() if one is value), None)
        frame = frame.f_back
    return None


def _spread(value: Any) -> tuple[Any, ...]:
    if isinstance(value, tuple):
        return value
    return tuple(value.values()) if isinstance(value, Mapping) else ()


def _shown(value: Any) -> str:
    if isinstance(value, str) and len(value) > _LONGEST:
        return repr(value[:_LONGEST] + "...")
    if value is None or np.isscalar(value):
        return repr(value)
    return _variable(value) or f"<{type(value).__name__}>"


def _first(call: Call) -> Any:
    return next((value for name, value in call.arguments().items() if name != "self"), None)


def _numbered(name: str, index: int) -> str:
    return name if index == 0 else f"{name}-{index + 1}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _keep(table: dict[int, Any], item: Any, value: Any) -> None:
    try:
        weakref.finalize(item, table.pop, id(item), None)
    except TypeError:
        return  # a list, for one, cannot be watched, and its id may be another's tomorrow
    table[id(item)] = value
