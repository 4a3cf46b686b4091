"""Treering: the whole life of a machine-learning model in one tool.

Importing this loads nothing else: each public name stands in a table, and what it
names is loaded when it is first used.
"""

import sys
from importlib import import_module

# As in the module typing, which it would take longer to import than all the rest.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from treering import deployments, entities, models, tracking
    from treering.client import artifacts, autologging, predictions
    from treering.client import bundles as bundle
    from treering.client import datasets as data
    from treering.client.active_models import (
        ActiveModel,
        clear_active_model,
        get_active_model_id,
        set_active_model,
    )
    from treering.client.artifacts import get_artifact_uri, log_artifact, log_artifacts
    from treering.client.autologging.switches import autolog
    from treering.client.cards import model_card
    from treering.client.client import Client
    from treering.client.client import Client as MlflowClient
    from treering.client.content_calls import (
        load_table,
        log_dict,
        log_figure,
        log_image,
        log_stream,
        log_table,
        log_text,
    )
    from treering.client.data_calls import open  # noqa: A004  # as dvc.api calls it
    from treering.client.evaluating.artifacts import validate_evaluation_results
    from treering.client.evaluating.evaluate import evaluate
    from treering.client.experiments import (
        create_experiment,
        delete_experiment,
        delete_experiment_tag,
        get_experiment,
        get_experiment_by_name,
        get_registry_uri,
        get_tracking_uri,
        is_tracking_uri_set,
        restore_experiment,
        search_experiments,
        set_experiment,
        set_experiment_tag,
        set_experiment_tags,
        set_registry_uri,
        set_tracking_uri,
    )
    from treering.client.flavours import (
        catboost,
        h2o,
        keras,
        lightgbm,
        onnx,
        optuna,
        prophet,
        pyfunc,
        pytorch,
        sentence_transformers,
        sklearn,
        spacy,
        spark,
        statsmodels,
        tensorflow,
        transformers,
        xgboost,
    )
    from treering.client.governance import (
        approve_promotion,
        compare_model_versions,
        promote,
        registry_history,
        reject_promotion,
        rollback,
    )
    from treering.client.image import Image
    from treering.client.lineage import lineage
    from treering.client.log import (
        delete_tag,
        flush,
        flush_artifact_async_logging,
        flush_async_logging,
        log_input,
        log_inputs,
        log_metric,
        log_metrics,
        log_outputs,
        log_param,
        log_params,
        log_series,
        set_tag,
        set_tags,
    )
    from treering.client.media_calls import log_audio, log_histogram, log_video
    from treering.client.models import (
        create_external_model,
        delete_logged_model_tag,
        finalize_logged_model,
        get_logged_model,
        initialize_logged_model,
        last_logged_model,
        log_model_params,
        register_model,
        search_logged_models,
        search_model_versions,
        search_registered_models,
        set_logged_model_tags,
        set_model_version_tag,
    )
    from treering.client.objectives import get_objective, objective
    from treering.client.runs import (
        ActiveRun,
        active_run,
        delete_run,
        end_run,
        get_parent_run,
        get_run,
        last_active_run,
        restore_run,
        start_run,
    )
    from treering.client.search import search_runs
    from treering.client.services.asynchronous import AsyncHTTPClient
    from treering.client.services.blocking import SyncHTTPClient
    from treering.client.serving import serve
    from treering.client.stand_in import install_as_mlflow, uninstall_as_mlflow
    from treering.client.system_metrics.switches import (
        disable_system_metrics_logging,
        enable_system_metrics_logging,
        set_system_metrics_node_id,
        set_system_metrics_samples_before_logging,
        set_system_metrics_sampling_interval,
    )
    from treering.core import errors
    from treering.core.errors import TreeringError
    from treering.core.errors import TreeringError as MlflowException
    from treering.evaluation import metric_makers as metrics
    from treering.models import specifications as types
    from treering.serving.services import exceptions, images, validators
    from treering.serving.services.arguments import use_arguments
    from treering.serving.services.contexts import Context, get_current_service, server_context
    from treering.serving.services.dependencies import Dependency, depends
    from treering.serving.services.descriptors import Field, IODescriptor
    from treering.serving.services.finding import importing
    from treering.serving.services.lifecycle import on_deployment, on_shutdown, on_startup
    from treering.serving.services.method import api, task
    from treering.serving.services.monitor import monitor
    from treering.serving.services.mounts import asgi_app
    from treering.serving.services.service import Service, service

__version__ = "0.1.0"

