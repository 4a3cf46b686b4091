"""What training code talks to: the fluent API and `Client`, on an embedded store or on a server."""

from importlib import import_module


def __getattr__(name: str) -> object:
    if name not in {"Client", "MlflowClient"}:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    found: object = import_module("treering.client.client").Client
    return found
