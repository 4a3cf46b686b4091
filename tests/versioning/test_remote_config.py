from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from treering.core.errors import InvalidInput
from treering.versioning.config_edit import ConfigPlace, OptionName, editing, find_option, set_option, unset_option
from treering.versioning.errors import ConfigMistake, UnknownRemote
from treering.versioning.remote_config import (
    RemoteLine,
    add_remote,
    default_remote,
    list_remotes,
    modify_remote,
    remove_remote,
    rename_remote,
    set_default_remote,
)


@pytest.fixture
def place(root: Path, environ: Mapping[str, str]) -> ConfigPlace:
    return ConfigPlace(root / ".dvc", environ)


def repo_text(place: ConfigPlace) -> str:
    return place.file().read_text()


def test_a_new_remote_is_written_as_dvc_writes_it(place: ConfigPlace) -> None:
    add_remote(place, "Store", "s3://bucket/data", default=True)
    modify_remote(place, "store", "endpointURL", "http://localhost:9000")
    set_option(place, OptionName.parse("cache.type"), "hardlink,symlink")
    assert repo_text(place) == (
        '[core]\n    remote = store\n[cache]\n    type = "hardlink,symlink"\n'
        "['remote \"store\"']\n    url = s3://bucket/data\n    endpointurl = http://localhost:9000\n"
    )  # fmt: skip


def test_relative_paths_are_kept_relative_to_the_files_folder(
    place: ConfigPlace, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "sub").mkdir()
    monkeypatch.chdir(root / "sub")
    add_remote(place, "near", "../../store")
    add_remote(place, "home", "~/store")
    add_remote(place, "far", str(tmp_path / "far"))
    add_remote(place, "keys", "ssh://host/data", level="global")
    modify_remote(place, "keys", "keyfile", "id", level="global")
    assert "url = ../../store\n" in repo_text(place)
    assert "url = ~/store\n" in repo_text(place)
    assert f"url = {tmp_path / 'far'}\n" in repo_text(place)
    config = place.read()
    assert config.remote("near")["url"] == str(tmp_path / "store")
    assert config.remote("keys")["keyfile"] == str(root / "sub" / "id")
    assert "keyfile = ../project/sub/id\n" in place.file("global").read_text()


def test_comments_and_what_was_not_touched_stay(place: ConfigPlace) -> None:
    place.file().write_text(
        "# ours\n\n[core]\n    # the default\n    remote = a    # for all\n\n['remote \"a\"']\n    url = ./../../a\n    jobs = 4\n# end\n"
    )
    modify_remote(place, "a", "jobs", "8")
    assert repo_text(place) == (
        "# ours\n\n[core]\n    # the default\n    remote = a    # for all\n\n['remote \"a\"']\n    url = ./../../a\n    jobs = 8\n# end\n"
    )


def test_what_changes_nothing_writes_nothing(place: ConfigPlace) -> None:
    text = "[core]\n  remote   =   a\n['remote \"a\"']\n  url = ../a\n"
    place.file().write_text(text)
    set_default_remote(place, "A")
    assert repo_text(place) == text


def test_what_dvc_would_refuse_is_not_written(place: ConfigPlace) -> None:
    add_remote(place, "store", "../store")
    before = repo_text(place)
    for name, value in (("core.remot", "x"), ("cache.type", "hard"), ("remote.store.region", "eu"), ("cores.x", "y")):
        with pytest.raises(ConfigMistake):
            set_option(place, OptionName.parse(name), value)
    with pytest.raises(ConfigMistake, match="nfs:// are not supported"):
        add_remote(place, "other", "nfs://host/x")
    assert repo_text(place) == before


def test_values_of_any_characters_come_back(place: ConfigPlace) -> None:
    values = ["a,b", "it's", 'say "x"', "# no comment", " spaces ", "100%", "%%s", "é", "[x]", "a = b", ""]
    for value in values:
        add_remote(place, "s", "s3://bucket", force=True)
        modify_remote(place, "s", "profile", value)
        assert place.read().remote("s")["profile"] == value


@pytest.mark.parametrize("value", ["100%(x)s", "%(profile)s", "''' and \"\"\""])
def test_a_value_that_would_not_come_back_is_refused(place: ConfigPlace, value: str) -> None:
    add_remote(place, "s", "s3://bucket")
    before = repo_text(place)
    with pytest.raises(ConfigMistake):
        modify_remote(place, "s", "profile", value)
    assert repo_text(place) == before


def test_a_name_is_taken_once(place: ConfigPlace) -> None:
    add_remote(place, "store", "../a")
    modify_remote(place, "store", "jobs", "2")
    with pytest.raises(ConfigMistake, match="--force"):
        add_remote(place, "STORE", "../b")
    add_remote(place, "store", "../b", force=True)
    assert "jobs" not in place.read().remote("store")
    with pytest.raises(ConfigMistake, match="cannot be the name"):
        add_remote(place, 'a"b', "../a")


def test_remotes_are_listed_with_the_default_one(place: ConfigPlace, tmp_path: Path) -> None:
    add_remote(place, "a", str(tmp_path / "a"), level="global")
    add_remote(place, "b", "s3://bucket", default=True)
    assert list_remotes(place) == [RemoteLine("a", str(tmp_path / "a"), False), RemoteLine("b", "s3://bucket", True)]
    assert list_remotes(place, "repo") == [RemoteLine("b", "s3://bucket", True)]
    assert default_remote(place) == "b"
    assert default_remote(place, "global") == ""


