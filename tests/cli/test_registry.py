from __future__ import annotations

import json
from pathlib import Path

import pytest

from treering.cli.main import main
from treering.client.connect import connect
from treering.core.settings import read_settings
from treering.entities.run import NewRun


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREERING_HOME", str(tmp_path / "home"))


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    with pytest.raises(SystemExit) as caught:
        main(["registry", *arguments])
    said = capsys.readouterr()
    assert caught.value.code == status, said.err
    return said.err if status else said.out


def test_a_model_is_registered_named_and_staged(capsys: pytest.CaptureFixture[str]) -> None:
    services = connect(read_settings())
    info = services.tracking.runs.create(NewRun("0")).info
    services.open_artifacts(info.artifact_uri).write("model/MLmodel", [b"flavors: {}\n"])
    services.close()
    for number in ("1", "2"):
        said = printed(capsys, "register", f"runs:/{info.run_id}/model", "trees", "--description", f"no. {number}")
        assert f"models:/trees/{number}" in said
    assert "version 2" in printed(capsys, "alias", "trees", "champion", "2")
    assert "Production" in printed(capsys, "stage", "trees", "1", "production")
    printed(capsys, "stage", "trees", "2", "production", "--archive-existing")
    shown = printed(capsys, "show", "trees")
    assert "Archived" in shown
    assert "champion" in shown
    assert [one["name"] for one in json.loads(printed(capsys, "list", "-f", "name LIKE 'tr%'", "--json"))] == ["trees"]
    assert "removed" in printed(capsys, "alias", "trees", "champion", "--delete")
    assert "champion" not in printed(capsys, "show", "trees")
    assert "nothing" in printed(capsys, "show", "nothing", status=1)
