from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

START = """
import importlib.metadata, importlib.util, sys
import treering
treering.install_as_mlflow()
"""


def run(program: str, home: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", START + program],
        env={"TREERING_HOME": str(home), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_mlflow_is_treering(tmp_path: Path) -> None:
    out = run(
        """
import mlflow
from mlflow import MlflowClient, log_metric
from mlflow.entities import Metric, Param, RunStatus, RunTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow.tracking.context.registry import resolve_tags
import mlflow.sklearn
import mlflow.tracking.fluent

assert log_metric is treering.log_metric is mlflow.tracking.fluent.log_metric
assert mlflow.sklearn.log_model is treering.sklearn.log_model
assert mlflow.utils.validation.MAX_PARAM_VAL_LENGTH == 6000
assert mlflow.utils.mlflow_tags.MLFLOW_RUN_NAME == "mlflow.runName"
assert resolve_tags({"mine": "1"})["mine"] == "1"
client = MlflowClient()
run = client.create_run("0", tags=resolve_tags())
client.log_batch(run.info.run_id, [Metric("loss", 0.5, 1, 2)], [Param("rate", "1")], [RunTag("a", "b")])
client.set_terminated(run.info.run_id, RunStatus.to_string(RunStatus.FAILED))
found = client.search_runs(["0"], run_view_type=ViewType.ACTIVE_ONLY)[0]
print(found.data.metrics, found.data.params, found.data.tags["a"], found.info.status)
try:
    client.get_run("none")
except MlflowException as error:
    print(type(error).__name__)
""",
        tmp_path,
    )
    assert out == "{'loss': 0.5} {'rate': '1'} b FAILED\nNotFound\n"


def test_what_integrations_import(tmp_path: Path) -> None:
    out = run(
        """
from pathlib import Path
import mlflow
from mlflow.entities import DatasetInput, InputTag
from mlflow.entities.experiment import Experiment
from mlflow.entities.lifecycle_stage import LifecycleStage
from mlflow.entities.metric import Metric
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.entities.model_registry.model_version_status import ModelVersionStatus
from mlflow.exceptions import MlflowException, RestException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST, ErrorCode
from mlflow.store.entities import PagedList
from mlflow.store.tracking import SEARCH_MAX_RESULTS_DEFAULT
from mlflow.tracking import MlflowClient
from mlflow.tracking._model_registry import DEFAULT_AWAIT_MAX_SLEEP_SECONDS
from mlflow.tracking._tracking_service.utils import get_tracking_uri
from mlflow.tracking.artifact_utils import _download_artifact_from_uri
from mlflow.utils import chunk_list
from mlflow.utils.annotations import experimental
from mlflow.utils.databricks_utils import is_in_databricks_runtime
from mlflow.utils.file_utils import TempDir, path_to_local_file_uri
from mlflow.utils.time import get_current_time_millis

client = MlflowClient(tracking_uri=get_tracking_uri(), registry_uri=mlflow.get_registry_uri())
try:
    client.get_run("none")
except RestException as error:
    print(error.error_code == ErrorCode.Name(RESOURCE_DOES_NOT_EXIST))
try:
    raise MlflowException("mine", error_code=INVALID_PARAMETER_VALUE)
except MlflowException as error:
    print(error, error.error_code)
with TempDir() as folder, mlflow.start_run() as started:
    Path(folder.path("a.txt")).write_text("kept")
    client.log_metric(started.info.run_id, "loss", 0.5, timestamp=get_current_time_millis())
    mlflow.log_artifact(folder.path("a.txt"))
assert not Path(folder.path()).exists()
print(Path(_download_artifact_from_uri(f"runs:/{started.info.run_id}/a.txt")).read_text())
page = PagedList([1, 2, 3], token="next")
print(page.to_list(), page.token, list(chunk_list(page, 2)), is_in_databricks_runtime())
assert isinstance(client.get_experiment("0"), Experiment) and path_to_local_file_uri("a").startswith("file:///")
""",
        tmp_path,
    )
    expected = ["True", "mine INVALID_PARAMETER_VALUE", "kept", "[1, 2, 3] next [[1, 2], [3]] False"]
    assert out.splitlines() == expected


def test_models_are_written_and_read_under_mlflows_names(tmp_path: Path) -> None:
    (tmp_path / "scale.py").write_text(
        "import mlflow.models\n"
        "from mlflow.models import ModelConfig\n"
        "from mlflow.pyfunc.model import PythonModel\n"
        "class Scale(PythonModel):\n"
        "    def predict(self, context, model_input: list[float], params=None) -> list[float]:\n"
        "        return [ModelConfig(development_config=context.model_config).get('by') * one for one in model_input]\n"
        "mlflow.models.set_model(Scale())\n"
    )
    out = run(
        f"""
import mlflow
import mlflow.models, mlflow.pyfunc
from mlflow.models import Model, ModelSignature, get_model_info, infer_signature, set_signature
from mlflow.models.model import Model as same, ModelInfo
from mlflow.models.signature import set_signature as also
from mlflow.models.utils import validate_schema
from mlflow.pyfunc import PyFuncModel, PythonModel, add_to_model, get_model_dependencies, spark_udf

assert (Model, set_signature) == (same, also)
import treering.models
theirs = ["ModelConfig", "convert_input_example_to_serving_input", "evaluate", "infer_pip_requirements", "list_evaluators",
          "make_metric", "set_model", "update_model_requirements", "validate_schema", "validate_serving_input"]
assert all(getattr(mlflow.models, name) is getattr(treering.models, name) for name in theirs)
with mlflow.start_run():
    info = mlflow.pyfunc.log_model(name="m", python_model={str(tmp_path / "scale.py")!r}, model_config={{"by": 3}})
assert isinstance(info, ModelInfo)
model = mlflow.pyfunc.load_model(info.model_uri)
assert isinstance(model, PyFuncModel)
print(model.predict([1.0, 2.0]), isinstance(get_model_info(info.model_uri).signature, ModelSignature))
""",
        tmp_path,
    )
    assert out == "[3.0, 6.0] True\n"


def test_whoever_looks_for_mlflow_finds_it(tmp_path: Path) -> None:
    out = run(
        """
from importlib import metadata
assert importlib.util.find_spec("mlflow") is not None
assert importlib.util.find_spec("mlflow.genai") is None
assert metadata.distribution("mlflow").metadata["Name"] == "mlflow"
assert any(one.metadata["Name"] == "mlflow" for one in metadata.distributions())
import mlflow
assert importlib.util.find_spec("mlflow") is not None
print(metadata.version("mlflow") == mlflow.__version__ == mlflow.version.VERSION)
""",
        tmp_path,
    )
    assert out == "True\n"


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    out = run(
        """
import mlflow
try:
    mlflow.no_such_call
except AttributeError as error:
    print(error)
try:
    import mlflow.no_such_module
except ModuleNotFoundError as error:
    print(error)
try:
    from mlflow.entities import Trace
except ImportError as error:
    print("Trace" in str(error))
""",
        tmp_path,
    )
    assert out.splitlines() == [
        "Treering stands in for MLflow here (treering.install_as_mlflow), and has no mlflow.no_such_call.",
        "No module named 'mlflow.no_such_module'",
        "True",
    ]


def test_installing_loads_little_and_can_be_undone(tmp_path: Path) -> None:
    out = run(
        """
assert not {"numpy", "sqlalchemy"} & set(sys.modules)
treering.install_as_mlflow()
import mlflow.entities
treering.uninstall_as_mlflow()
assert not [name for name in sys.modules if name.partition(".")[0] == "mlflow"]
print(importlib.util.find_spec("mlflow"))
treering.install_as_mlflow()
import mlflow
print(mlflow.log_param is treering.log_param)
""",
        tmp_path,
    )
    assert out.splitlines()[-1] == "True"


def test_beside_the_real_one_that_is_imported_already_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mlflow.py").write_text("mine = True\n")
    out = run(
        f"""
treering.uninstall_as_mlflow()
sys.path.insert(0, {str(tmp_path)!r})
import mlflow
assert mlflow.mine
try:
    treering.install_as_mlflow()
except treering.TreeringError as error:
    print(error)
assert importlib.import_module("mlflow").mine
""",
        tmp_path / "home",
    )
    assert "imported already, from" in out


def test_the_stand_in_goes_before_an_installed_one(tmp_path: Path) -> None:
    (tmp_path / "mlflow.py").write_text("mine = True\n")
    out = run(
        f"""
sys.path.insert(0, {str(tmp_path)!r})
import mlflow
print(hasattr(mlflow, "mine"))
""",
        tmp_path / "home",
    )
    assert out == "False\n"


@pytest.mark.parametrize(
    "name",
    [
        *("mlflow_tags", "validation", "entities", "exceptions", "context", "models"),
        *("artifact_uris", "error_codes", "little_tools", "pages", "registry_entities", "registry_waiting"),
    ],
)
def test_each_module_has_what_it_promises(name: str) -> None:
    module = __import__(f"treering.client.stand_in.{name}", fromlist=["__all__"])
    assert all(hasattr(module, one) for one in module.__all__)
