"""What must not be kept with a run: passwords on a command line or in a URL, and files that hold secrets.

It judges by names and forms alone; a secret in an ordinary place under an ordinary name passes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatch
from itertools import pairwise
from posixpath import basename
from urllib.parse import urlsplit

__all__ = ["MASK", "is_secret_file", "masked_command", "public_url"]

MASK = "***"
_WORDS = {
    *("auth", "authorization", "apikey", "bearer", "cred", "creds", "credential", "credentials", "pass", "passphrase"),
    *("passwd", "password", "pat", "pw", "pwd", "secret", "secrets", "token"),
}
_KEYS = {"access", "account", "api", "encryption", "private", "secret", "signing", "storage"}
_NAMED = re.compile(r"(?P<name>-{0,2}[\w.+/@-]+)(?P<sign>[=:])(?P<value>.+)", re.DOTALL)
_FLAG = re.compile(r"--?[A-Za-z][\w.-]*")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_IN_URL = re.compile(r"(?P<scheme>[A-Za-z][\w+.-]*://)[^/\s@]*@")
_IN_QUERY = re.compile(r"(?P<name>[?&;][\w.-]+=)[^&;#\s]*")
_TOKENS = re.compile(
    r"\b(?:gh[pousr]_|github_pat_|glpat-|hf_|sk-|xox[abpr]-|AKIA|ASIA|pypi-)[\w-]{12,}|\beyJ[\w-]+\.[\w-]+\.[\w-]*"
)
_SECRET_FILES = (
    *(
        ".env",
        ".env.*",
        "*.env",
        ".envrc",
        "*.pem",
        "*.key",
        "*.p12",
        "*.pfx",
        "*.ppk",
        "*.jks",
        "*.keystore",
        "*.kdbx",
    ),
    *(
        "id_rsa*",
        "id_dsa*",
        "id_ecdsa*",
        "id_ed25519*",
        ".netrc",
        "_netrc",
        ".pypirc",
        ".npmrc",
        ".htpasswd",
        ".pgpass",
    ),
    *("*credentials", "*credentials.*", "secret.*", "secrets.*", "*service[-_]account*.json", "*.tfstate", "*.tfvars"),
)


def masked_command(arguments: Sequence[str]) -> list[str]:
    """A command line whose secrets are replaced: `--password=x`, `--token x`, `db.password=x`, `https://me:x@host`."""
    shown: list[str] = []
    hidden = False
    for argument in arguments:
        if hidden and not _FLAG.fullmatch(argument):
            shown.append(MASK)
            hidden = False
            continue
        shown.append(_masked(argument))
        hidden = bool(_FLAG.fullmatch(argument)) and _is_secret(argument)
    return shown


def public_url(url: str) -> str:
    """The address of a git remote without password, token or query; the user of an SSH address stays."""
    bare = url.partition("?")[0].partition("#")[0] if "://" in url else url
    match = _IN_URL.match(bare)
    if match is None:
        return bare
    user = bare[match.end("scheme") : match.end() - 1].partition(":")[0]
    keeps = urlsplit(bare).scheme in {"ssh", "git+ssh", "ssh+git"} and user
    return match["scheme"] + (f"{user}@" if keeps else "") + bare[match.end() :]


def is_secret_file(path: str) -> bool:
    """Whether a file's name says that it holds a secret: `.env`, `*.pem`, `id_*` and others."""
    name = basename(path.rstrip("/")).lower()
    # What begins with id_ and has no suffix is a key of SSH; id_mapping.py is not.
    return (name.startswith("id_") and "." not in name) or any(fnmatch(name, pattern) for pattern in _SECRET_FILES)


def _masked(argument: str) -> str:
    named = _NAMED.fullmatch(argument)
    if named is not None and _is_secret(named["name"]):
        return f"{named['name']}{named['sign']}{MASK}"
    text = _IN_URL.sub(rf"\g<scheme>{MASK}@", argument)
    text = _IN_QUERY.sub(lambda found: found["name"] + MASK if _is_secret(found["name"]) else found[0], text)
    return _TOKENS.sub(MASK, text)


def _is_secret(name: str) -> bool:
    words = [word.lower() for word in re.split(r"[^A-Za-z0-9]+", _CAMEL.sub("-", name)) if word]
    pairs = pairwise(words)
    return any(word in _WORDS for word in words) or any(a in _KEYS and b == "key" for a, b in pairs)
