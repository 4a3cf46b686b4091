"""Which of our modules answer for which of MLflow's. A module that is not here, and is no flavour of ours, is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from types import MappingProxyType

__all__ = ["MODULES", "sources"]

_HERE = "treering.client.stand_in"

MODULES: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "mlflow": (f"{_HERE}.version", "treering"),
        "mlflow.client": ("treering",),
        "mlflow.deployments": ("treering.deployments",),
        "mlflow.deployments.base": ("treering.deployments",),
        "mlflow.entities": (f"{_HERE}.entities",),
        "mlflow.entities.dataset": (f"{_HERE}.entities",),
        "mlflow.entities.dataset_input": (f"{_HERE}.entities",),
        "mlflow.entities.experiment": (f"{_HERE}.entities",),
        "mlflow.entities.experiment_tag": (f"{_HERE}.entities",),
        "mlflow.entities.file_info": (f"{_HERE}.entities",),
        "mlflow.entities.input_tag": (f"{_HERE}.entities",),
        "mlflow.entities.lifecycle_stage": (f"{_HERE}.entities",),
        "mlflow.entities.logged_model": (f"{_HERE}.entities",),
        "mlflow.entities.logged_model_status": (f"{_HERE}.entities",),
        "mlflow.entities.metric": (f"{_HERE}.entities",),
        "mlflow.entities.model_registry": (f"{_HERE}.registry_entities",),
        "mlflow.entities.model_registry.model_version": (f"{_HERE}.registry_entities",),
        "mlflow.entities.model_registry.model_version_status": (f"{_HERE}.registry_entities",),
        "mlflow.entities.model_registry.model_version_tag": (f"{_HERE}.registry_entities",),
        "mlflow.entities.model_registry.registered_model": (f"{_HERE}.registry_entities",),
        "mlflow.entities.model_registry.registered_model_tag": (f"{_HERE}.registry_entities",),
        "mlflow.entities.param": (f"{_HERE}.entities",),
        "mlflow.entities.run": (f"{_HERE}.entities",),
        "mlflow.entities.run_data": (f"{_HERE}.entities",),
        "mlflow.entities.run_info": (f"{_HERE}.entities",),
        "mlflow.entities.run_status": (f"{_HERE}.entities",),
        "mlflow.entities.run_tag": (f"{_HERE}.entities",),
        "mlflow.entities.view_type": (f"{_HERE}.entities",),
        "mlflow.exceptions": (f"{_HERE}.exceptions",),
        "mlflow.metrics.base": ("treering.evaluation.metric_makers",),
        "mlflow.models": (f"{_HERE}.models", f"{_HERE}.evaluation"),
        "mlflow.models.evaluation": (f"{_HERE}.evaluation",),
        "mlflow.models.evaluation.artifacts": ("treering.client.evaluating.artifacts",),
        "mlflow.models.evaluation.base": (f"{_HERE}.evaluation",),
        "mlflow.models.evaluation.validation": (f"{_HERE}.evaluation",),
        "mlflow.models.model": (f"{_HERE}.models",),
        "mlflow.models.model_config": (f"{_HERE}.models",),
        "mlflow.models.signature": (f"{_HERE}.models",),
        "mlflow.models.utils": (f"{_HERE}.models",),
        "mlflow.protos": (),
        "mlflow.protos.databricks_pb2": (f"{_HERE}.error_codes",),
        "mlflow.pyfunc.model": ("treering.client.flavours.pyfunc",),
        "mlflow.store": (),
        "mlflow.store.entities": (f"{_HERE}.pages",),
        "mlflow.store.entities.paged_list": (f"{_HERE}.pages",),
        "mlflow.store.tracking": (f"{_HERE}.pages",),
        "mlflow.tracking": ("treering", f"{_HERE}.context"),
        "mlflow.tracking._model_registry": (f"{_HERE}.registry_waiting",),
        "mlflow.tracking._model_registry.fluent": ("treering",),
        "mlflow.tracking._tracking_service": (),
        "mlflow.tracking._tracking_service.utils": ("treering",),
        "mlflow.tracking.artifact_utils": (f"{_HERE}.artifact_uris",),
        "mlflow.tracking.client": ("treering",),
        "mlflow.tracking.context": (f"{_HERE}.context",),
        "mlflow.tracking.context.registry": (f"{_HERE}.context",),
        "mlflow.tracking.fluent": ("treering",),
        "mlflow.types": ("treering.models.types", "treering.models.schema"),
        "mlflow.types.schema": ("treering.models.schema", "treering.models.types"),
        "mlflow.utils": (f"{_HERE}.little_tools",),
        "mlflow.utils.annotations": (f"{_HERE}.little_tools",),
        "mlflow.utils.autologging_utils": (f"{_HERE}.autologging_utils",),
        "mlflow.utils.databricks_utils": (f"{_HERE}.little_tools",),
        "mlflow.utils.file_utils": (f"{_HERE}.little_tools",),
        "mlflow.utils.mlflow_tags": (f"{_HERE}.mlflow_tags",),
        "mlflow.utils.time": (f"{_HERE}.little_tools",),
        "mlflow.utils.validation": (f"{_HERE}.validation",),
        "mlflow.version": (f"{_HERE}.version",),
    }
)
"""For each module of MLflow, ours whose public names it has; the first that has a name gives it."""


def sources(name: str) -> Sequence[str] | None:
    """Our modules for a module of MLflow, or None if there are none.

    Beside those in `MODULES`, each public module of Treering is one of MLflow's, such as `mlflow.sklearn`.
    """
    if name in MODULES:
        return MODULES[name]
    parent, _, child = name.rpartition(".")
    if parent != "mlflow":
        return None
    module, colon, attribute = import_module("treering")._TABLE.get(child, "").partition(":")  # noqa: SLF001  # its own
    return (module,) if colon and not attribute else None
