"""Remotes: where objects are kept beside the cache, opened as the config describes them, in DVC's words.

A remote that is a folder of this machine is a cache of its own; all others are stores
of objects, to which the words of the config become options.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treering.core.errors import InvalidInput, NotSupported
from treering.core.log import logger
from treering.storage.content.cache import Cache
from treering.storage.content.links import LinkKind
from treering.versioning.config_schema import check_remote, scheme_of
from treering.versioning.repository import Repository

if TYPE_CHECKING:
    from treering.storage.objects.base import ObjectStore

__all__ = ["Remote", "open_remote", "remote_of", "store_options"]

_LEAST_JOBS, _MOST_JOBS = 16, 64
_PER_CPU = 4

# DVC's word for a thing, and the store's.
_WEB = {
    "auth": "auth",
    "user": "user",
    "password": "password",
    "custom_auth_header": "header",
    "ssl_verify": "verify",
}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "s3": {
        "endpointurl": "endpoint_url",
        "region": "region",
        "profile": "profile",
        "access_key_id": "access_key",
        "secret_access_key": "secret_key",
        "session_token": "session_token",
        "configpath": "config_file",
        "credentialpath": "credentials_file",
        "ssl_verify": "verify",
        "use_ssl": "use_ssl",
        "allow_anonymous_login": "anonymous",
        "sse_customer_key": "customer_key",
        "sse_customer_algorithm": "customer_algorithm",
        "connect_timeout": "connect_timeout",
        "read_timeout": "read_timeout",
    },
    "gs": {
        "projectname": "project",
        "credentialpath": "credentials_file",
        "endpointurl": "endpoint_url",
        "allow_anonymous_login": "anonymous",
    },
    "azure": {
        "connection_string": "connection_string",
        "account_name": "account",
        "account_key": "account_key",
        "sas_token": "sas_token",
        "tenant_id": "tenant_id",
        "client_id": "client_id",
        "client_secret": "client_secret",
        "allow_anonymous_login": "anonymous",
        "connection_timeout": "connect_timeout",
        "read_timeout": "read_timeout",
    },
    "ssh": {
        "user": "user",
        "port": "port",
        "password": "password",
        "keyfile": "key_file",
        "passphrase": "passphrase",
        "allow_agent": "agent",
        "gss_auth": "kerberos",
        "timeout": "timeout",
        "max_sessions": "sessions",
    },
    "hdfs": {"user": "user"},
    "webhdfs": {"user": "user", "token": "token", "use_https": "https", "ssl_verify": "verify"},
    "http": {**_WEB, "method": "method", "connect_timeout": "connect_timeout", "read_timeout": "read_timeout"},
    "webdav": {
        **_WEB,
        "token": "token",
        "bearer_token_command": "token_command",
        "cert_path": "certificate",
        "key_path": "key",
        "timeout": "read_timeout",
    },
}
_SAME = {"https": "http", "webdavs": "webdav"}
# What goes with each upload to S3, by boto3's name for it.
_UPLOAD = {
    "sse": "ServerSideEncryption",
    "sse_kms_key_id": "SSEKMSKeyId",
    "acl": "ACL",
    "grant_read": "GrantRead",
    "grant_read_acp": "GrantReadACP",
    "grant_write_acp": "GrantWriteACP",
    "grant_full_control": "GrantFullControl",
}
# What the engine reads, or what makes no difference to it.
_NOT_THE_STORES = frozenset(
    (
        "url", "jobs", "checksum_jobs", "verify", "worktree", "version_aware", "no_traverse", "listobjects", "type",
        "shared", "protected", "slow_link_warning", "ask_password", "ask_passphrase", "cache_regions",
    )
)  # fmt: skip
_WITHOUT = {
    "gdrive": "Google Drive gives access to registered programs only. Keep the data in gs:// or another store.",
    "oss": "Alibaba's store speaks S3's protocol, too: write s3://bucket/path, and set endpointurl and the keys.",
}
_KERBEROS = ("kerberos", "kerberos_principal", "kerb_ticket", "proxy_to", "data_proxy_target")


@dataclass(frozen=True, eq=False)
class Remote:
    """A place that objects are sent to and fetched from.

    Attributes:
        name: In the config; "" for one that is given by its settings.
        url: As the config has it, absolute.
        config: Its options, with their types.
        verify: Whether the config wants everything compared with its name; what is fetched always is.
        jobs: How many objects travel at once.
        ask: Asks the user for a password, where the config says that they are asked; by default on the terminal.
    """

    name: str
    url: str
    config: Mapping[str, Any]
    verify: bool = False
    jobs: int = _LEAST_JOBS
    ask: Callable[[str], str] | None = None

    @property
    def version_aware(self) -> bool:
        """Whether files lie there under their own names, and the place keeps their versions."""
        return bool(self.config.get("version_aware") or self.config.get("worktree"))

    @property
    def worktree(self) -> bool:
        """Whether it mirrors the working tree."""
        return bool(self.config.get("worktree"))

    @property
    def can_list(self) -> bool:
        """Whether it can be asked what it has."""
        return scheme_of(self.url) not in {"http", "https"}

    @cached_property
    def folder(self) -> Path | None:
        """The folder that it is; None if it lies elsewhere."""
        return None if scheme_of(self.url) else Path(os.path.expanduser(self.url)).absolute()

    @cached_property
    def disk(self) -> Cache | None:
        """The objects in that folder."""
        if self.folder is None:
            return None
        root = self.folder / ".dvc" if self.worktree else self.folder
        return Cache(root, kinds=(LinkKind.COPY,), shared=self.config.get("shared") == "group")

    @cached_property
    def store(self) -> ObjectStore:
        """The store at the URL.

        Raises:
            NotSupported: If nothing speaks its scheme, or an option asks for what cannot be done.
            MissingExtra: If the driver needs a package that is not installed.
        """
        # A folder of this machine needs none of what opens stores.
        opener = import_module("treering.storage.objects").open_store
        opened: ObjectStore = opener(str(self.folder)) if self.folder else opener(self.url, store_options(self))
        return opened


def open_remote(repo: Repository, name: str = "", *, jobs: int | None = None) -> Remote:
    """A remote of the config; without a name, the default one. Nothing is connected yet.

    Raises:
        UnknownRemote: If there is none of that name, or none by default.
        ConfigMistake: If the config is wrong.
    """
    return remote_of(repo.config.remote(name), (name or repo.config.default_remote).lower(), jobs=jobs)


def remote_of(config: Mapping[str, Any], name: str = "", *, jobs: int | None = None) -> Remote:
    """A remote by its options.

    Raises:
        ConfigMistake: If there is no such option, or it does not take that value.
    """
    config = check_remote(config)
    usual = min(max(_LEAST_JOBS, _PER_CPU * (os.cpu_count() or 1)), _MOST_JOBS)
    return Remote(
        name,
        str(config["url"]),
        config,
        verify=bool(config.get("verify")),
        jobs=jobs or config.get("jobs") or usual,
    )


def store_options(remote: Remote) -> dict[str, Any]:
    """What the config says, in the words of the store.

    Raises:
        NotSupported: If an option asks for what cannot be done.
        InvalidInput: If options exclude each other.
    """
    given = scheme_of(remote.url)
    scheme = _SAME.get(given, given)
    if scheme in _WITHOUT:
        msg = f"The remote {remote.url} cannot be opened. {_WITHOUT[scheme]}"
        raise NotSupported(msg)
    config = _with_secrets(remote, scheme)
    refused = [word for word in _KERBEROS if config.get(word)]
    if refused:
        msg = (
            f"The remote {remote.url} asks for {refused[0]}, but Kerberos and proxies of users are not spoken."
            " Give a delegation token, or use webhdfs:// without it."
        )
        raise NotSupported(msg)
    words = _WORDS.get(scheme, {})
    options = {words[word]: value for word, value in config.items() if word in words}
    left_out = config.keys() - words.keys() - _NOT_THE_STORES - (_UPLOAD.keys() if scheme == "s3" else frozenset())
    if left_out:
        logger.warning("Options of the remote %s that do nothing: %s", remote.url, ", ".join(sorted(left_out)))
    return _FINISHING.get(scheme, _plain)(options, config, remote)


def _plain(options: dict[str, Any], _config: Mapping[str, Any], _remote: Remote) -> dict[str, Any]:
    return options


def _s3(options: dict[str, Any], config: Mapping[str, Any], remote: Remote) -> dict[str, Any]:
    upload = {name: config[word] for word, name in _UPLOAD.items() if config.get(word)}
    if "ACL" in upload and any(name.startswith("Grant") for name in upload):
        msg = f"The remote {remote.url} has both acl and grant_* options, which exclude each other. Remove one."
        raise InvalidInput(msg)
    if "SSEKMSKeyId" in upload and config.get("sse_customer_key"):
        msg = f"The remote {remote.url} has both sse_kms_key_id and sse_customer_key. Remove one."
        raise InvalidInput(msg)
    return {**options, "upload": upload, "connections": remote.jobs + 4}


def _web(options: dict[str, Any], config: Mapping[str, Any], remote: Remote) -> dict[str, Any]:
    if options.get("auth") == "custom":
        options["auth"] = "header"
    if options.get("header") and options.get("token"):
        options.pop("header")  # the token is what counts
    if scheme_of(remote.url).startswith("http"):
        # A web server that takes files is told so by DVC with POST.
        options.setdefault("method", "POST")
        if not config.get("auth"):
            options = {name: value for name, value in options.items() if name not in {"user", "password", "header"}}
    return {**options, "connections": remote.jobs + 4}


_FINISHING: Mapping[str, Callable[[dict[str, Any], Mapping[str, Any], Remote], dict[str, Any]]] = {
    "s3": _s3,
    "http": _web,
    "webdav": _web,
}


def _with_secrets(remote: Remote, scheme: str) -> dict[str, Any]:
    """With what the user is asked for, where the config says so."""
    config = dict(remote.config)
    ask = remote.ask or import_module("getpass").getpass
    before, _, host = remote.url.partition("://")[2].partition("/")[0].rpartition("@")
    if config.get("ask_password") and not config.get("password"):
        who = config.get("user") or before.partition(":")[0] or "you"
        config["password"] = ask(f"Password of {who} at {host}: ")
    if scheme == "ssh" and config.get("ask_passphrase") and not config.get("passphrase"):
        config["passphrase"] = ask(f"Passphrase of the SSH key for {host}: ")
    return config
