"""`treering deploy` and `treering deployments` as they are called, on real servers of this machine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import treering
from deployed_models import constant, saved
from treering.cli.main import main
from treering.client import session as session_module
from treering.client.connect import connect
from treering.client.session import Session
from treering.core.errors import Conflict, InvalidInput, UnknownPlugin
from treering.core.settings import read_settings
from treering.deployments import running
from treering.deployments.asking import over_http

PATIENCE = 60.0


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    place = tmp_path / "home"
    monkeypatch.setenv("TREERING_HOME", str(place))
    monkeypatch.setenv("TREERING_USER", "ada")
    fresh = Session(read_settings(), tmp_path)
    monkeypatch.setattr(session_module._Process, "session", fresh)
    yield place
    fresh.close()
    for kept in (place / "deployments" / "local").glob("*"):
        running.end(kept)


class Shell:
    """Runs commands, and gives what they print."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.err = ""

    def __call__(self, *words: str, status: int = 0) -> str:
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        out, self.err = self._capsys.readouterr()
        assert ended.value.code == status, (out, self.err)
        return out

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "--json"))


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


def ask(address: str, body: bytes = b'{"inputs": [[1.0, 2.0]]}') -> tuple[int, Any]:
    answer = over_http(address)("POST", "/invocations", body, {"content-type": "application/json"}, 10.0)
    return answer.status, json.loads(answer.body)


def registered(*numbers: float, features: int = 2) -> None:
    """A version of `iris` for each number."""
    for number in numbers:
        treering.sklearn.log_model(constant(number, features), name="model", registered_model_name="iris")
    connect(read_settings()).registry.models.set_alias("iris", "champion", 1)


def actions(shell: Shell) -> Sequence[str]:
    return [event["action"] for event in reversed(shell.json("deployments", "history", "iris"))]


def test_a_registered_model_answers_is_replaced_and_comes_back(shell: Shell, tmp_path: Path) -> None:
    registered(1.0, 2.0)
    told = shell("deploy", "models:/iris@champion", "--name", "iris", "--plan")
    assert "start the model server" in told
    assert shell("deployments", "list").startswith("Nothing is deployed")
    made = shell.json(
        "deploy", "models:/iris@champion", "-n", "iris", "-C", "timeout=30", "--tag", "team=x", "--reason", "go"
    )
    assert (made["state"], made["owner"], made["managed"]) == ("READY", "ada", True)
    assert (made["current"]["version"], made["current"]["registered"]) == ("1", True)
    assert ask(made["address"]) == (200, {"predictions": [1.0]})
    assert shell.json("deploy", "models:/iris/2", "-n", "iris")["previous"]["version"] == "1"
    assert ask(made["address"]) == (200, {"predictions": [2.0]})
    assert shell.json("deployments", "rollback", "iris", "--reason", "worse")["current"]["version"] == "1"
    assert ask(made["address"]) == (200, {"predictions": [1.0]})
    assert "iris 1" in shell("deployments", "list", "--model", "iris")
    assert "team" in shell("deployments", "show", "iris")
    file = tmp_path / "rows.json"
    file.write_text('{"inputs": [[3.0, 4.0]]}')
    assert json.loads(shell("deployments", "predict", "-n", "iris", "-I", str(file))) == {"predictions": [1.0]}
    assert "v1" in shell("deployments", "live", "iris")
    assert "worse" in shell("deployments", "history", "iris")
    shell("deployments", "remove", "iris", "--yes")
    assert actions(shell) == ["created", "ready", "applied", "ready", "rolled_back", "removed"]
    assert shell.json("deployments", "list") == []
    assert [one["state"] for one in shell.json("deployments", "list", "--removed")] == ["REMOVED"]


def test_a_worse_candidate_is_rolled_back_by_itself_and_a_good_one_promoted(shell: Shell) -> None:
    registered(1.0, 2.0)
    registered(3.0, features=5)
    address = shell.json("deploy", "models:/iris/1", "-n", "iris")["address"]
    going = shell.json("deploy", "models:/iris/3", "-n", "iris", "--canary", "50,100", "--every", "0")
    assert (going["state"], going["weight"]) == ("CANARY", 50.0)

    def ended() -> Any:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            for _ in range(40):
                ask(address)
            seen = shell.json("deployments", "show", "iris")
            if seen["state"] != "CANARY":
                return seen
        raise AssertionError(seen)

    bad = ended()
    assert (bad["current"]["version"], bad["candidate"]) == ("1", None)
    event = shell.json("deployments", "history", "iris")[0]
    assert (event["action"], event["user"], event["after"]) == ("rolled_back", "canary", "1")
    assert event["detail"]
    assert {ask(address)[0] for _ in range(20)} == {200}
    shell("deploy", "models:/iris/2", "-n", "iris", "--candidate")
    shell("deployments", "promote", "iris", "--canary", "50,100", "--every", "0")
    good = ended()
    assert (good["current"]["version"], good["previous"]["version"]) == ("2", "1")
    assert {str(ask(address)) for _ in range(20)} == {"(200, {'predictions': [2.0]})"}
    live = shell.json("deployments", "live", "iris")
    assert live["canary"]["state"] == "PROMOTED"
    shell("deployments", "remove", "iris", "--yes")