# Each public name and where it is defined; nothing behind the colon means the module itself.
_TABLE = {
    "ActiveModel": "treering.client.active_models:ActiveModel",
    "ActiveRun": "treering.client.runs:ActiveRun",
    "AsyncHTTPClient": "treering.client.services.asynchronous:AsyncHTTPClient",
    "Client": "treering.client.client:Client",
    "Context": "treering.serving.services.contexts:Context",
    "Dependency": "treering.serving.services.dependencies:Dependency",
    "Field": "treering.serving.services.descriptors:Field",
    "IODescriptor": "treering.serving.services.descriptors:IODescriptor",
    "Image": "treering.client.image:Image",
    "MlflowClient": "treering.client.client:Client",
    "MlflowException": "treering.core.errors:TreeringError",
    "Service": "treering.serving.services.service:Service",
    "SyncHTTPClient": "treering.client.services.blocking:SyncHTTPClient",
    "TreeringError": "treering.core.errors:TreeringError",
    "active_run": "treering.client.runs:active_run",
    "api": "treering.serving.services.method:api",
    "approve_promotion": "treering.client.governance:approve_promotion",
    "artifacts": "treering.client.artifacts:",
    "asgi_app": "treering.serving.services.mounts:asgi_app",
    "autolog": "treering.client.autologging.switches:autolog",
    "autologging": "treering.client.autologging:",
    "bundle": "treering.client.bundles:",
    "catboost": "treering.client.flavours.catboost:",
    "clear_active_model": "treering.client.active_models:clear_active_model",
    "compare_model_versions": "treering.client.governance:compare_model_versions",
    "create_experiment": "treering.client.experiments:create_experiment",
    "create_external_model": "treering.client.models:create_external_model",
    "data": "treering.client.datasets:",
    "delete_experiment": "treering.client.experiments:delete_experiment",
    "delete_experiment_tag": "treering.client.experiments:delete_experiment_tag",
    "delete_logged_model_tag": "treering.client.models:delete_logged_model_tag",
    "delete_run": "treering.client.runs:delete_run",
    "delete_tag": "treering.client.log:delete_tag",
    "depends": "treering.serving.services.dependencies:depends",
    "deployments": "treering.deployments:",
    "disable_system_metrics_logging": "treering.client.system_metrics.switches:disable_system_metrics_logging",
    "enable_system_metrics_logging": "treering.client.system_metrics.switches:enable_system_metrics_logging",
    "end_run": "treering.client.runs:end_run",
    "entities": "treering.entities:",
    "errors": "treering.core.errors:",
    "evaluate": "treering.client.evaluating.evaluate:evaluate",
    "exceptions": "treering.serving.services.exceptions:",
    "finalize_logged_model": "treering.client.models:finalize_logged_model",
    "flush": "treering.client.log:flush",
    "flush_artifact_async_logging": "treering.client.log:flush_artifact_async_logging",
    "flush_async_logging": "treering.client.log:flush_async_logging",
    "get_active_model_id": "treering.client.active_models:get_active_model_id",
    "get_artifact_uri": "treering.client.artifacts:get_artifact_uri",
    "get_current_service": "treering.serving.services.contexts:get_current_service",
    "get_experiment": "treering.client.experiments:get_experiment",
    "get_experiment_by_name": "treering.client.experiments:get_experiment_by_name",
    "get_logged_model": "treering.client.models:get_logged_model",
    "get_objective": "treering.client.objectives:get_objective",
    "get_parent_run": "treering.client.runs:get_parent_run",
    "get_registry_uri": "treering.client.experiments:get_registry_uri",
    "get_run": "treering.client.runs:get_run",
    "get_tracking_uri": "treering.client.experiments:get_tracking_uri",
    "h2o": "treering.client.flavours.h2o:",
    "images": "treering.serving.services.images:",
    "importing": "treering.serving.services.finding:importing",
    "initialize_logged_model": "treering.client.models:initialize_logged_model",
    "install_as_mlflow": "treering.client.stand_in:install_as_mlflow",
    "is_tracking_uri_set": "treering.client.experiments:is_tracking_uri_set",
    "keras": "treering.client.flavours.keras:",
    "last_active_run": "treering.client.runs:last_active_run",
    "last_logged_model": "treering.client.models:last_logged_model",
    "lightgbm": "treering.client.flavours.lightgbm:",
    "lineage": "treering.client.lineage:lineage",
    "load_table": "treering.client.content_calls:load_table",
    "log_artifact": "treering.client.artifacts:log_artifact",
    "log_artifacts": "treering.client.artifacts:log_artifacts",
    "log_audio": "treering.client.media_calls:log_audio",
    "log_dict": "treering.client.content_calls:log_dict",
    "log_figure": "treering.client.content_calls:log_figure",
    "log_histogram": "treering.client.media_calls:log_histogram",
    "log_image": "treering.client.content_calls:log_image",
    "log_input": "treering.client.log:log_input",
    "log_inputs": "treering.client.log:log_inputs",
    "log_metric": "treering.client.log:log_metric",
    "log_metrics": "treering.client.log:log_metrics",
    "log_model_params": "treering.client.models:log_model_params",
    "log_outputs": "treering.client.log:log_outputs",
    "log_param": "treering.client.log:log_param",
    "log_params": "treering.client.log:log_params",
    "log_series": "treering.client.log:log_series",
    "log_stream": "treering.client.content_calls:log_stream",
    "log_table": "treering.client.content_calls:log_table",
    "log_text": "treering.client.content_calls:log_text",
    "log_video": "treering.client.media_calls:log_video",
    "metrics": "treering.evaluation.metric_makers:",
    "model_card": "treering.client.cards:model_card",
    "models": "treering.models:",
    "monitor": "treering.serving.services.monitor:monitor",
    "objective": "treering.client.objectives:objective",
    "on_deployment": "treering.serving.services.lifecycle:on_deployment",
    "on_shutdown": "treering.serving.services.lifecycle:on_shutdown",
    "on_startup": "treering.serving.services.lifecycle:on_startup",
    "onnx": "treering.client.flavours.onnx:",
    "open": "treering.client.data_calls:open",
    "optuna": "treering.client.flavours.optuna:",
    "predictions": "treering.client.predictions:",
    "promote": "treering.client.governance:promote",
    "prophet": "treering.client.flavours.prophet:",
    "pyfunc": "treering.client.flavours.pyfunc:",
    "pytorch": "treering.client.flavours.pytorch:",
    "register_model": "treering.client.models:register_model",
    "registry_history": "treering.client.governance:registry_history",
    "reject_promotion": "treering.client.governance:reject_promotion",
    "restore_experiment": "treering.client.experiments:restore_experiment",
    "restore_run": "treering.client.runs:restore_run",
    "rollback": "treering.client.governance:rollback",
    "search_experiments": "treering.client.experiments:search_experiments",
    "search_logged_models": "treering.client.models:search_logged_models",
    "search_model_versions": "treering.client.models:search_model_versions",
    "search_registered_models": "treering.client.models:search_registered_models",
    "search_runs": "treering.client.search:search_runs",
    "sentence_transformers": "treering.client.flavours.sentence_transformers:",
    "serve": "treering.client.serving:serve",
    "server_context": "treering.serving.services.contexts:server_context",
    "service": "treering.serving.services.service:service",
    "set_active_model": "treering.client.active_models:set_active_model",
    "set_experiment": "treering.client.experiments:set_experiment",
    "set_experiment_tag": "treering.client.experiments:set_experiment_tag",
    "set_experiment_tags": "treering.client.experiments:set_experiment_tags",
    "set_logged_model_tags": "treering.client.models:set_logged_model_tags",
    "set_model_version_tag": "treering.client.models:set_model_version_tag",
    "set_registry_uri": "treering.client.experiments:set_registry_uri",
    "set_system_metrics_node_id": "treering.client.system_metrics.switches:set_system_metrics_node_id",
    "set_system_metrics_samples_before_logging": "treering.client.system_metrics.switches:set_system_metrics_samples_before_logging",
    "set_system_metrics_sampling_interval": "treering.client.system_metrics.switches:set_system_metrics_sampling_interval",
    "set_tag": "treering.client.log:set_tag",
    "set_tags": "treering.client.log:set_tags",
    "set_tracking_uri": "treering.client.experiments:set_tracking_uri",
    "sklearn": "treering.client.flavours.sklearn:",
    "spacy": "treering.client.flavours.spacy:",
    "spark": "treering.client.flavours.spark:",
    "start_run": "treering.client.runs:start_run",
    "statsmodels": "treering.client.flavours.statsmodels:",
    "task": "treering.serving.services.method:task",
    "tensorflow": "treering.client.flavours.tensorflow:",
    "tracking": "treering.tracking:",
    "transformers": "treering.client.flavours.transformers:",
    "types": "treering.models.specifications:",
    "uninstall_as_mlflow": "treering.client.stand_in:uninstall_as_mlflow",
    "use_arguments": "treering.serving.services.arguments:use_arguments",
    "validate_evaluation_results": "treering.client.evaluating.artifacts:validate_evaluation_results",
    "validators": "treering.serving.services.validators:",
    "xgboost": "treering.client.flavours.xgboost:",
}

