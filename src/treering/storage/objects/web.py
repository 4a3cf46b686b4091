"""How stores that speak HTTP are let in: who asks, in which way, over which certificates.

Basic and Digest (RFC 7617, RFC 7616), a bearer's token, which a command may tell, or a
header of the server's own. Requests go over connections that are kept and shared by threads.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shlex
import subprocess
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import urllib3

from treering.core.errors import InvalidInput, NotSupported, Unauthenticated
from treering.core.settings import read_settings

__all__ = ["Web", "WebOptions"]

_UNKNOWN = 401
_PATIENCE = 60
_PAIR = re.compile(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_DIGESTS = {"": "md5", "md5": "md5", "md5-sess": "md5", "sha-256": "sha256", "sha-256-sess": "sha256"}


@dataclass(frozen=True, slots=True)
class WebOptions:
    """What can be said about one address.

    Attributes:
        auth: `basic`, `digest`, `bearer` or `header`; empty: what the rest tells.
        header: Name of the header that carries `password`, for `header`.
        token_command: Prints a bearer's token; asked again when the server does not take the token any more.
        verify: Whether the server's certificate is checked, or the file of the authorities that may sign it.
        method: How files are sent, `PUT` or `POST`, to a server that takes them; empty: they are not.
        connections: How many are kept open.
    """

    auth: str = ""
    user: str = ""
    password: str = ""
    token: str = ""
    token_command: str = ""
    header: str = ""
    verify: bool | str = True
    certificate: str = ""
    key: str = ""
    method: str = ""
    connect_timeout: float = 0.0
    read_timeout: float = 0.0
    connections: int = 16


class Web:
    """Requests in the name of who asks. Shared by threads.

    Args:
        place: The address, for messages.
        retries: What urllib3 repeats by itself, redirects included; None: nothing.
    """

    def __init__(self, options: WebOptions, place: str, retries: urllib3.Retry | None) -> None:
        self._options, self._place = options, place
        self._kind = options.auth.lower() or _told_kind(options)
        if self._kind not in {"", "basic", "digest", "bearer", "header"}:
            msg = f"{place} cannot be asked with {options.auth!r}. Known ways: basic, digest, bearer, header."
            raise NotSupported(msg)
        missing = [name for name in _NEEDED[self._kind] if not any(getattr(options, one) for one in name.split("|"))]
        if missing:
            msg = f"{self._kind} authentication at {place} needs {' and '.join(missing)}. Set it for this address."
            raise InvalidInput(msg)
        self._lock = threading.Lock()
        self._token = options.token
        self._challenge: dict[str, str] = {}
        self._count = 0
        if retries is not None and options.header:
            # Who the answer sends on to is not told the password.
            kept = {*retries.remove_headers_on_redirect, options.header.lower()}
            retries = retries.new(remove_headers_on_redirect=kept)
        self._pool = urllib3.PoolManager(
            maxsize=options.connections, retries=retries or False, timeout=_timeout(options), **_certificates(options)
        )

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: Iterable[bytes] | bytes | None = None,
    ) -> urllib3.BaseHTTPResponse:
        """The answer, whatever its status, with its body still to be read. Redirects are not followed with a body.

        Raises:
            urllib3.exceptions.HTTPError: If there is none.
            Unauthenticated: If the command does not tell a token.
        """
        if body is not None and self._kind == "digest" and not self._challenge:
            # Bytes that can be given once are not sent to be refused.
            self._sent("OPTIONS", url, {}, None).drain_conn()
        answer = self._sent(method, url, headers or {}, body)
        if answer.status == _UNKNOWN and self._can_try_again(answer) and _can_be_sent_again(body):
            answer.close()
            answer = self._sent(method, url, headers or {}, body)
        return answer

    def _sent(
        self, method: str, url: str, headers: Mapping[str, str], body: Iterable[bytes] | bytes | None
    ) -> urllib3.BaseHTTPResponse:
        said = {**headers, **self._who(method, url)}
        more: dict[str, Any] = {} if body is None else {"redirect": False}
        answer = self._pool.request(method, url, body=body, headers=said, preload_content=False, **more)
        if answer.status == _UNKNOWN and self._kind == "digest":
            self._learn(answer)
        return answer

    def _who(self, method: str, url: str) -> dict[str, str]:
        options = self._options
        if self._kind == "basic":
            return dict(urllib3.make_headers(basic_auth=f"{options.user}:{options.password}"))
        if self._kind == "header":
            return {options.header: options.password}
        if self._kind == "bearer":
            with self._lock:
                self._token = self._token or _asked(options.token_command, self._place)
                return {"authorization": f"Bearer {self._token}"}
        if self._kind == "digest" and self._challenge:
            return {"authorization": self._digest(method, url)}
        return {}

    def _can_try_again(self, answer: urllib3.BaseHTTPResponse) -> bool:
        if self._kind == "bearer" and self._options.token_command:
            with self._lock:
                self._token = ""
            return True
        return self._kind == "digest" and "digest" in answer.headers.get("www-authenticate", "").lower()

    def _learn(self, answer: urllib3.BaseHTTPResponse) -> None:
        for said in answer.headers.getlist("www-authenticate"):
            kind, _, rest = said.partition(" ")
            found = {name.lower(): quoted or plain for name, quoted, plain in _PAIR.findall(rest)}
            if kind.lower() == "digest" and found.get("algorithm", "").lower() in _DIGESTS:
                with self._lock:
                    self._challenge, self._count = found, 0
                return

    def _digest(self, method: str, url: str) -> str:
        with self._lock:
            challenge = self._challenge
            self._count += 1
            count = f"{self._count:08x}"
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        realm, nonce = challenge.get("realm", ""), challenge.get("nonce", "")
        name = challenge.get("algorithm", "")
        options, own = self._options, secrets.token_hex(8)

        def hashed(*texts: str) -> str:
            return hashlib.new(_DIGESTS[name.lower()], ":".join(texts).encode(), usedforsecurity=False).hexdigest()

        who = hashed(options.user, realm, options.password)
        if name.lower().endswith("-sess"):
            who = hashed(who, nonce, own)
        what = hashed(method, path)
        said = [("username", options.user), ("realm", realm), ("nonce", nonce), ("uri", path)]
        plain = [("algorithm", name)] if name else []
        if "auth" in re.split(r"[\s,]+", challenge.get("qop", "")):
            said += [("response", hashed(who, nonce, count, own, "auth", what)), ("cnonce", own)]
            plain += [("qop", "auth"), ("nc", count)]
        else:
            said += [("response", hashed(who, nonce, what))]
        if "opaque" in challenge:
            said += [("opaque", challenge["opaque"])]
        quoted = [f'{key}="{_escaped(value)}"' for key, value in said]
        return "Digest " + ", ".join(quoted + [f"{key}={value}" for key, value in plain])


_NEEDED = {
    "": (),
    "basic": ("user", "password"),
    "digest": ("user", "password"),
    "bearer": ("token|token_command",),
    "header": ("header", "password"),
}


def _told_kind(options: WebOptions) -> str:
    if options.token or options.token_command:
        return "bearer"
    if options.header:
        return "header"
    return "basic" if options.user and options.password else ""


def _can_be_sent_again(body: Iterable[bytes] | bytes | None) -> bool:
    return body is None or isinstance(body, bytes) or bool(getattr(body, "repeatable", False))


def _timeout(options: WebOptions) -> urllib3.Timeout:
    usual = read_settings().http_timeout
    return urllib3.Timeout(connect=options.connect_timeout or usual, read=options.read_timeout or usual)


def _certificates(options: WebOptions) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if options.verify is False:
        more["cert_reqs"] = "CERT_NONE"
    elif isinstance(options.verify, str):
        more["ca_certs"] = str(Path(options.verify).expanduser())
    if options.certificate:
        more["cert_file"] = str(Path(options.certificate).expanduser())
    if options.key:
        more["key_file"] = str(Path(options.key).expanduser())
    return more


def _asked(command: str, place: str) -> str:
    """What the user's own command prints."""
    try:
        done = subprocess.run(  # noqa: S603 - it stands in the user's own configuration
            shlex.split(command),
            check=True,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        said = str(getattr(error, "stderr", "") or error).strip()
        msg = f"The command that tells the token for {place} failed: {said}. Run it by hand: {command}"
        raise Unauthenticated(msg) from error
    if not done.stdout.strip():
        msg = f"The command that tells the token for {place} printed nothing. Run it by hand: {command}"
        raise Unauthenticated(msg)
    return done.stdout.strip()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
