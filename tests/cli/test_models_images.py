"""`treering models build-docker` and `generate-dockerfile`, with MLflow's options."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from sklearn.linear_model import Ridge

from treering.bundles.locking import Locked
from treering.cli.commands.models import models
from treering.core.errors import InvalidInput, NotSupported
from treering.core.settings import Settings
from treering.models.folder import SaveOptions, save

TABLE = pd.DataFrame({"a": [0.0, 1.0], "b": [1.0, 0.0]})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TREERING_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    save("sklearn", Ridge().fit(TABLE, [1.0, 2.0]), tmp_path / "value", SaveOptions(input_example=TABLE))
    return tmp_path / "value"


def _call(*arguments: str) -> Result:
    result = CliRunner().invoke(models, list(arguments), obj=Settings())
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


def test_a_dockerfile_of_a_model_has_all_that_it_copies(folder: Path, tmp_path: Path) -> None:
    said = _call(
        *("generate-dockerfile", "-m", str(folder), "-d", "out", "--base-image", "python:3.12-slim", "--no-lock"),
        *("--install-mlflow", "--env-manager", "virtualenv", "--enable-mlserver"),
    )
    assert "docker build" in said.stdout
    text = (tmp_path / "out/Dockerfile").read_text()
    assert "ARG BASE=python:3.12-slim" in text
    assert (tmp_path / "out/bundle/models/value/MLmodel").is_file()
    assert "mlflow" in (tmp_path / "out/bundle/env/requirements.txt").read_text().splitlines()
    assert not (tmp_path / "home/bundles").exists()


def test_an_image_is_made_for_a_model(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="--model-uri"):
        _call("build-docker")
    with pytest.raises(InvalidInput, match="Java"):
        _call("build-docker", "-m", str(folder), "--install-java", "true")
    monkeypatch.setattr("treering.bundles.build.lock", lambda wanted, _how: Locked("\n".join(wanted), whole=False))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(NotSupported, match="buildah"):
        _call("build-docker", "-m", str(folder))
