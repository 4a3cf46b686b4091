"""Which options a config file may have, and what values they take: DVC's own closed list.

DVC refuses a file with anything else, so Treering neither writes such a thing nor accepts it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from treering.versioning.errors import ConfigMistake

__all__ = ["NAMED", "PATHS", "SECTIONS", "check_remote", "check_section", "remote_options", "scheme_of"]

Check = Callable[[Any], Any]

_LINKS = ("reflink", "hardlink", "symlink", "copy")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://[^/?#]")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        msg = "expected text; quote it if it has commas"
        raise ConfigMistake(msg)
    return value


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    msg = "expected true or false"
    raise ConfigMistake(msg)


def _bool_or_text(value: Any) -> bool | str:
    return _bool(value) if isinstance(value, bool) or _text(value).lower() in {"true", "false"} else _text(value)


def _lower(value: Any) -> str:
    return _text(value).lower()


def _int(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        msg = "expected a whole number"
        raise ConfigMistake(msg) from None


def _jobs(value: Any) -> int:
    number = _int(value)
    if number < 1:
        msg = "expected a whole number of 1 or more"
        raise ConfigMistake(msg)
    return number


def _quota(value: Any) -> int:
    number = _int(value)
    if not 0 <= number <= 100:  # noqa: PLR2004 - per cent
        msg = "expected a whole number from 0 to 100"
        raise ConfigMistake(msg)
    return number


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        msg = "expected a number"
        raise ConfigMistake(msg) from None


def _seconds(value: Any) -> float:
    number = _number(value)
    if not number >= 0:
        msg = "expected a number of seconds, 0 or more"
        raise ConfigMistake(msg)
    return number


def _links(value: Any) -> tuple[str, ...]:
    kinds = [kind.strip() for kind in value.split(",")] if isinstance(value, str) else list(value)
    unknown = [kind for kind in kinds if kind not in _LINKS]
    if unknown:
        msg = f"expected some of {', '.join(_LINKS)}, not {', '.join(map(repr, unknown))}"
        raise ConfigMistake(msg)
    return tuple(kinds)


def _one_of(*choices: str) -> Check:
    def check(value: Any) -> str:
        lowered = _lower(value)
        if lowered not in choices:
            msg = f"expected one of {', '.join(choices)}"
            raise ConfigMistake(msg)
        return lowered

    return check


_REMOTE: Mapping[str, Check] = {
    "url": _text,
    "checksum_jobs": _jobs,
    "jobs": _jobs,
    "worktree": _bool,
    "no_traverse": _bool,
    "version_aware": _bool,
}
_VERIFY: Mapping[str, Check] = {"verify": _bool}
_LOCAL: Mapping[str, Check] = {
    "type": _links,
    "protected": _bool,
    "shared": _one_of("group"),
    "slow_link_warning": _bool,
    **_VERIFY,
}


def _texts(*names: str) -> dict[str, Check]:
    return dict.fromkeys(names, _text)


def _bools(*names: str) -> dict[str, Check]:
    return dict.fromkeys(names, _bool)


def _ints(*names: str) -> dict[str, Check]:
    return dict.fromkeys(names, _int)


_HTTP: Mapping[str, Check] = {
    "auth": _one_of("basic", "digest", "custom"),
    **_texts("custom_auth_header", "user", "password", "method"),
    **_bools("ask_password", "verify"),
    "ssl_verify": _bool_or_text,
    "connect_timeout": _seconds,
    "read_timeout": _seconds,
}
_WEBDAV: Mapping[str, Check] = {
    **_texts("user", "password", "token", "bearer_token_command", "custom_auth_header", "cert_path", "key_path"),
    **_bools("ask_password", "verify"),
    **_ints("timeout"),
    "ssl_verify": _bool_or_text,
}
_SCHEMES: Mapping[str, Mapping[str, Check]] = {
    "": _LOCAL,
    "s3": {
        **_texts("region", "profile", "credentialpath", "configpath", "endpointurl", "access_key_id"),
        **_texts("secret_access_key", "session_token", "sse", "sse_kms_key_id", "sse_customer_algorithm"),
        **_texts("sse_customer_key", "acl", "grant_read", "grant_read_acp", "grant_write_acp", "grant_full_control"),
        **_bools("listobjects", "use_ssl", "allow_anonymous_login", "cache_regions", "verify"),
        **_ints("read_timeout", "connect_timeout"),
        "ssl_verify": _bool_or_text,
    },
    "gs": {**_texts("projectname", "credentialpath", "endpointurl"), **_bools("verify", "allow_anonymous_login")},
    "ssh": {
        "type": _links,
        **_ints("port", "timeout", "max_sessions"),
        **_texts("user", "password", "passphrase", "keyfile"),
        **_bools("ask_password", "ask_passphrase", "gss_auth", "allow_agent", "verify"),
    },
    "hdfs": {**_texts("user", "kerb_ticket"), **_ints("replication")},
    "webhdfs": {
        **_texts("kerberos_principal", "proxy_to", "token", "user", "password", "data_proxy_target"),
        **_bools("kerberos", "use_https", "verify"),
        "ssl_verify": _bool_or_text,
    },
    "azure": {
        **_texts("connection_string", "sas_token", "account_name", "account_key", "tenant_id", "client_id"),
        **_texts("client_secret"),
        **_bools("allow_anonymous_login", "exclude_environment_credential", "exclude_visual_studio_code_credential"),
        **_bools("exclude_shared_token_cache_credential", "exclude_managed_identity_credential", "verify"),
        **_ints("timeout", "read_timeout", "connection_timeout"),
    },
    "oss": {**_texts("oss_key_id", "oss_key_secret", "oss_endpoint"), **_VERIFY},
    "gdrive": {
        **_texts("profile", "gdrive_client_id", "gdrive_client_secret", "gdrive_user_credentials_file"),
        **_texts("gdrive_service_account_user_email", "gdrive_service_account_json_file_path"),
        **_bools("gdrive_use_service_account", "gdrive_trash_only", "gdrive_acknowledge_abuse", "verify"),
    },
    "http": _HTTP,
    "https": _HTTP,
    "webdav": _WEBDAV,
    "webdavs": _WEBDAV,
}
_VERIFIED = {"gdrive", "oss"}

SECTIONS: Mapping[str, Mapping[str, Check]] = {
    "core": {
        "remote": _lower,
        "checksum_jobs": _jobs,
        **_bools("interactive", "analytics", "hardlink_lock", "no_scm", "autostage", "experiments", "check_update"),
        "site_cache_dir": _text,
        "machine": _lower,
    },
    "cache": {**_texts("local", "s3", "gs", "hdfs", "webhdfs", "ssh", "azure", "dir"), **_LOCAL},
    "state": {"dir": _text, "row_limit": _jobs, "row_cleanup_quota": _quota},
    "index": {"dir": _text},
    "feature": {"machine": _bool},
    "plots": {"html_template": _text, "auto_open": _bool, "out_dir": _text},
    "exp": {
        **_texts("code", "data", "models", "metrics", "params", "plots", "live", "git_remote"),
        "auto_push": _bool,
    },
    "parsing": {"bool": _one_of("store_true", "boolean_optional"), "list": _one_of("nargs", "append")},
    "hydra": {"enabled": _bool, **_texts("config_dir", "config_module", "config_name", "plugins_path")},
    "studio": {**_texts("token", "url", "repo_url"), "offline": _bool},
}
"""Sections without names, and their options."""

NAMED: Mapping[str, Mapping[str, Check]] = {
    "remote": {},
    "machine": {
        "cloud": _one_of("aws", "azure"),
        "region": _one_of("us-west", "us-east", "eu-west", "eu-north"),
        **_texts("image", "ssh_private", "startup_script", "setup_script"),
        "spot": _bool,
        "spot_price": _number,
        "instance_hdd_size": _int,
        "instance_type": _lower,
        "instance_gpu": _lower,
    },
    "db": _texts("url", "username", "password"),
}
"""Sections with names, `[remote "name"]`; a remote's options depend on its URL."""