def test_a_remote_of_the_repository_gets_its_secrets_in_the_local_file(place: ConfigPlace) -> None:
    add_remote(place, "store", "s3://bucket")
    modify_remote(place, "store", "secret_access_key", "hidden", level="local")
    assert "hidden" not in repo_text(place)
    assert place.read().remote("store")["secret_access_key"] == "hidden"
    modify_remote(place, "store", "secret_access_key", None, level="local")
    assert place.file("local").read_text() == "\n"


def test_the_default_has_to_exist(place: ConfigPlace) -> None:
    with pytest.raises(UnknownRemote, match="None is configured there"):
        set_default_remote(place, "store")
    add_remote(place, "store", "../a")
    set_default_remote(place, "store", "local")
    assert place.file("local").read_text() == "[core]\n    remote = store\n"
    set_default_remote(place, "", "local")
    assert default_remote(place) == ""


def test_a_removed_remote_takes_all_that_leads_to_it_with_it(place: ConfigPlace) -> None:
    add_remote(place, "store", "s3://bucket", default=True)
    add_remote(place, "other", "../b")
    modify_remote(place, "store", "secret_access_key", "hidden", level="local")
    set_default_remote(place, "store", "local")
    remove_remote(place, "STORE")
    assert [line.name for line in list_remotes(place, "repo")] == ["other"]
    assert default_remote(place) == ""
    assert place.file("local").read_text() == "\n"
    place.read().check()
    with pytest.raises(UnknownRemote, match="There are: other"):
        remove_remote(place, "store")


def test_a_remote_that_hid_another_uncovers_it(place: ConfigPlace) -> None:
    add_remote(place, "store", "s3://user/own", level="global")
    add_remote(place, "store", "s3://project/data")
    modify_remote(place, "store", "profile", "me", level="local")
    remove_remote(place, "store")
    assert dict(place.read().remote("store"))["url"] == "s3://user/own"
    assert place.read().remote("store")["profile"] == "me"


def test_a_renamed_remote_keeps_its_place_and_secrets(place: ConfigPlace) -> None:
    add_remote(place, "store", "s3://bucket", default=True)
    add_remote(place, "other", "../b")
    modify_remote(place, "store", "secret_access_key", "hidden", level="local")
    rename_remote(place, "store", "New")
    assert [line.name for line in list_remotes(place)] == ["new", "other"]
    assert default_remote(place) == "new"
    assert place.read().remote()["secret_access_key"] == "hidden"
    with pytest.raises(ConfigMistake, match="already"):
        rename_remote(place, "new", "other")
    with pytest.raises(UnknownRemote):
        rename_remote(place, "none", "some")


def test_options_are_found_in_the_level_that_counts(place: ConfigPlace) -> None:
    name = OptionName.parse("core.autostage")
    assert find_option(place, name) is None
    set_option(place, name, "true", "global")
    set_option(place, name, "false")
    assert find_option(place, name) == ("repo", "false")
    assert find_option(place, name, "global") == ("global", "true")
    unset_option(place, name)
    assert find_option(place, name) == ("global", "true")
    with pytest.raises(ConfigMistake, match=r"does not set core\.autostage"):
        find_option(place, name, "local")
    with pytest.raises(ConfigMistake, match=r"has no section \[core\]"):
        unset_option(place, name)
    set_option(place, OptionName.parse("core.remote"), "x")
    with pytest.raises(ConfigMistake, match=r"does not set core\.autostage"):
        unset_option(place, name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Core.Remote", OptionName("core", "", "remote")),
        ("remote.Store.URL", OptionName("remote", "store", "url")),
        ("db.pg.url", OptionName("db", "pg", "url")),
    ],
)
def test_names_of_options_are_read_in_any_case(text: str, name: OptionName) -> None:
    assert OptionName.parse(text) == name
    assert str(name) == text.lower()


@pytest.mark.parametrize("text", ["core", "", "core.a.b", "remote.a.b.c", "machine.x.y"])
def test_what_names_no_option_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"section\.option"):
        OptionName.parse(text)


def test_outside_of_a_repository_only_the_users_own_config_can_change(environ: Mapping[str, str]) -> None:
    place = ConfigPlace(None, environ)
    add_remote(place, "store", "s3://bucket", level="global")
    assert default_remote(place) == ""
    for level in ("", "local"):
        with pytest.raises(ConfigMistake, match="--global or --system"):
            add_remote(place, "other", "../a", level=level)


def test_a_file_that_is_not_well_formed_is_left_as_it_is(place: ConfigPlace) -> None:
    place.file().write_text("[core\n")
    with pytest.raises(ConfigMistake, match="cannot be read"):
        add_remote(place, "store", "../a")
    assert repo_text(place) == "[core\n"


def test_a_mistake_that_was_there_can_be_corrected(place: ConfigPlace) -> None:
    place.file().write_text("[core]\n    remot = a\n")
    unset_option(place, OptionName.parse("core.remot"))
    assert repo_text(place) == "\n"


def test_two_processes_that_change_it_at_once_do_not_lose_each_others_change(place: ConfigPlace) -> None:
    with editing(place) as edited:
        edited.set("core", "autostage", "true")
        # Another level is another file, but the same lock: it can be taken again by the same thread only.
        add_remote(place, "store", "../a", level="local")
    assert place.read().get("core", "autostage") is True