def test_mlflow_s_words_work_on_our_targets(shell: Shell, tmp_path: Path) -> None:
    one, two = saved(tmp_path, 1.0), saved(tmp_path, 2.0)
    assert "python_function deployment m is created" in shell(
        "deployments", "create", "-t", "local", "--name", "m", "-m", str(one), "-C", "workers=1"
    )
    shell("deployments", "create", "-t", "local", "--name", "m", "-m", str(one), status=1)
    assert "already" in shell.err
    assert "is updated" in shell("deployments", "update", "-t", "local", "--name", "m", "-m", str(two))
    assert "state: READY" in shell("deployments", "get", "-t", "local", "--name", "m")
    client = treering.deployments.get_deploy_client("local")
    assert [known["name"] for known in client.list_deployments()] == ["m"]
    assert client.predict("m", [[1.0, 2.0]]) == {"predictions": [2.0]}
    with pytest.raises(InvalidInput, match="status 4"):
        client.predict("m", [["x"]])
    assert "workers" in shell("deployments", "help", "-t", "local")
    assert "is deleted" in shell("deployments", "delete", "-t", "local", "--name", "m")
    assert client.list_deployments() == []
    with pytest.raises(UnknownPlugin, match="local"):
        treering.deployments.get_deploy_client("nowhere:/x")


def test_it_is_done_from_python_too(tmp_path: Path) -> None:
    one, two = saved(tmp_path, 1.0), saved(tmp_path, 2.0)
    made = treering.deployments.deploy(str(one), "p", config={"workers": 1})
    treering.deployments.deploy(str(two), "p", weight=50)
    assert treering.deployments.live("p").variants[1].weight == 50.0
    assert treering.deployments.promote("p", reason="good").current.source == str(two)
    assert treering.deployments.rollback("p").current.source == str(one)
    with pytest.raises(Conflict):
        treering.deployments.rollback("p")
    assert treering.deployments.get_deployment_history("p", 1)[0].action == "rolled_back"
    assert [known.name for known in treering.deployments.search_deployments()] == [made.name]
    assert treering.deployments.remove("p").state == "REMOVED"


def test_what_is_wrong_is_told_before_anything_happens(shell: Shell, tmp_path: Path) -> None:
    one = str(saved(tmp_path, 1.0))
    for words, said in (
        (("deploy", "models:/nothing/1", "-n", "a"), "nothing"),
        (("deploy", str(tmp_path), "-n", "a"), "neither a model nor a bundle"),
        (("deploy", one, "-n", "a b"), "no name of a deployment"),
        (("deploy", one, "-n", "a", "-t", "nowhere"), "Known ones:"),
        (("deploy", one, "-n", "a", "-C", "workerss=1"), "Do you mean 'workers'"),
        (("deploy", one, "-n", "a", "-C", "workers"), "NAME=VALUE"),
        (("deploy", one, "-n", "a", "--canary", "x"), "no shares"),
        (("deploy", one, "-n", "a", "--candidate"), "Deploy it without"),
        (("deploy", "docker://registry/x:1", "-n", "a"), "is an image"),
        (("deployments", "show", "a"), "no deployment 'a'"),
        (("deployments", "predict", "-n", "a", "-I", str(tmp_path / "none")), "no file"),
        (("deployments", "create", "-t", "nowhere", "--name", "m", "-m", one), "Known ones:"),
    ):
        shell(*words, status=1)
        assert said in shell.err, (words, shell.err)
    assert shell.json("deployments", "list", "--removed") == []


def test_options_can_stand_in_a_file(shell: Shell, tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    values.write_text("workers: 2\ntimeout: 12.5\nenv:\n  COLOUR: red\n")
    told = shell.json("deploy", str(saved(tmp_path, 1.0)), "-n", "a", "-f", str(values), "-C", "workers=1", "--plan")
    assert json.loads(told["documents"]["server.json"])["options"]["timeout"] == 12.5
    assert json.loads(told["documents"]["server.json"])["options"]["workers"] == 1
    values.write_text("workers: [1]\n")
    shell("deploy", str(tmp_path / "model-1.0"), "-n", "a", "-f", str(values), "--plan", status=1)
    assert "a text or a number" in shell.err
