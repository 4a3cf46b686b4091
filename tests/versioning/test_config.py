from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from treering.versioning.config import Config, read_config, read_sections, site_cache
from treering.versioning.config_file import read_plain
from treering.versioning.config_text import read_any
from treering.versioning.errors import ConfigMistake, UnknownRemote, exit_status

# As DVC itself writes them, and as people do.
PLAIN = [
    "",
    "\n# only a comment\n",
    "[core]\n    no_scm = True\n",
    "[core]\n    remote = store\n['remote \"store\"']\n    url = ../../store\n    verify = true\n",
    '[cache]\n    type = "hardlink,symlink"\n    shared = group',
    "[ core ]\nRemote=Store\n\n# about\n[\"cache\"]\n  dir = 'a b'  \n",
    "['remote \"s3\"']\n    url = s3://bucket/path?x=1&y=2\n    endpointurl = http://localhost:9000\n",
    '[core]\nremote = ""\nanalytics = it is true\n',
]
BEYOND = [
    "[cache]\ntype = hardlink, symlink\n",
    "[core]\nremote = a # comment behind it\n",
    "[core] # comment\nremote = a\n",
    "[core]\nremote = 'a' # comment\n",
    "[core]\nsite_cache_dir = %(remote)s/x\nremote = a\n",
    '[core]\nremote = """a\nb"""\n',
    "[core]\nremote =\n",
    "[core]\n[[inner]]\nkey = value\n",
    "key = value\n[core]\nremote = a\n",
    '[core]\n"remote" = a\n',
]
WRONG = [
    "[core\nremote = a\n",
    "[core]\nremote\n",
    "[core]\nremote = a\nremote = b\n",
    "[core]\nremote = a\n[core]\nremote = b\n",
    '[core]\nremote = "a\n',
    "<<<<<<< HEAD\n[core]\n=======\n>>>>>>> other\n",
]


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    folders = {"system": tmp_path / "system", "global": tmp_path / "global", "repo": tmp_path / "project" / ".dvc"}
    for folder in folders.values():
        folder.mkdir(parents=True)
    return folders


@pytest.fixture
def write(folders: Mapping[str, Path], environ: Mapping[str, str]) -> Any:
    """Writes config files by level, and reads what they say together."""

    def run(**levels: str) -> Config:
        for level, text in levels.items():
            folder = folders["repo" if level == "local" else level]
            (folder / ("config.local" if level == "local" else "config")).write_text(text)
        return read_config(folders["repo"], environ)

    return run


@pytest.mark.parametrize("text", PLAIN)
def test_simple_files_are_read_as_configobj_reads_them(text: str) -> None:
    plain = read_plain(text)
    assert plain is not None
    assert plain == read_any(text, "config")
    assert list(plain) == list(read_any(text, "config"))


@pytest.mark.parametrize("text", BEYOND)
def test_what_is_not_simple_is_left_to_configobj(text: str) -> None:
    assert read_plain(text) is None
    assert read_sections(text, "config") == read_any(text, "config")


@pytest.mark.parametrize("text", WRONG)
def test_what_is_not_well_formed_is_refused_by_name(text: str) -> None:
    with pytest.raises(ConfigMistake, match="/config cannot be read") as caught:
        read_sections(text, "/config")
    assert exit_status(caught.value) == 251


def test_later_levels_count_more(write: Any) -> None:
    config = write(
        system="[core]\n    remote = one\n    autostage = true\n",
        **{"global": "[core]\n    remote = two\n[exp]\n    git_remote = origin\n"},
        repo="[core]\n    remote = three\n",
        local="[core]\n    remote = Four\n",
    )
    assert config.default_remote == "four"
    assert config.get("core", "autostage") is True
    assert config.get("exp", "git_remote") == "origin"
    assert dict(config.items()) == {"core.remote": "Four", "core.autostage": "true", "exp.git_remote": "origin"}
    assert dict(config.items("repo")) == {"core.remote": "three"}


def test_secrets_of_the_local_file_join_the_remote_of_the_repository(write: Any) -> None:
    config = write(
        repo="['remote \"Store\"']\n    url = s3://bucket/data\n",
        local="['remote \"store\"']\n    secret_access_key = hidden\n    use_ssl = false\n",
    )
    assert dict(config.remote("STORE")) == {
        "url": "s3://bucket/data", "secret_access_key": "hidden", "use_ssl": False, "verify": False,
    }  # fmt: skip


def test_types_and_defaults_are_dvcs(write: Any) -> None:
    config = write(repo="[cache]\n    type = hardlink,copy\n    shared = Group\n[core]\n    checksum_jobs = 4\n")
    assert config.get("cache", "type") == ("hardlink", "copy")
    assert config.get("cache", "shared") == "group"
    assert config.get("core", "checksum_jobs") == 4
    assert config.get("core", "analytics") is True
    assert config.get("cache", "verify") is False
    assert config.get("cache", "dir") is None


