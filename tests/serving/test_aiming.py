"""What is understood by a target."""

from __future__ import annotations

from pathlib import Path

import pytest

from treering.core.errors import InvalidInput, NotFound
from treering.serving.aiming import Aim, Fetched, aim_at, models_of


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("models:/iris/1", "models", ""),
        ("flower=models:/iris@champion", "models", "flower"),
        ("runs:/abc/model", "models", ""),
        ("s3://bucket/model", "models", ""),
        ("service:Shop", "service", ""),
        ("shop.services:Shop", "service", ""),
        ("./shop.py:Shop", "service", ""),
    ],
)
def test_what_is_written_says_what_it_is(text: str, kind: str, name: str):
    assert aim_at(text)[:2] == (kind, name)


@pytest.mark.parametrize(
    ("file", "kind"), [("MLmodel", "models"), ("manifest.json", "bundle"), ("bentofile.yaml", "service"), ("service.py", "service")]
)  # fmt: skip
def test_what_lies_in_a_folder_says_what_it_is(tmp_path: Path, file: str, kind: str):
    (tmp_path / file).touch()
    assert aim_at(str(tmp_path)) == Aim(kind, "", str(tmp_path))


def test_a_folder_whose_name_has_a_sign_in_it_is_that_folder(tmp_path: Path):
    folder = tmp_path / "a=b"
    folder.mkdir()
    (folder / "MLmodel").touch()
    assert aim_at(str(folder)) == Aim("models", "", str(folder))


def test_nothing_to_serve_is_told(tmp_path: Path):
    with pytest.raises(NotFound, match="nothing to serve"):
        aim_at(str(tmp_path))


def test_models_get_names_versions_and_aliases():
    versions = {"models:/iris/3": "3", "models:/iris@champion": "5"}
    aims = [aim_at(one) for one in (*versions, "other=models:/iris/3", "runs:/1/net", "runs:/2/net")]
    found = models_of(aims, lambda uri: Fetched(Path("/x"), versions.get(uri, "")))
    assert [(one["name"], one["version"], one.get("aliases", [])) for one in found] == [
        ("iris", "3", []), ("iris", "5", ["champion"]), ("other", "3", []), ("net", "1", []), ("net", "2", []),
    ]  # fmt: skip


def test_one_version_is_not_served_twice():
    aims = [aim_at("models:/iris/3"), aim_at("models:/iris@champion")]
    with pytest.raises(InvalidInput, match="given twice"):
        models_of(aims, lambda _uri: Fetched(Path("/x"), "3"))
