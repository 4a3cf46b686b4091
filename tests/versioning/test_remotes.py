"""Each word that a remote may have in DVC's config reaches the store that it is for, or is told to do nothing."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from places import Place, configure
from treering.core.errors import InvalidInput, NotSupported
from treering.storage.objects.hdfs import HdfsOptions
from treering.storage.objects.options import told
from treering.storage.objects.web import WebOptions
from treering.versioning.config_schema import remote_options
from treering.versioning.errors import ConfigMistake, UnknownRemote
from treering.versioning.presence import present
from treering.versioning.remotes import open_remote, remote_of, store_options
from treering.versioning.repository import Repository
from treering.versioning.run_many import Stop
from webdav_server import Share, share

# What a cloud's package is needed for is named: in the environment of the base tests there is none.
WORDS: list[tuple[str, type[Any] | str, dict[str, Any], dict[str, Any]]] = [
    (
        "s3://bucket/x",
        "s3_access:S3Options",
        {
            "endpointurl": "http://here",
            "region": "eu",
            "profile": "p",
            "access_key_id": "k",
            "secret_access_key": "s",
            "session_token": "t",
            "configpath": "/c",
            "credentialpath": "/d",
            "ssl_verify": "/ca.pem",
            "use_ssl": False,
            "allow_anonymous_login": True,
            "read_timeout": 5,
            "connect_timeout": 6,
            "sse": "aws:kms",
            "sse_kms_key_id": "key",
            "grant_read": "id=1",
        },
        {
            "endpoint_url": "http://here",
            "region": "eu",
            "profile": "p",
            "access_key": "k",
            "secret_key": "s",
            "session_token": "t",
            "config_file": "/c",
            "credentials_file": "/d",
            "verify": "/ca.pem",
            "use_ssl": False,
            "anonymous": True,
            "read_timeout": 5.0,
            "connect_timeout": 6.0,
            "upload": {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "key", "GrantRead": "id=1"},
        },
    ),
    (
        "gs://bucket/x",
        "gcs:GoogleOptions",
        {"projectname": "p", "credentialpath": "/c.json", "endpointurl": "http://here", "allow_anonymous_login": True},
        {"project": "p", "credentials_file": "/c.json", "endpoint_url": "http://here", "anonymous": True},
    ),
    (
        "azure://container/x",
        "azure:AzureOptions",
        {
            "connection_string": "c",
            "account_name": "a",
            "account_key": "k",
            "sas_token": "s",
            "tenant_id": "t",
            "client_id": "i",
            "client_secret": "e",
            "allow_anonymous_login": True,
            "connection_timeout": 3,
        },
        {
            "connection_string": "c",
            "account": "a",
            "account_key": "k",
            "sas_token": "s",
            "tenant_id": "t",
            "client_id": "i",
            "client_secret": "e",
            "anonymous": True,
            "connect_timeout": 3.0,
        },
    ),
    (
        "ssh://host/x",
        "sftp:SftpOptions",
        {
            "user": "u",
            "port": 7,
            "password": "w",
            "keyfile": "/k",
            "passphrase": "p",
            "allow_agent": False,
            "gss_auth": True,
            "timeout": 9,
            "max_sessions": 3,
        },
        {
            "user": "u",
            "port": 7,
            "password": "w",
            "key_file": "/k",
            "passphrase": "p",
            "agent": False,
            "kerberos": True,
            "timeout": 9.0,
            "sessions": 3,
        },
    ),
    ("hdfs://host/x", HdfsOptions, {"user": "u"}, {"user": "u"}),
    (
        "webhdfs://host/x",
        HdfsOptions,
        {"user": "u", "token": "t", "use_https": True, "ssl_verify": False},
        {"user": "u", "token": "t", "https": True, "verify": False},
    ),
    (
        "https://host/x",
        WebOptions,
        {"auth": "digest", "user": "u", "password": "p", "method": "PUT", "ssl_verify": False, "read_timeout": 3.0},
        {"auth": "digest", "user": "u", "password": "p", "method": "PUT", "verify": False, "read_timeout": 3.0},
    ),
    (
        "http://host/x",
        WebOptions,
        {"auth": "custom", "custom_auth_header": "X", "password": "p"},
        {"auth": "header", "header": "X", "password": "p", "method": "POST"},
    ),
    # Without a way to ask, DVC names nobody.
    ("http://host/x", WebOptions, {"user": "u", "password": "p"}, {"method": "POST"}),
    (
        "webdavs://host/x",
        WebOptions,
        {
            "user": "u",
            "password": "p",
            "cert_path": "/c",
            "key_path": "/k",
            "timeout": 4,
            "ssl_verify": "/ca",
        },
        {"user": "u", "password": "p", "certificate": "/c", "key": "/k", "read_timeout": 4.0, "verify": "/ca"},
    ),
    ("webdav://host/x", WebOptions, {"bearer_token_command": "tell"}, {"token_command": "tell"}),
    ("webdav://host/x", WebOptions, {"token": "t", "custom_auth_header": "X"}, {"token": "t"}),
]


@pytest.mark.parametrize(
    ("url", "kind", "config", "expected"),
    [pytest.param(*row, marks=pytest.mark.cloud if isinstance(row[1], str) else ()) for row in WORDS],
)
def test_words_reach_the_store(
    url: str, kind: type[Any] | str, config: dict[str, Any], expected: dict[str, Any]
) -> None:
    if isinstance(kind, str):
        module, _, name = kind.partition(":")
        kind = getattr(import_module(f"treering.storage.objects.{module}"), name)
    options = store_options(remote_of({"url": url, **config}))
    if "connections" in options:
        expected = {**expected, "connections": options["connections"]}
    assert told(kind, options, url) == kind(**expected)


@pytest.mark.parametrize(
    "scheme", ["s3", "gs", "azure", "ssh", "hdfs", "webhdfs", "http", "https", "webdav", "webdavs"]
)
def test_every_word_of_the_schema_has_a_meaning_or_is_told_to_have_none(
    scheme: str, caplog: pytest.LogCaptureFixture
) -> None:
    for word, check in remote_options(scheme).items():
        if word in {"url", "kerberos", "kerberos_principal", "kerb_ticket", "proxy_to", "data_proxy_target", "auth"}:
            continue
        caplog.clear()
        with caplog.at_level(logging.WARNING, logger="treering"):
            store_options(remote_of({"url": f"{scheme}://host/x", word: _taken(check)}))
        said = "do nothing" in caplog.text
        silent = word.startswith("exclude_") or word == "replication" or (scheme == "azure" and word == "timeout")
        assert said == (silent or (scheme == "webhdfs" and word == "password")), word


def _taken(check: Callable[[Any], Any]) -> str:
    """A value that an option takes."""
    for value in ("1", "false", "copy"):
        with contextlib.suppress(ConfigMistake):
            check(value)
            return value
    raise AssertionError(check)


def test_what_excludes_each_other_is_refused() -> None:
    with pytest.raises(InvalidInput, match="acl and grant"):
        store_options(remote_of({"url": "s3://b", "acl": "private", "grant_read": "id=1"}))
    with pytest.raises(InvalidInput, match="sse_customer_key"):
        store_options(remote_of({"url": "s3://b", "sse_kms_key_id": "k", "sse_customer_key": "x"}))


@pytest.mark.cloud
def test_a_key_that_is_no_base64_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no base64"):
        _ = remote_of({"url": "s3://b", "sse_customer_key": "?"}).store


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"url": "gdrive://root"}, "gs://"),
        ({"url": "oss://bucket/x"}, "endpointurl"),
        ({"url": "webhdfs://host/x", "kerberos": True}, "kerberos"),
        ({"url": "hdfs://host/x", "kerb_ticket": "/t"}, "kerb_ticket"),
    ],
)
def test_what_is_not_spoken_is_told(config: dict[str, Any], message: str) -> None:
    with pytest.raises(NotSupported, match=message):
        store_options(remote_of(config))


def test_the_user_is_asked_for_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return "secret"

    monkeypatch.setattr("getpass.getpass", answer)
    ssh = remote_of({"url": "ssh://ada@host/x", "ask_password": True, "ask_passphrase": True})
    assert store_options(ssh) == {"password": "secret", "passphrase": "secret"}
    assert asked == ["Password of ada at host: ", "Passphrase of the SSH key for host: "]
    asked.clear()
    store_options(remote_of({"url": "webdav://host/x", "user": "bob", "ask_password": True}))
    assert asked == ["Password of bob at host: "]
    store_options(remote_of({"url": "webdav://host/x", "user": "bob", "password": "p", "ask_password": True}))
    assert len(asked) == 1


def test_a_folder_is_a_cache_of_its_own(repo: Repository, tmp_path: Path) -> None:
    repo = configure(repo, Place({"url": "../../remote"}))
    remote = open_remote(repo)
    assert (remote.name, remote.folder) == ("store", tmp_path / "remote")
    assert remote.disk is not None
    assert remote.disk.root == tmp_path / "remote"
    assert remote.store.local_path("") == tmp_path / "remote"
    assert open_remote(repo, "STORE").url == remote.url
    with pytest.raises(UnknownRemote, match="nothing"):
        open_remote(repo, "nothing")


def test_jobs_come_from_the_command_then_from_the_config(repo: Repository) -> None:
    repo = configure(repo, Place({"url": "s3://bucket", "jobs": "3"}))
    assert open_remote(repo).jobs == 3
    assert open_remote(repo, jobs=5).jobs == 5
    assert remote_of({"url": "s3://bucket"}).jobs >= 16


class TestAsking:
    """A store is asked in the way that costs least."""

    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[Share]:
        folder = tmp_path / "dav"
        folder.mkdir()
        with share(folder) as made:
            yield made

    @pytest.fixture
    def fill(self, server: Share) -> Callable[[int], list[str]]:
        def act(count: int) -> list[str]:
            values = [f"{number % 256:02x}{number:030x}" for number in range(count)]
            for value in values:
                path = server.folder / "files" / "md5" / value[:2] / value[2:]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
            return values

        return act

    def test_few_objects_are_asked_for_one_by_one(self, server: Share, fill: Callable[[int], list[str]]) -> None:
        values = fill(2000)
        remote = remote_of({"url": server.webdav})
        wanted = {*values[:20], "f" * 32}
        assert present(remote, wanted, legacy=False, stop=Stop()) == set(values[:20])
        assert len(server.asked) == 21

    def test_many_are_looked_for_in_lists(self, server: Share, fill: Callable[[int], list[str]]) -> None:
        values = fill(2000)
        remote = remote_of({"url": server.webdav})
        wanted = {*values[:1500], *(f"{number % 256:02x}e{number:029x}" for number in range(500))}
        assert present(remote, wanted, legacy=False, stop=Stop()) == set(values[:1500])
        # Two requests for each of 256 folders, and for the first once more.
        assert len(server.asked) <= 2 * 257

    def test_few_are_not_looked_for_in_long_lists(self, server: Share, fill: Callable[[int], list[str]]) -> None:
        values = fill(40)
        crowded = server.folder / "files" / "md5" / values[0][:2]
        for number in range(1200):
            (crowded / f"{number:030d}").touch()
        remote = remote_of({"url": server.webdav})
        assert present(remote, set(values), legacy=False, stop=Stop()) == set(values)
        assert len(server.asked) <= 45

    def test_what_is_no_object_is_not_taken_for_one(self, server: Share) -> None:
        folder = server.folder / "files" / "md5" / "ab"
        folder.mkdir(parents=True)
        (folder / ("0" * 30)).mkdir()
        remote = remote_of({"url": server.webdav})
        assert present(remote, {"ab" + "0" * 30}, legacy=False, stop=Stop()) == set()
