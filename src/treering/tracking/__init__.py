"""Experiments, runs, params, metrics, tags and inputs: the use cases.

For those who write `from treering.tracking import MlflowClient`, as MLflow's users
do, that name and its like are looked up in the public table when they are asked for.
"""

from importlib import import_module

_PUBLIC = ("Client", "MlflowClient", "get_registry_uri", "get_tracking_uri", "set_registry_uri", "set_tracking_uri")


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    found: object = getattr(import_module("treering"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