def test_relative_paths_count_from_the_folder_of_their_file(
    write: Any, folders: Mapping[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/made-up")
    config = write(
        repo="[cache]\n    dir = ../../shared\n['remote \"near\"']\n    url = ../store\n",
        **{
            "global": "['remote \"ssh\"']\n    url = ssh://host/path\n    keyfile = keys/id\n['remote \"home\"']\n    url = ~/store\n"
        },
    )
    assert config.get("cache", "dir") == str(folders["repo"].parent.parent / "shared")
    assert config.remote("near")["url"] == str(folders["repo"].parent / "store")
    assert config.remote("ssh")["keyfile"] == str(folders["global"] / "keys" / "id")
    assert config.remote("ssh")["url"] == "ssh://host/path"
    assert config.remote("home")["url"] == "/made-up/store"


def test_a_remote_may_stand_on_another_one(write: Any) -> None:
    config = write(
        repo="['remote \"server\"']\n    url = ssh://host/data\n    user = root\n    port = 2222\n"
        "['remote \"images\"']\n    url = remote://Server/tmp/pictures\n    user = alice\n"
        "['remote \"small\"']\n    url = remote://images/small\n",
    )
    assert dict(config.remote("small")) == {
        "url": "ssh://host/data/tmp/pictures/small", "user": "alice", "port": 2222, "verify": False,
    }  # fmt: skip


def test_remotes_that_stand_on_each_other_are_refused(write: Any) -> None:
    config = write(repo="['remote \"a\"']\n    url = remote://b/x\n['remote \"b\"']\n    url = remote://a/y\n")
    with pytest.raises(ConfigMistake, match="in a circle"):
        config.remote("a")


def test_an_unknown_remote_is_told_with_those_that_exist(write: Any) -> None:
    config = write(repo="['remote \"store\"']\n    url = ../store\n")
    with pytest.raises(UnknownRemote, match=r"There is no remote 'other'\. Configured are: store."):
        config.remote("other")
    with pytest.raises(UnknownRemote, match="No remote is the default one"):
        config.remote()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[core]\n    remot = x\n", "there is no option 'remot'"),
        ("[cores]\n    remote = x\n", r"there is no section \[cores\]"),
        ("[core]\n    no_scm = maybe\n", "no_scm is 'maybe': expected true or false"),
        ("[core]\n    checksum_jobs = 0\n", "1 or more"),
        ("[cache]\n    type = hardlnk\n", "expected some of reflink, hardlink, symlink, copy, not 'hardlnk'"),
        ("[cache]\n    shared = all\n", "expected one of group"),
        ("['remote \"x\"']\n    user = me\n", "there is no url"),
        ("['remote \"x\"']\n    url = nfs://host/x\n", "URLs of the form nfs:// are not supported"),
        ("['remote \"x\"']\n    url = ../x\n    region = eu\n", "there is no option 'region'"),
        ("[remote]\n    url = ../x\n", "a name is missing"),
        ("[hydra]\n    config_dir = conf\n    config_module = conf\n", "exclude each other"),
        ("[parsing]\n    bool = yes\n", "expected one of store_true, boolean_optional"),
    ],
)
def test_what_dvc_would_refuse_is_refused_with_its_place(write: Any, text: str, reason: str) -> None:
    config = write(repo=text)
    with pytest.raises(ConfigMistake, match=reason) as caught:
        config.check()
    assert "config" in str(caught.value)
    assert exit_status(caught.value) == 251


def test_an_option_outside_of_any_section_is_refused(write: Any) -> None:
    config = write(repo="remote = x\nother = y\n[core]\nautostage = true\n")
    assert dict(config.items()) == {"remote": "x", "other": "y", "core.autostage": "true"}
    with pytest.raises(ConfigMistake, match="stands before any section"):
        config.check()


def test_unknown_features_are_only_warned_of(write: Any, caplog: pytest.LogCaptureFixture) -> None:
    config = write(repo="[feature]\n    speed = true\n")
    with caplog.at_level(logging.WARNING, "treering"):
        config.check()
    assert caplog.messages == ["Config options that do nothing: feature.speed"]


def test_outside_of_a_repository_the_machine_and_the_user_count(write: Any, environ: Mapping[str, str]) -> None:
    write(system="[core]\n    analytics = false\n", repo="[core]\n    analytics = true\n")
    config = read_config(None, environ)
    assert list(config.files) == ["system", "global"]
    assert config.get("core", "analytics") is False


def test_folders_are_those_of_the_system_without_variables(tmp_path: Path) -> None:
    config = read_config(
        None, {"XDG_CONFIG_HOME": str(tmp_path / "user"), "XDG_CONFIG_DIRS": f"{tmp_path}/site:/etc/xdg"}
    )
    assert config.files == {
        "system": tmp_path / "site" / "dvc" / "config",
        "global": tmp_path / "user" / "dvc" / "config",
    }
    assert read_config(None, {"HOME": str(tmp_path)}).files["global"] == tmp_path / ".config" / "dvc" / "config"


def test_the_shared_cache_is_where_it_is_said_to_be(write: Any, environ: Mapping[str, str]) -> None:
    config = write(repo="[core]\n    site_cache_dir = /made-up/site\n")
    assert site_cache(config, environ) == Path(environ["DVC_SITE_CACHE_DIR"])
    assert site_cache(config, {}) == Path("/made-up/site")


def test_a_command_may_overrule_the_files(write: Any) -> None:
    config = write(repo="[core]\n    remote = a\n['remote \"a\"']\n    url = s3://bucket/x\n")
    other = config.overridden({"core": {"remote": "b"}, "remote": {"b": {"url": "/made-up/b"}, "a": {"profile": "p"}}})
    assert other.remote()["url"] == "/made-up/b"
    assert other.remote("a")["profile"] == "p"
    assert "profile" not in config.remote("a")


def test_a_config_of_another_revision_can_be_read(
    write: Any, folders: Mapping[str, Path], environ: Mapping[str, str]
) -> None:
    write(repo="[core]\n    remote = now\n", local="[core]\n    autostage = true\n")
    config = read_config(folders["repo"], environ, repo_text="[core]\n    remote = then\n")
    assert config.default_remote == "then"
    assert config.get("core", "autostage") is True


def test_a_file_that_is_no_text_is_told_by_name(folders: Mapping[str, Path], environ: Mapping[str, str]) -> None:
    (folders["repo"] / "config").write_bytes(b"[core]\n    remote = \xff\n")
    with pytest.raises(ConfigMistake, match=r"\.dvc/config is not UTF-8"):
        read_config(folders["repo"], environ)
