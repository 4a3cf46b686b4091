"""What the product talks about, as frozen values; each can be had from here, also under MLflow's name for it."""

from importlib import import_module

_TABLE = {
    "ApprovalRule": "governance:ApprovalRule",
    "Dataset": "dataset:Dataset",
    "DatasetInput": "dataset:DatasetInput",
    "Experiment": "experiment:Experiment",
    "ExperimentTag": "pair:ExperimentTag",
    "FileInfo": "artifact:FileInfo",
    "InputTag": "pair:InputTag",
    "LifecycleStage": "lifecycle:Lifecycle",
    "LoggedModel": "model:LoggedModel",
    "LoggedModelInput": "run:ModelInput",
    "LoggedModelOutput": "run:ModelOutput",
    "LoggedModelStatus": "lifecycle:LoggedModelStatus",
    "Metric": "metric:Metric",
    "Param": "pair:Param",
    "Run": "run:Run",
    "RunData": "run:RunData",
    "RunInfo": "run:RunInfo",
    "RunInputs": "run:RunInputs",
    "RunOutputs": "run:RunOutputs",
    "RunStatus": "lifecycle:RunStatus",
    "RunTag": "pair:RunTag",
    "ViewType": "lifecycle:View",
}


def __getattr__(name: str) -> object:
    if name not in _TABLE:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    module, _, attribute = _TABLE[name].partition(":")
    found: object = getattr(import_module(f"{__name__}.{module}"), attribute)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_TABLE})
