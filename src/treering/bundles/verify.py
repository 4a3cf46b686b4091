"""Looking whether a bundle is whole: digests, signature, the models' answers, and that compiled ones still agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from treering.bundles import manifest as manifests
from treering.bundles import samples, signing, tree
from treering.bundles.manifest import Manifest
from treering.bundles.samples import Sample
from treering.models.load_options import LoadOptions

__all__ = ["Ask", "Checks", "Report", "verify"]

Ask = Callable[[Path, Sequence[Sample]], Sequence[str]]
"""Asks the bundle in a folder as its clients would; what is wrong with its answers."""


@dataclass(frozen=True, slots=True)
class Checks:
    """What is looked at beside the digests.

    Attributes:
        trusted: Public keys (PEM), of which one has to have signed; empty: no signature is asked for.
        answers: Whether the models are loaded and asked for their examples.
        ask: Asks what is no model's example; None: such samples are left out.
    """

    trusted: Sequence[bytes] = ()
    answers: bool = True
    loading: LoadOptions = LoadOptions()  # noqa: RUF009 -- frozen
    ask: Ask | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What was found.

    Attributes:
        wrong: In words; empty if the bundle is what its manifest says.
        signer: Who signed, as they say; empty if nobody was asked for.
        asked: How many sample requests were answered rightly.
    """

    manifest: Manifest
    wrong: tuple[str, ...]
    signer: str = ""
    asked: int = 0


def verify(folder: Path, checks: Checks | None = None) -> Report:
    """Look at the bundle in `folder`. Code of a bundle runs only when its files are what the manifest says.

    Raises:
        NotFound: If there is no bundle.
        DamagedData: If the manifest was changed, or a trusted key's signature does not hold.
    """
    checks = checks or Checks()
    made = manifests.read(folder)
    signer = ""
    wrong: list[str] = []
    if checks.trusted:
        found = signing.signed_by(folder, made, checks.trusted)
        if found is None:
            wrong.append("none of the trusted keys has signed it")
        else:
            signer = found.by or found.key
    wrong += tree.difference(folder, made.files)
    if wrong or not checks.answers:
        return Report(made, tuple(wrong), signer)
    asked = 0
    for sample in samples.read(folder):
        told = _ask(sample, folder, made, checks)
        wrong += told or ()
        asked += told is not None and not told
    return Report(made, tuple(wrong), signer, asked)


def _ask(sample: Sample, folder: Path, made: Manifest, checks: Checks) -> Sequence[str] | None:
    """What is wrong with an answer; None if nobody was asked."""
    if sample.model:
        inner = next((one.folder for one in made.models if one.name == sample.model), None)
        if inner is None:
            return [f"a sample request is for the model {sample.model!r}, which the bundle has not"]
        return samples.check_model(sample, folder / inner, checks.loading)
    return checks.ask(folder, [sample]) if checks.ask is not None else None
