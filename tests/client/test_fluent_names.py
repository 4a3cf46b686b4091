"""MLflow's classic fluent names and their parameters, as MLflow 3 has them."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import treering
from treering.core.errors import InvalidInput

Fresh = Callable[..., Any]

FLUENT = {
    "active_run": "",
    "clear_active_model": "",
    "create_experiment": "name artifact_location tags trace_location",
    "create_external_model": "name source_run_id tags params model_type experiment_id",
    "delete_experiment": "experiment_id",
    "delete_experiment_tag": "key",
    "delete_logged_model_tag": "model_id key",
    "delete_run": "run_id",
    "delete_tag": "key",
    "disable_system_metrics_logging": "",
    "enable_system_metrics_logging": "",
    "end_run": "status",
    "finalize_logged_model": "model_id status",
    "flush_artifact_async_logging": "",
    "flush_async_logging": "",
    "get_active_model_id": "",
    "get_artifact_uri": "artifact_path",
    "get_experiment": "experiment_id",
    "get_experiment_by_name": "name",
    "get_logged_model": "model_id",
    "get_parent_run": "run_id",
    "get_registry_uri": "",
    "get_run": "run_id",
    "get_tracking_uri": "",
    "initialize_logged_model": "name source_run_id tags params model_type experiment_id",
    "is_tracking_uri_set": "",
    "last_active_run": "",
    "last_logged_model": "",
    "load_table": "artifact_file run_ids extra_columns",
    "log_artifact": "local_path artifact_path run_id",
    "log_artifacts": "local_dir artifact_path run_id",
    "log_dict": "dictionary artifact_file run_id",
    "log_figure": "figure artifact_file save_kwargs",
    "log_image": "image artifact_file key step timestamp synchronous",
    "log_input": "dataset context tags model",
    "log_inputs": "datasets contexts tags_list models",
    "log_metric": "key value step synchronous timestamp run_id model_id dataset",
    "log_metrics": "metrics step synchronous run_id timestamp model_id dataset",
    "log_model_params": "params model_id",
    "log_outputs": "models",
    "log_param": "key value synchronous",
    "log_params": "params synchronous run_id",
    "log_stream": "stream artifact_file run_id",
    "log_table": "data artifact_file run_id",
    "log_text": "text artifact_file run_id",
    "register_model": "model_uri name await_registration_for tags env_pack",
    "restore_experiment": "experiment_id",
    "restore_run": "run_id",
    "search_experiments": "view_type max_results filter_string order_by",
    "search_logged_models": "experiment_ids filter_string datasets max_results order_by output_format",
    "search_model_versions": "max_results filter_string order_by",
    "search_registered_models": "max_results filter_string order_by",
    "search_runs": "experiment_ids filter_string run_view_type max_results order_by output_format"
    " search_all_experiments experiment_names",
    "set_active_model": "name model_id",
    "set_experiment": "experiment_name experiment_id trace_location",
    "set_experiment_tag": "key value",
    "set_experiment_tags": "tags",
    "set_logged_model_tags": "model_id tags",
    "set_model_version_tag": "name version key value",
    "set_registry_uri": "uri",
    "set_system_metrics_node_id": "node_id",
    "set_system_metrics_samples_before_logging": "samples",
    "set_system_metrics_sampling_interval": "interval",
    "set_tag": "key value synchronous",
    "set_tags": "tags synchronous",
    "set_tracking_uri": "uri",
    "start_run": "run_id experiment_id run_name nested parent_run_id tags description log_system_metrics",
}


@pytest.mark.parametrize("name", sorted(FLUENT))
def test_each_call_has_mlflows_parameters_in_their_order(name: str) -> None:
    ours = list(inspect.signature(getattr(treering, name)).parameters)
    assert ours[: len(FLUENT[name].split())] == FLUENT[name].split()


@pytest.mark.parametrize(
    "statement",
    [
        "import treering.sklearn; assert treering.sklearn.log_model",
        "import treering.pyfunc as pyfunc; assert pyfunc.PythonModel",
        "import treering.data; assert treering.data.from_pandas",
        "import treering.artifacts",
        "from treering.sklearn import log_model",
        "from treering.models import infer_signature, ModelSignature",
        "from treering.models.signature import ModelSignature, infer_signature",
        "from treering.exceptions import MlflowException; import treering; assert MlflowException is treering.TreeringError",
        "from treering.tracking import MlflowClient",
        "from treering.client import MlflowClient",
        "from treering.entities import Metric, Param, RunTag, ViewType, RunStatus, LoggedModelOutput",
        "from treering.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec",
        "import treering; assert treering.entities.Run and treering.models.infer_signature and treering.types.Schema",
        (
            "import treering.sklearn, treering.client.flavours.sklearn as real; assert treering.sklearn is real;"
            " assert real.__spec__.name == 'treering.client.flavours.sklearn'"
        ),
    ],
)
def test_the_statements_of_mlflows_users_work(statement: str) -> None:
    done = subprocess.run([sys.executable, "-c", statement], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_module_that_is_not_there_is_not_found() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such"):
        __import__("treering.no_such")
    with pytest.raises(ModuleNotFoundError, match="log_metric"):
        __import__("treering.log_metric")


def test_names_with_values_are_logged_one_by_one(fresh: Fresh) -> None:
    fresh()
    entities = treering.entities
    client = treering.MlflowClient()
    run_id = client.create_run("0").info.run_id
    client.log_batch(
        run_id,
        metrics=[entities.Metric("loss", 0.5, 1, 0)],
        params=[entities.Param("lr", "0.1")],
        tags=[entities.RunTag("a", "b")],
    )
    found = client.get_run(run_id).data
    assert (found.metrics, found.params, found.tags["a"]) == ({"loss": 0.5}, {"lr": "0.1"}, "b")
    assert len(client.search_runs(["0"], run_view_type=entities.ViewType.ALL)) == 1


def test_the_run_that_the_environment_names_is_resumed(fresh: Fresh) -> None:
    fresh()
    run_id = treering.MlflowClient().create_run("0").info.run_id
    fresh(run_id=run_id)
    with treering.start_run() as resumed:
        treering.log_param("a", 1)
    with treering.start_run() as another:
        pass
    assert (resumed.info.run_id, treering.get_run(run_id).data.params) == (run_id, {"a": "1"})
    assert another.info.run_id != run_id


def test_a_schema_is_written_as_mlflows_users_write_it() -> None:
    types = treering.types
    columns = types.Schema([types.ColSpec("double", "x"), types.ColSpec("string", "y", required=False)])
    assert columns.to_text() == (
        '[{"type": "double", "name": "x", "required": true}, {"type": "string", "name": "y", "required": false}]'
    )
    assert types.Schema([types.TensorSpec("float32", (-1, 2))]).tensors()[0].shape == (-1, 2)
    with pytest.raises(InvalidInput, match="no column type 'number'"):
        types.ColSpec("number")


def test_the_active_model_is_set_used_and_given_up(fresh: Fresh) -> None:
    fresh(active_model_id="m-from-settings")
    assert treering.get_active_model_id() == "m-from-settings"
    first = treering.set_active_model(name="mine")
    assert treering.set_active_model(name="mine").model_id == first.model_id
    other = treering.create_external_model(name="other")
    with treering.set_active_model(model_id=other.model_id) as active:
        assert active.name == "other"
        assert treering.get_active_model_id() == other.model_id
    assert treering.get_active_model_id() == first.model_id
    treering.clear_active_model()
    assert treering.get_active_model_id() is None
    with pytest.raises(InvalidInput, match="called 'other'"):
        treering.set_active_model(name="x", model_id=other.model_id)
    with pytest.raises(InvalidInput, match="give name or model_id"):
        treering.set_active_model()


@pytest.fixture(autouse=True)
def no_active_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treering.client.active_models._active.model_id", None)
