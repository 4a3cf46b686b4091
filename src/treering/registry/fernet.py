"""Encrypts the secrets of webhooks with Fernet, whose keys MLflow uses for the same. Loaded only where a key is set."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken

from treering.core.errors import DamagedData, InvalidInput

__all__ = ["FernetSeal"]


class FernetSeal:
    """A `Seal` of `treering.registry.seals`.

    Args:
        key: 32 bytes in URL-safe base64.

    Raises:
        InvalidInput: If it is none.
    """

    def __init__(self, key: str) -> None:
        try:
            self._fernet = Fernet(key)
        except ValueError as error:
            msg = (
                "TREERING_WEBHOOK_SECRET_ENCRYPTION_KEY is no key: it has to be 32 bytes in URL-safe base64. Make one with:"
                ' python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
            )
            raise InvalidInput(msg) from error

    def close(self, secret: str) -> str:
        """The secret, encrypted."""
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """What `close` was given. Raises DamagedData if it was another key."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            msg = (
                "The secret of the webhook was encrypted with another key than TREERING_WEBHOOK_SECRET_ENCRYPTION_KEY"
                " has now. Set the key of then, or give the webhook a new secret."
            )
            raise DamagedData(msg) from error
