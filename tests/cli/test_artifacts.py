from __future__ import annotations

import json
from pathlib import Path

import pytest

from treering.cli.main import main
from treering.client.connect import connect
from treering.core.settings import read_settings
from treering.entities.run import NewRun


@pytest.fixture
def run_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TREERING_HOME", str(tmp_path / "home"))
    services = connect(read_settings())
    found = services.tracking.runs.create(NewRun("0")).info.run_id
    services.close()
    return found


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    with pytest.raises(SystemExit) as caught:
        main(["artifacts", *arguments])
    said = capsys.readouterr()
    assert caught.value.code == status, said.err
    return said.err if status else said.out


def test_files_go_there_and_come_back(run_id: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "made"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("one")
    (folder / "deep" / "b.txt").write_text("three")
    assert "2 files" in printed(capsys, "log-artifacts", "-l", str(folder), "-r", run_id, "-a", "all")
    assert "1 file " in printed(capsys, "log-artifact", "-l", str(folder / "a.txt"), "-r", run_id)
    told = json.loads(printed(capsys, "list", "-r", run_id, "--json"))
    assert [(one["path"], one["is_dir"]) for one in told] == [("a.txt", False), ("all", True)]
    assert "all/deep/" in printed(capsys, "list", "-r", run_id, "-a", "all")
    where = printed(capsys, "download", "-r", run_id, "-a", "all", "-d", str(tmp_path / "back")).strip()
    assert (Path(where) / "deep" / "b.txt").read_text() == "three"
    where = printed(capsys, "download", "-u", f"runs:/{run_id}/a.txt", "-d", str(tmp_path / "one")).strip()
    assert Path(where).read_text() == "one"


def test_wrong_usage_is_told(run_id: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "--artifact-uri" in printed(capsys, "download", status=2)
    assert "no file" in printed(capsys, "log-artifact", "-l", str(tmp_path), "-r", run_id, status=1)
    assert "not found" in printed(capsys, "list", "-r", "0" * 32, status=1)
