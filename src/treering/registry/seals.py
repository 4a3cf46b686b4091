"""The secrets of webhooks as they lie in the database: as they are, or encrypted where the settings have a key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from treering.core.errors import InvalidInput, Unavailable
from treering.core.plugins import Registry

__all__ = ["SEALS", "Seal", "Secrets"]

_MARK = "treering-sealed:fernet:"


class Seal(Protocol):
    """One way to encrypt."""

    def close(self, secret: str) -> str:
        """The secret, encrypted."""
        ...

    def open(self, sealed: str) -> str:
        """What `close` was given. Raises DamagedData."""
        ...


SEALS: Registry[Callable[[str], Seal]] = Registry(
    "treering.secret_seals", "seal of secrets", {"fernet": "treering.registry.fernet:FernetSeal"}
)


class Secrets:
    """Turns secrets into what is kept, and back.

    Args:
        key: What they are encrypted with; "" for not at all.
    """

    def __init__(self, key: str = "") -> None:
        self._key = key

    def kept(self, secret: str) -> str:
        """How a secret is kept; "" for none.

        Raises:
            InvalidInput: If the key is none.
            MissingExtra: If the package that encrypts is not installed.
        """
        if secret.startswith(_MARK):
            msg = f"A secret must not begin with {_MARK!r}, which marks encrypted ones. Choose another."
            raise InvalidInput(msg)
        if not self._key or not secret:
            return secret
        return _MARK + SEALS.load("fernet")(self._key).close(secret)

    def secret(self, kept: str) -> str:
        """What `kept` was given.

        Raises:
            Unavailable: If it is encrypted and there is no key.
            DamagedData: If it was encrypted with another one.
        """
        if not kept.startswith(_MARK):
            return kept
        if not self._key:
            msg = (
                "The webhook's secret is encrypted, and TREERING_WEBHOOK_SECRET_ENCRYPTION_KEY is not set here. Set it."
            )
            raise Unavailable(msg)
        return SEALS.load("fernet")(self._key).open(kept.removeprefix(_MARK))
