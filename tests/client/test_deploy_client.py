"""Plug-ins for MLflow's deployments, and what is sent to those that are asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import treering
from treering.client.deploy_client import BaseDeploymentClient, target_help
from treering.client.deploy_inputs import request_of
from treering.core.errors import InvalidInput, NotSupported

PLUGIN = """
from mlflow.deployments import BaseDeploymentClient
from mlflow.exceptions import MlflowException


class PaperClient(BaseDeploymentClient):
    known = {}

    def create_deployment(self, name, model_uri, flavor=None, config=None, endpoint=None):
        if config.get("raise_error") == "True":
            raise MlflowException("as you wish")
        self.known[name] = {"name": name, "flavor": flavor or "own", "uri": model_uri, "config": config, "endpoint": endpoint}
        return self.known[name]

    def update_deployment(self, name, model_uri=None, flavor=None, config=None, endpoint=None):
        return {"flavor": flavor or "own"}

    def delete_deployment(self, name, config=None, endpoint=None):
        print("deleted", name, config, endpoint)

    def list_deployments(self, endpoint=None):
        return [{"name": f"one at {self.target_uri}"}]

    def get_deployment(self, name, endpoint=None):
        return {"name": name, "where": self.target_uri}

    def predict(self, deployment_name=None, inputs=None, endpoint=None):
        return inputs

    def create_endpoint(self, name, config=None):
        return {"name": name}

    def list_endpoints(self):
        return [{"name": "e"}]


def run_local(target, name, model_uri, flavor=None, config=None):
    print("local", target, name, model_uri, config)


def target_help():
    return "Paper takes anything."
"""


@pytest.fixture
def plugin(tmp_path: Path) -> dict[str, str]:
    info = tmp_path / "paper_plugin-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: paper-plugin\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[mlflow.deployments]\npaper = paper_plugin\n")
    (tmp_path / "paper_plugin.py").write_text(PLUGIN)
    return {**os.environ, "PYTHONPATH": str(tmp_path), "TREERING_HOME": str(tmp_path / "home")}


def call(plugin: dict[str, str], *words: str, status: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "treering", "deployments", *words],
        env=plugin,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr
    return done.stderr if status else done.stdout


def test_a_plug_in_for_mlflow_is_used_as_it_is(plugin: dict[str, str], tmp_path: Path) -> None:
    create = ("create", "-t", "paper:/x", "--name", "a", "-m", "models:/iris/1")
    assert "own deployment a is created" in call(plugin, *create, "-C", "k=v", "--endpoint", "e")
    assert "as you wish" in call(plugin, *create, "-C", "raise_error=True", status=1)
    assert "one at paper:/x" in call(plugin, "list", "-t", "paper:/x")
    assert "where: paper" in call(plugin, "get", "-t", "paper", "--name", "a")
    assert "is updated (with flavor f)" in call(plugin, "update", "-t", "paper", "--name", "a", "-f", "f")
    assert "deleted a {'k': 'v'} None" in call(plugin, "delete", "-t", "paper", "--name", "a", "-C", "k=v")
    table = tmp_path / "rows.csv"
    table.write_text("x,y\n1,2\n")
    assert json.loads(call(plugin, "predict", "-t", "paper", "-n", "a", "-I", str(table))) == {
        "x": {"0": 1},
        "y": {"0": 2},
    }
    assert "Endpoint e is created" in call(plugin, "create-endpoint", "-t", "paper", "--endpoint", "e")
    assert "['e']" in call(plugin, "list-endpoints", "-t", "paper")
    assert "Paper takes anything." in call(plugin, "help", "-t", "paper")
    assert "local paper a m" in call(plugin, "run-local", "-t", "paper", "--name", "a", "-m", "m")
    assert "has no get_endpoint" in call(plugin, "get-endpoint", "-t", "paper", "--endpoint", "e", status=1)
    assert "has no explain" in call(plugin, "explain", "-t", "paper", "--name", "a", "-I", str(table), status=1)


def test_what_our_targets_do_not_have_is_said() -> None:
    client = treering.deployments.get_deploy_client("local")
    assert isinstance(client, BaseDeploymentClient)
    with pytest.raises(NotSupported, match="endpoints"):
        client.list_deployments(endpoint="e")
    with pytest.raises(InvalidInput, match="keras"):
        client.create_deployment("a", "models:/x/1", flavor="keras")
    with pytest.raises(NotSupported, match="explain"):
        client.explain("a")
    with pytest.raises(InvalidInput, match="deployment_name"):
        client.predict(inputs=[1])
    assert "execution_role_arn" in target_help("sagemaker:/eu-west-1")


def test_a_target_can_be_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_DEPLOYMENTS_TARGET", raising=False)
    with pytest.raises(InvalidInput, match="MLFLOW_DEPLOYMENTS_TARGET"):
        treering.deployments.get_deploy_client()
    monkeypatch.setenv("MLFLOW_DEPLOYMENTS_TARGET", "local")
    assert treering.deployments.get_deploy_client().target_uri == "local"


@pytest.mark.parametrize(
    ("inputs", "body"),
    [
        (pd.DataFrame({"a": [1], "b": ["x"]}), {"dataframe_split": {"columns": ["a", "b"], "data": [[1, "x"]]}}),
        (np.array([[1.0, 2.0]]), {"inputs": [[1.0, 2.0]]}),
        ([[1, 2]], {"inputs": [[1, 2]]}),
        ({"instances": [1]}, {"instances": [1]}),
        ({"a": np.array([1])}, {"inputs": {"a": [1]}}),
        ('{"inputs": 1}', {"inputs": 1}),
        (b'{"inputs": 1}', {"inputs": 1}),
    ],
)
def test_inputs_become_the_body_that_servers_read(inputs: object, body: object) -> None:
    assert json.loads(request_of(inputs).body) == body


def test_inputs_that_are_no_json_are_refused() -> None:
    with pytest.raises(InvalidInput, match="cannot be sent as JSON"):
        request_of([object()])
