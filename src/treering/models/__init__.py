"""Models as folders: the MLmodel format, signatures, and one flavour for each framework."""

from importlib import import_module

_TABLE = {
    "Model": "treering.models.mlmodel:MLModel",
    "ModelSignature": "treering.models.signature:Signature",
    "BatchResult": "treering.models.scoring.job:BatchResult",
    "infer_signature": "treering.models.signature:infer_signature",
    "predict_batch": "treering.client.batch_scoring:predict_batch",
}


def __getattr__(name: str) -> object:
    if name not in _TABLE:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    module, _, attribute = _TABLE[name].partition(":")
    found: object = getattr(import_module(module), attribute)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_TABLE})