__all__ = [
    "ActiveModel",
    "ActiveRun",
    "AsyncHTTPClient",
    "Client",
    "Context",
    "Dependency",
    "Field",
    "IODescriptor",
    "Image",
    "MlflowClient",
    "MlflowException",
    "Service",
    "SyncHTTPClient",
    "TreeringError",
    "__version__",
    "active_run",
    "api",
    "approve_promotion",
    "artifacts",
    "asgi_app",
    "autolog",
    "autologging",
    "bundle",
    "catboost",
    "clear_active_model",
    "compare_model_versions",
    "create_experiment",
    "create_external_model",
    "data",
    "delete_experiment",
    "delete_experiment_tag",
    "delete_logged_model_tag",
    "delete_run",
    "delete_tag",
    "depends",
    "deployments",
    "disable_system_metrics_logging",
    "enable_system_metrics_logging",
    "end_run",
    "entities",
    "errors",
    "evaluate",
    "exceptions",
    "finalize_logged_model",
    "flush",
    "flush_artifact_async_logging",
    "flush_async_logging",
    "get_active_model_id",
    "get_artifact_uri",
    "get_current_service",
    "get_experiment",
    "get_experiment_by_name",
    "get_logged_model",
    "get_objective",
    "get_parent_run",
    "get_registry_uri",
    "get_run",
    "get_tracking_uri",
    "h2o",
    "images",
    "importing",
    "initialize_logged_model",
    "install_as_mlflow",
    "is_tracking_uri_set",
    "keras",
    "last_active_run",
    "last_logged_model",
    "lightgbm",
    "lineage",
    "load_table",
    "log_artifact",
    "log_artifacts",
    "log_audio",
    "log_dict",
    "log_figure",
    "log_histogram",
    "log_image",
    "log_input",
    "log_inputs",
    "log_metric",
    "log_metrics",
    "log_model_params",
    "log_outputs",
    "log_param",
    "log_params",
    "log_series",
    "log_stream",
    "log_table",
    "log_text",
    "log_video",
    "metrics",
    "model_card",
    "models",
    "monitor",
    "objective",
    "on_deployment",
    "on_shutdown",
    "on_startup",
    "onnx",
    "open",
    "optuna",
    "predictions",
    "promote",
    "prophet",
    "pyfunc",
    "pytorch",
    "register_model",
    "registry_history",
    "reject_promotion",
    "restore_experiment",
    "restore_run",
    "rollback",
    "search_experiments",
    "search_logged_models",
    "search_model_versions",
    "search_registered_models",
    "search_runs",
    "sentence_transformers",
    "serve",
    "server_context",
    "service",
    "set_active_model",
    "set_experiment",
    "set_experiment_tag",
    "set_experiment_tags",
    "set_logged_model_tags",
    "set_model_version_tag",
    "set_registry_uri",
    "set_system_metrics_node_id",
    "set_system_metrics_samples_before_logging",
    "set_system_metrics_sampling_interval",
    "set_tag",
    "set_tags",
    "set_tracking_uri",
    "sklearn",
    "spacy",
    "spark",
    "start_run",
    "statsmodels",
    "task",
    "tensorflow",
    "tracking",
    "transformers",
    "types",
    "uninstall_as_mlflow",
    "use_arguments",
    "validate_evaluation_results",
    "validators",
    "xgboost",
]


class _Statements:
    """Makes `import treering.sklearn` work for the rows of the table that are modules and lie elsewhere."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> object:  # noqa: ARG004  # the protocol's
        row = _TABLE.get(name.removeprefix("treering.")) if name.startswith("treering.") else None
        if row is None or not row.endswith(":") or row == f"{name}:":
            return None
        return import_module("importlib.machinery").ModuleSpec(name, _Alias(row[:-1]))


class _Alias:
    """Loads a module under a second name: the same object, so that both names see one state."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._spec: object = None

    def create_module(self, spec: object) -> object:  # noqa: ARG002  # the protocol's
        module = import_module(self._name)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: object) -> None:
        # The import system has written the second name into it.
        module.__spec__ = self._spec  # type: ignore[attr-defined]


sys.meta_path.append(_Statements)  # type: ignore[arg-type]  # typeshed wants more of its result than the protocol


def __getattr__(name: str) -> object:
    target = _TABLE.get(name)
    if target is None:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    module_name, _, attribute = target.partition(":")
    module = import_module(module_name)
    found: object = getattr(module, attribute) if attribute else module
    setattr(sys.modules[__name__], name, found)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_TABLE})
