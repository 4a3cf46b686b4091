"""Ed25519 by the package cryptography, which is loaded only where something is signed or checked."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from treering.core.errors import InvalidInput

__all__ = ["SCHEME", "Ed25519"]

_PRIVATE, _PUBLIC = "private", "public"


class Ed25519:
    """A `Scheme` of `treering.bundles.signing`."""

    def generate(self) -> tuple[bytes, bytes]:
        """See `Scheme`."""
        key = Ed25519PrivateKey.generate()
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        shown = serialization.PublicFormat.SubjectPublicKeyInfo
        return private, key.public_key().public_bytes(serialization.Encoding.PEM, shown)

    def public(self, private: bytes) -> bytes:
        """See `Scheme`."""
        return _private(private).public_key().public_bytes_raw()

    def raw(self, public: bytes) -> bytes:
        """See `Scheme`."""
        try:
            key = serialization.load_pem_public_key(public)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise _no_key(_PUBLIC) from error
        if not isinstance(key, Ed25519PublicKey):
            raise _no_key(_PUBLIC)
        return key.public_bytes_raw()

    def sign(self, private: bytes, message: bytes) -> bytes:
        """See `Scheme`."""
        return _private(private).sign(message)

    def holds(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """See `Scheme`."""
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def _private(pem: bytes) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _no_key(_PRIVATE) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(_PRIVATE)
    return key


def _no_key(part: str) -> InvalidInput:
    return InvalidInput(f"The {part} key is no Ed25519 key in PEM. Make a pair with: treering bundle keygen")


SCHEME = Ed25519()
