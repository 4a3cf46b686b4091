"""Whether bundles are whole and who signed them; and signing them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from treering.bundles import manifest as manifests
from treering.bundles import signing
from treering.bundles.signing import SCHEMES, Signature
from treering.bundles.verify import Checks, Report
from treering.bundles.verify import verify as verify_folder
from treering.client.bundles.hosted import ask_service
from treering.client.bundles.keeping import folder_of
from treering.core.errors import AlreadyExists, InvalidInput
from treering.core.person import user_name
from treering.core.settings import read_settings
from treering.models.load_options import LoadOptions

__all__ = ["generate_keys", "sign", "verify"]


def verify(
    reference: str | Path,
    *,
    keys: Sequence[str | Path] = (),
    answers: bool = True,
    trust: bool | Sequence[str] | None = None,
) -> Report:
    """Look whether a bundle is what its manifest says, and answers as it did when it was built.

    Args:
        keys: Files with public keys, of which one has to have signed.
        answers: Whether the models are loaded and asked for their examples.
        trust: The word that the models' code may run.

    Raises:
        NotFound: If there is no such bundle.
        DamagedData: If its manifest was changed, or the signature does not hold.
    """
    trusted = signing.keys_of(Path(one) for one in keys)
    loading = LoadOptions.of(read_settings(), trust)
    return verify_folder(folder_of(reference), Checks(trusted, answers, loading, ask_service))


def sign(reference: str | Path, key: str | Path, by: str = "") -> Signature:
    """Sign a bundle with the private key in a file. Raises InvalidInput if it is none."""
    folder = folder_of(reference)
    try:
        private = Path(key).read_bytes()
    except OSError as error:
        msg = f"The key {key} cannot be read: {error.strerror}. Make one with: treering bundle keygen"
        raise InvalidInput(msg) from error
    return signing.add(folder, manifests.read(folder), private, by or user_name())


def generate_keys(path: str | Path) -> tuple[Path, Path]:
    """Write a new private key to a file, and its public part to the one with `.pub` behind; both paths.

    Raises:
        AlreadyExists: If there is one of them.
    """
    private, public = Path(path), Path(f"{path}.pub")
    for one in (private, public):
        if one.exists():
            msg = f"{one} exists already. A key that is lost cannot be made again: choose another name."
            raise AlreadyExists(msg)
    secret, shown = SCHEMES.load("ed25519").generate()
    private.touch(0o600)
    private.write_bytes(secret)
    public.write_bytes(shown)
    return private, public
