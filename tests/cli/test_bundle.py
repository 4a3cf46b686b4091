"""`treering bundle`: from a model's folder to a file on another machine, by the command line alone."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from sklearn.linear_model import Ridge

from treering.bundles.images import packing
from treering.bundles.images.layers import Item
from treering.cli.commands.bundle import bundle
from treering.cli.commands.serve import serve
from treering.core.errors import InvalidInput, NotFound, NotSupported
from treering.core.settings import Settings
from treering.models.folder import SaveOptions, save

TABLE = pd.DataFrame({"a": [0.0, 1.0], "b": [1.0, 0.0]})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TREERING_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    save("sklearn", Ridge().fit(TABLE, [1.0, 2.0]), tmp_path / "value", SaveOptions(input_example=TABLE))
    return tmp_path / "value"


def _call(*arguments: str, status: int = 0) -> Result:
    result = CliRunner().invoke(bundle, list(arguments), obj=Settings())
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == status, result.output
    return result


def _build(folder: Path, *more: str) -> str:
    said = json.loads(_call("build", str(folder), "--no-lock", "--compile", "never", "--json", *more).stdout)
    return f"{said['name']}:{said['version']}"


def test_a_model_is_packed_listed_shown_and_removed(folder: Path) -> None:
    reference = _build(folder, "--tag", "v1", "--label", "team=growth", "--env", "A=1", "--description", "Worth")
    listed = _call("list").stdout
    assert reference.partition(":")[2] in listed
    assert "latest, v1" in listed
    assert json.loads(_call("list", "--json").stdout)[0]["models"] == [{"name": "value"}]
    shown = _call("show", "value:v1", "--files").stdout
    assert reference in shown
    assert "sklearn" in shown
    assert "models/value/MLmodel" in shown
    assert json.loads(_call("show", "value", "--json").stdout)["environment"]["variables"] == {"A": "1"}
    place = Path(_call("show", "value", "--path").stdout.strip())
    assert (place / "manifest.json").is_file()
    _call("delete", "value", "--yes")
    assert "There are no bundles." in _call("list").stdout


def test_a_bundle_goes_to_a_file_and_comes_back_signed_and_right(folder: Path, tmp_path: Path) -> None:
    reference = _build(folder)
    _call("keygen", "key")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert "Signed by Ada" in _call("sign", "value", "--key", "key", "--by", "Ada").stdout
    _call("export", "value", "value.tar.zst")
    _call("delete", "value", "-y")
    assert reference in _call("import", "value.tar.zst").stdout
    said = _call("verify", "value", "--key", "key.pub").stdout
    assert "signed by Ada" in said
    assert "1 of 1 sample requests" in said


def test_a_changed_bundle_fails_verification_with_status_1(folder: Path) -> None:
    _build(folder)
    place = Path(_call("show", "value", "--path").stdout.strip())
    (place / "openapi.json").chmod(0o644)
    (place / "openapi.json").write_text("{}")
    assert "Wrong: openapi.json" in _call("verify", "value", status=1).stdout
    assert json.loads(_call("verify", "value", "--json", status=1).stdout)["wrong"]


def test_a_bundle_goes_to_an_artifact_store_and_comes_back(folder: Path, tmp_path: Path) -> None:
    reference = _build(folder)
    far = str(tmp_path / "far")
    assert "Sent" in _call("push", "value", "--to", far).stdout
    assert "Sent 0 files" in _call("push", "value", "--to", far, "--tag", "stable").stdout
    _call("delete", "value", "-y")
    assert reference in _call("pull", "value:stable", "--from", far).stdout


def test_without_a_place_bundles_go_where_runs_keep_their_files(folder: Path, tmp_path: Path) -> None:
    reference = _build(folder)
    _call("push", "value")
    assert (tmp_path / "home" / "artifacts" / "bundles" / "tags" / "value" / "latest").is_file()
    _call("delete", "value", "-y")
    assert reference in _call("pull", "value").stdout


def test_a_tag_is_moved(folder: Path) -> None:
    first = _build(folder)
    second = _build(folder, "--description", "another")
    _call("tag", first, "production")
    assert first.partition(":")[2] in _call("tag", "value:production", "old").stdout
    _call("tag", second, "production")
    assert _call("show", "value:production", "--path").stdout.strip().endswith(second.partition(":")[2])


def test_nothing_to_build_is_said(folder: Path) -> None:
    with pytest.raises(NotFound, match="bentofile"):
        _call("build")
    with pytest.raises(InvalidInput, match="not both"):
        _call("build", str(folder), "--file", str(folder / "MLmodel"))
    with pytest.raises(InvalidInput, match="--label x"):
        _call("build", str(folder), "--label", "x")


@pytest.mark.usefixtures("folder")
def test_keys_are_not_written_over() -> None:
    _call("keygen", "key")
    with pytest.raises(Exception, match="exists already"):
        _call("keygen", "key")


def test_a_bundle_is_served_by_its_name_with_the_users_word(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = _build(folder)
    started: list[object] = []
    monkeypatch.setattr("treering.cli.models.starting.serve", lambda options, *_rest: started.append(options))
    result = CliRunner().invoke(serve, [f"bundle:{reference}", "--trust", "*"], obj=Settings())
    assert result.exit_code == 0, result.output
    (options,) = started
    assert options.kind == "bundle"
    assert options.what["bundle"].endswith(reference.partition(":")[2])
    assert options.what["loading"]["allow_code"] is True


def test_an_image_is_written_without_a_daemon(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _build(folder)
    (tmp_path / "root/usr").mkdir(parents=True)
    monkeypatch.setattr(packing, "_install", lambda _folder, _made, target, _how: target.mkdir())
    monkeypatch.setattr(packing, "_program", lambda: iter([Item("opt", mode=0o755)]))
    said = _call("containerize", "value", "--to", "image.tar", "--base", "root", "--tag", "value:1").stdout
    assert "Wrote image.tar: sha256:" in said
    assert (tmp_path / "image.tar").is_file()
    with pytest.raises(InvalidInput, match="--base"):
        _call("containerize", "value", "--to", "other.tar")
    with pytest.raises(InvalidInput, match="one --tag"):
        _call("containerize", "value", "--to", "other.tar", "--base", "root", "-t", "a", "-t", "b")


def test_a_dockerfile_is_written_and_without_a_program_that_is_said(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _build(folder)
    assert "docker build" in _call("dockerfile", "value", "context", "--base", "mine:1").stdout
    assert "ARG BASE=mine:1" in (tmp_path / "context/Dockerfile").read_text()
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(NotSupported, match="podman"):
        _call("containerize", "value")
