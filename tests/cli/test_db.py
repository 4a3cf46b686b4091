from __future__ import annotations

import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from treering.cli.main import main
from treering.client.connect import connect
from treering.core.settings import Settings, read_settings
from treering.entities.run import NewRun
from treering.storage.metadata.sql.schema import REVISIONS, VERSION_TABLE


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("TREERING_HOME", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def run_id() -> str:
    services = connect(read_settings())
    made = services.tracking.runs.create(NewRun("0")).info.run_id
    services.tracking.runs.delete(made)
    services.close()
    return made


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> tuple[str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["db", *arguments])
    out, err = capsys.readouterr()
    assert caught.value.code == status, out + err
    return out, err


@pytest.mark.usefixtures("run_id")
def test_check_is_content_with_a_store_in_use(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    assert "as this version of Treering needs them" in said(capsys, "check")[0]
    for store in (str(home), home.as_uri(), f"sqlite:///{home / 'treering.db'}"):
        found = json.loads(said(capsys, "check", "--store", store, "--json")[0])
        assert (found["right"], found["revision"], found["missing"]) == (True, REVISIONS[-1], [])


def test_check_makes_nothing(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    assert "There is no database" in said(capsys, "check", status=1)[1]
    assert not home.exists()


def test_an_empty_database_gets_its_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert "it had none" in said(capsys, "upgrade")[0]
    assert "already" in said(capsys, "upgrade")[0]
    said(capsys, "check")


def test_down_and_up(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, home: Path, run_id: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    out, err = said(capsys, "downgrade", "0001", status=130)  # nobody answers the question
    assert "1 times at which a run was deleted" in err
    out, _ = said(capsys, "downgrade", "0001", "--yes")
    assert "has the revision 0001 now" in out
    backup = next(home.glob("*.backup"))
    assert str(backup) in out
    out, _ = said(capsys, "check", status=1)
    assert "treering db upgrade" in out
    assert "runs.deleted" in out
    assert json.loads(said(capsys, "upgrade", "--no-backup", "--json")[0]) == {
        "before": "0001",
        "after": REVISIONS[-1],
        "backup": "",
    }
    said(capsys, "check")
    services = connect(Settings(tracking_uri=str(home)))
    assert services.tracking.runs.get(run_id).info.run_id == run_id
    services.close()


@pytest.mark.usefixtures("run_id")
def test_what_is_wrong_is_status_1(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    with closing(sqlite3.connect(home / "treering.db")) as connection:
        connection.execute("DROP TABLE webhooks")
        connection.commit()
    out, _ = said(capsys, "check", status=1)
    assert "missing   webhooks" in out
    assert "from a backup" in out
    with closing(sqlite3.connect(home / "treering.db")) as connection:
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = '0777'")
        connection.commit()
    assert "pip install --upgrade treering" in said(capsys, "check", status=1)[0]
    assert "newer" in said(capsys, "upgrade", status=1)[1]
    assert "newer" in said(capsys, "downgrade", "0001", status=1)[1]


def test_what_is_no_database_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (
        "run the command where the server runs" in said(capsys, "check", "--store", "http://h:1", status=1)[1].lower()
    )
    assert "no database with tables called 'ftp'" in said(capsys, "check", "--store", "ftp://h/x", status=1)[1]
    (tmp_path / "file").touch()
    assert "is a file" in said(capsys, "check", "--store", str(tmp_path / "file"), status=1)[1]
    with closing(sqlite3.connect(tmp_path / "m.db")) as connection:
        for table in ("alembic_version", "experiments", "runs"):
            connection.execute(f"CREATE TABLE {table} (id INTEGER)")
    monkeypatch.setenv("TREERING_BACKEND_STORE_URI", f"sqlite:///{tmp_path / 'm.db'}")
    for command in ("check", "upgrade"):
        assert "treering import mlflow" in said(capsys, command, status=1)[1]
