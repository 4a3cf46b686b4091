"""Settings become services that work, or an error that says what is wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from treering.assembly import PROXIED_ROOT, Services, open_services
from treering.core.errors import InvalidInput, TreeringError, UnknownPlugin
from treering.core.settings import Settings
from treering.core.uri import file_uri
from treering.entities.run import LogBatch, NewRun
from treering.storage.objects import STORES

MEMORY = "memory://"


@pytest.fixture
def opened() -> Iterator[list[Services]]:
    services: list[Services] = []
    yield services
    for one in services:
        one.close()


def run_of(services: Services) -> str:
    """A run's artifact URI in the default experiment."""
    return services.tracking.runs.create(NewRun("0")).info.artifact_uri


def test_the_embedded_store_lies_in_its_home(tmp_path: Path, opened: list[Services]) -> None:
    home = tmp_path / "a home" / ".treering"
    opened += [open_services(Settings(), home), open_services(Settings(), home)]
    first, second = opened
    assert (home / "treering.db").exists()
    run = first.tracking.runs.create(NewRun("0"))
    assert second.tracking.runs.get(run.info.run_id) == run
    assert run.info.artifact_uri == file_uri(home / "artifacts" / "0" / run.info.run_id / "artifacts")
    first.open_artifacts(run.info.artifact_uri).write("x/y", [b"ring"])
    assert (home / "artifacts" / "0" / run.info.run_id / "artifacts" / "x" / "y").read_bytes() == b"ring"
    first.check()


def test_a_folder_is_a_home(tmp_path: Path, opened: list[Services], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    opened.append(open_services(Settings(backend_store_uri="runs"), tmp_path / "other"))
    assert (tmp_path / "runs" / "treering.db").exists()
    assert not (tmp_path / "other").exists()
    assert run_of(opened[0]).startswith(file_uri(tmp_path / "runs" / "artifacts") + "/0/")


def test_a_database_of_its_own(tmp_path: Path, opened: list[Services]) -> None:
    database = tmp_path / "own.db"
    opened.append(open_services(Settings(backend_store_uri=f"sqlite:///{database}"), tmp_path / "home"))
    run_of(opened[0])
    assert database.exists()
    assert not (tmp_path / "home").exists()


def test_a_server_gives_artifacts_out_itself(tmp_path: Path, opened: list[Services]) -> None:
    settings = Settings(backend_store_uri=MEMORY)
    opened.append(open_services(settings, tmp_path, proxied=True))
    services = opened[0]
    uri = run_of(services)
    assert uri.startswith("mlflow-artifacts:/0/")
    services.open_artifacts(uri).write("x", [b"ring"])
    path = uri.removeprefix(PROXIED_ROOT)
    assert (tmp_path / "artifacts" / path / "x").read_bytes() == b"ring"
    assert b"".join(services.open_artifacts(PROXIED_ROOT).read(f"{path}/x")) == b"ring"
    services.check()


def test_a_destination_of_its_own(tmp_path: Path, opened: list[Services], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(backend_store_uri=MEMORY, artifacts_destination="kept here")
    opened.append(open_services(settings, tmp_path / "home", proxied=True))
    monkeypatch.chdir("/")
    opened[0].open_artifacts("mlflow-artifacts:/0/a%20b").write("x", [b"ring"])
    assert (tmp_path / "kept here" / "0" / "a b" / "x").read_bytes() == b"ring"


def test_a_given_root_wins(tmp_path: Path, opened: list[Services], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(backend_store_uri=MEMORY, default_artifact_root="./root")
    opened.append(open_services(settings, tmp_path / "home", proxied=True))
    assert run_of(opened[0]).startswith(file_uri(tmp_path / "root") + "/0/")


def test_artifacts_in_memory_stay_while_services_are_open(tmp_path: Path, opened: list[Services]) -> None:
    settings = Settings(backend_store_uri=MEMORY, default_artifact_root="memory://assembly")
    opened.append(open_services(settings, tmp_path))
    uri = run_of(opened[0])
    opened[0].open_artifacts(uri).write("x", [b"ring"])
    assert b"".join(opened[0].open_artifacts(uri).read("x")) == b"ring"


@pytest.mark.parametrize(("truncate", "expected"), [(True, "v" * 6000), (False, None)])
def test_long_values_as_set(tmp_path: Path, opened: list[Services], truncate: bool, expected: str | None) -> None:
    opened.append(open_services(Settings(backend_store_uri=MEMORY, truncate_long_values=truncate), tmp_path))
    runs = opened[0].tracking.runs
    run_id = runs.create(NewRun("0")).info.run_id
    batch = LogBatch(run_id, {"p": "v" * 6001})
    if expected is None:
        with pytest.raises(InvalidInput, match="6000"):
            runs.log([batch])
    else:
        runs.log([batch])
    assert runs.get(run_id).data.params.get("p") == expected


@pytest.mark.parametrize(
    ("settings", "known"),
    [
        (Settings(backend_store_uri="oracle://x/y"), "sqlite"),
        (Settings(default_artifact_root="tape://x"), "file"),
        (Settings(artifacts_destination="tape://x"), "file"),
    ],
)
def test_an_unknown_scheme_lists_the_known_ones(tmp_path: Path, settings: Settings, known: str) -> None:
    with pytest.raises(UnknownPlugin, match=rf"Known ones: .*{known}"):
        open_services(settings, tmp_path / "home")
    assert not (tmp_path / "home" / "treering.db").exists()


def test_an_unknown_artifact_scheme(tmp_path: Path, opened: list[Services]) -> None:
    opened.append(open_services(Settings(backend_store_uri=MEMORY), tmp_path))
    with pytest.raises(UnknownPlugin, match="tape"):
        opened[0].open_artifacts("tape://x")


@pytest.mark.parametrize("uri", ["mlflow-artifacts:/../x", "mlflow-artifacts:/a/../../x", "mlflow-artifacts:/%2e%2e/x"])
def test_a_proxied_path_does_not_climb(tmp_path: Path, opened: list[Services], uri: str) -> None:
    opened.append(open_services(Settings(backend_store_uri=MEMORY), tmp_path))
    with pytest.raises(InvalidInput, match="climb"):
        opened[0].open_artifacts(uri)


def test_a_home_that_cannot_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for home in (tmp_path / "file", tmp_path / "file" / "deeper"):
        with pytest.raises(TreeringError, match=r"file"):
            open_services(Settings(), home)


def test_a_database_that_cannot_be_reached(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TreeringError):
        open_services(Settings(backend_store_uri=f"sqlite:///{tmp_path}/file/x.db"), tmp_path)


def test_every_store_scheme_is_known() -> None:
    assert {"file", "memory"} <= set(STORES.names())
