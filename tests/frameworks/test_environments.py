"""A model that is served in an environment of its own: built by the real venv and pip from what it says that it needs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import urllib3

from peers import CACHE
from treering.models.folder import SaveOptions, save

pytestmark = pytest.mark.framework


def where(model_input: Any) -> Any:
    """The environment that it runs in, and whether it sees its numbers."""
    return [f"{sys.prefix} {value:g}" for value in model_input["a"]]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    requirements = [f"cloudpickle=={version('cloudpickle')}", f"pandas=={version('pandas')}"]
    save("pyfunc", where, tmp_path / "model", SaveOptions(pip_requirements=requirements))
    return tmp_path / "model"


def version(package: str) -> str:
    found: str = __import__(package).__version__
    return found


def command(*arguments: str) -> subprocess.Popen[str]:
    # Kept by what it holds, as other people's products are: only the first run builds it.
    more = {"TREERING_ENVIRONMENTS_ROOT": str(CACHE / "environments"), "TREERING_ALLOW_MODEL_CODE": "true"}
    return subprocess.Popen(
        [sys.executable, "-m", "treering", "models", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **more},
    )  # fmt: skip


def test_a_model_is_served_in_an_environment_of_its_own_until_sigterm(model: Path, tmp_path: Path) -> None:
    built = command("prepare-env", "-m", str(model), "--env-manager", "virtualenv")
    printed, words = built.communicate(timeout=900)
    if built.returncode and os.environ.get("TREERING_TEST_REQUIRE_ALL") != "1":
        pytest.skip(f"the environment cannot be built: {words}")
    assert built.returncode == 0, words
    prefix = Path(printed.strip()).parent.parent
    assert prefix.is_relative_to(CACHE)

    process = command("serve", "-m", str(model), "-p", "0", "--env-manager", "virtualenv")
    try:
        assert process.stdout is not None
        url = process.stdout.readline().partition(" at ")[2].partition(" ")[0]
        body = json.dumps({"dataframe_records": [{"a": 7.0}, {"a": 8.0}]})
        answer = urllib3.request("POST", url, body=body, headers={"Content-Type": "application/json"}, timeout=60)
        assert answer.json()["predictions"] == [f"{prefix} 7", f"{prefix} 8"]
        process.send_signal(signal.SIGTERM)
        _, words = process.communicate(timeout=60)
        assert process.returncode == 0, words
        with pytest.raises(urllib3.exceptions.HTTPError):
            urllib3.request("GET", url, retries=False, timeout=5)
    finally:
        process.kill()
        process.communicate()

    (tmp_path / "body.json").write_text(json.dumps({"inputs": {"a": [1.0]}}))
    asked = command("predict", "-m", str(model), "-i", str(tmp_path / "body.json"), "--env-manager", "virtualenv")
    printed, words = asked.communicate(timeout=120)
    assert asked.returncode == 0, words
    assert json.loads(printed)["predictions"] == [f"{prefix} 1"]
