"""Settings come from the environment once; MLflow's names count where ours are silent."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import get_type_hints

import pytest

from treering.core.errors import InvalidInput
from treering.core.settings import Settings, Variable, export_settings, find_home, read_settings, variables

TYPES = get_type_hints(Settings)
ALL = {variable.name: variable for variable in variables()}
# A text that each type reads, and what it then is; none is a default.
SAMPLES = {str: ("some text", "some text"), int: ("7321", 7321), float: ("0.125", 0.125)}


def sample(variable: Variable) -> tuple[str, object]:
    if TYPES[variable.name] is bool:
        return ("no", False) if variable.default else ("yes", True)
    return SAMPLES[TYPES[variable.name]]


@pytest.mark.parametrize("name", ALL)
def test_a_variable_sets_its_field_and_no_other(name: str) -> None:
    text, value = sample(ALL[name])
    assert read_settings({ALL[name].environment: text}) == dataclasses.replace(Settings(), **{name: value})


@pytest.mark.parametrize("name", [name for name, variable in ALL.items() if variable.mlflow])
def test_mlflows_variable_counts_where_ours_is_not_set(name: str) -> None:
    variable = ALL[name]
    text, value = sample(variable)
    assert getattr(read_settings({variable.mlflow: text}), name) == value
    assert getattr(read_settings({variable.mlflow: text, variable.environment: ""}), name) == value
    other = {bool: "yes", str: "ours", int: "1", float: "2"}[TYPES[name]]
    ours = read_settings({variable.environment: other})
    assert read_settings({variable.environment: other, variable.mlflow: text}) == ours


def test_names_are_unique_and_explained() -> None:
    taken = [name for variable in ALL.values() for name in (variable.environment, variable.mlflow) if name]
    assert len(taken) == len(set(taken))
    theirs = ("MLFLOW_", "AZURE_STORAGE_", "STORAGE_EMULATOR_", "JPY_", "HADOOP_")
    for variable in ALL.values():
        assert variable.environment == f"TREERING_{variable.name.upper()}"
        assert not variable.mlflow or variable.mlflow.startswith(theirs)
        assert variable.help.endswith(".")
        assert isinstance(variable.default, TYPES[variable.name])


def test_an_empty_environment_gives_the_defaults() -> None:
    assert read_settings({}) == Settings()


def test_the_process_environment_is_read_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREERING_PORT", "6123")
    assert read_settings().port == 6123


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("TRUE", True), ("1", True), ("on", True), ("off", False), ("0", False)]
)
def test_booleans_are_read_as_people_write_them(text: str, value: bool) -> None:
    assert read_settings({"TREERING_JOURNAL_SYNC": text}).journal_sync is value


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("TREERING_PORT", "http", r"TREERING_PORT is 'http', which is no int"),
        ("TREERING_PORT", "5000.5", "no int"),
        ("TREERING_HTTP_TIMEOUT", "soon", r"TREERING_HTTP_TIMEOUT is 'soon', which is no float"),
        ("TREERING_JOURNAL_SYNC", "perhaps", "neither true nor false"),
        ("MLFLOW_HTTP_REQUEST_TIMEOUT", "never", r"MLFLOW_HTTP_REQUEST_TIMEOUT is 'never'"),
    ],
)
def test_a_value_of_the_wrong_form_names_the_variable_that_holds_it(name: str, text: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        read_settings({name: text})


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().port = 1


class TestHome:
    def test_what_is_set_wins(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / ".treering").mkdir()
        assert find_home(Settings(home=str(tmp_path / "there")), tmp_path) == tmp_path / "there"
        monkeypatch.setenv("HOME", str(tmp_path))
        assert find_home(Settings(home="~/mine"), tmp_path) == tmp_path / "mine"

    def test_a_relative_one_is_made_absolute(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        assert find_home(Settings(home="here"), tmp_path / "elsewhere") == tmp_path / "here"

    def test_the_nearest_home_above(self, tmp_path: Path) -> None:
        deep = tmp_path / "project" / "src" / "deep"
        deep.mkdir(parents=True)
        (tmp_path / ".treering").mkdir()
        (tmp_path / "project" / ".treering").mkdir()
        assert find_home(Settings(), deep) == tmp_path / "project" / ".treering"

    def test_a_home_above_wins_over_a_nearer_checkout(self, tmp_path: Path) -> None:
        checkout = tmp_path / "checkout"
        (checkout / ".git").mkdir(parents=True)
        (tmp_path / ".treering").mkdir()
        assert find_home(Settings(), checkout) == tmp_path / ".treering"

    @pytest.mark.parametrize("worktree", [False, True])
    def test_the_root_of_the_checkout(self, tmp_path: Path, worktree: bool) -> None:
        deep = tmp_path / "src" / "deep"
        deep.mkdir(parents=True)
        if worktree:
            (tmp_path / ".git").write_text("gitdir: elsewhere\n")
        else:
            (tmp_path / ".git").mkdir()
        assert find_home(Settings(), deep) == tmp_path / ".treering"

    def test_a_file_of_the_name_is_no_home(self, tmp_path: Path) -> None:
        (tmp_path / ".git").mkdir()
        deep = tmp_path / "deep"
        deep.mkdir()
        (deep / ".treering").write_text("not a folder")
        assert find_home(Settings(), deep) == tmp_path / ".treering"

    def test_nothing_is_made(self, tmp_path: Path) -> None:
        (tmp_path / ".git").mkdir()
        find_home(Settings(), tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == [".git"]


def test_settings_are_passed_on_to_children(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TREERING_TRACKING_URI", "TREERING_EXPERIMENT_NAME"):
        monkeypatch.setenv(name, "before")
    export_settings({"tracking_uri": "http://example.test", "experiment_name": ""})
    assert read_settings().tracking_uri == "http://example.test"
    assert "TREERING_EXPERIMENT_NAME" not in os.environ