PATHS: Mapping[str, frozenset[str]] = {
    "cache": frozenset({"dir"}),
    "remote": frozenset(
        {
            "url", "gdrive_user_credentials_file", "gdrive_service_account_json_file_path", "credentialpath",
            "configpath", "keyfile", "cert_path", "key_path",
        }
    ),
    "machine": frozenset({"startup_script", "setup_script"}),
}  # fmt: skip
"""Options that are paths, which count from the folder of their file where they are relative."""

_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "core": {
        "interactive": False, "analytics": True, "hardlink_lock": False, "no_scm": False, "autostage": False,
        "check_update": True,
    },
    "cache": {"slow_link_warning": True, "verify": False},
    "plots": {"auto_open": False},
    "hydra": {"enabled": False},
    "studio": {"offline": False},
}  # fmt: skip


def check_section(section: str, options: Mapping[str, Any], name: str = "") -> dict[str, Any]:
    """The options of a section with their types, and with defaults for those that are not given.

    Raises:
        ConfigMistake: If an option is unknown or has a wrong value. The caller adds where.
    """
    checks = NAMED[section] if name else SECTIONS.get(section)
    if checks is None:
        msg = f"there is no section [{section}]. Sections are: {', '.join(SECTIONS)}, and remote, db with names"
        raise ConfigMistake(msg)
    checked = {**_DEFAULTS.get(section, {}), **_checked(options, checks, lenient=section == "feature")}
    if section == "hydra" and {"config_dir", "config_module"} <= options.keys():
        msg = "config_dir and config_module exclude each other"
        raise ConfigMistake(msg)
    return checked


def check_remote(options: Mapping[str, Any]) -> dict[str, Any]:
    """As `check_section`, for a remote; whose URL says what else it can have.

    Raises:
        ConfigMistake: As above; or if there is no URL, or nothing speaks its scheme.
    """
    if "url" not in options:
        msg = "there is no url"
        raise ConfigMistake(msg)
    scheme = scheme_of(_text(options["url"]))
    if scheme == "remote":
        return {**options}
    checked = _checked(options, remote_options(scheme))
    defaults = {"slow_link_warning": True} if not scheme else {}
    return {"verify": scheme in _VERIFIED, **defaults, **checked}


def remote_options(scheme: str) -> Mapping[str, Check]:
    """What can be set for remotes of a scheme; "" is a folder of this machine.

    Raises:
        ConfigMistake: If nothing speaks that scheme.
    """
    if scheme not in _SCHEMES:
        msg = f"URLs of the form {scheme}:// are not supported. Supported are paths and {', '.join(filter(None, _SCHEMES))}"
        raise ConfigMistake(msg)
    return {**_REMOTE, **_SCHEMES[scheme]}


def scheme_of(url: str) -> str:
    """The scheme of a remote's URL in lower case; "" for a path."""
    found = _URL.match(url)
    return found[1].lower() if found else ""


def _checked(options: Mapping[str, Any], checks: Mapping[str, Check], *, lenient: bool = False) -> dict[str, Any]:
    checked = {}
    for option, value in options.items():
        if option not in checks:
            if lenient:
                continue
            msg = f"there is no option {option!r}. Options are: {', '.join(sorted(checks))}"
            raise ConfigMistake(msg)
        try:
            checked[option] = checks[option](value)
        except ConfigMistake as mistake:
            msg = f"{option} is {value!r}: {mistake}"
            raise ConfigMistake(msg) from None
    return checked
