"""What an image of a bundle holds, and how its container starts."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

import treering
from treering.bundles import manifest as manifests
from treering.bundles.build import Tell
from treering.bundles.images.bases import read_base
from treering.bundles.images.layers import Item, Layer, items_of, write_layer
from treering.bundles.images.oci import Described, Written, archive_of, write_image
from treering.bundles.locking import uv_program
from treering.bundles.manifest import Manifest
from treering.core.errors import AlreadyExists, InvalidInput, Unavailable
from treering.core.variables import process_variables
from treering.core.whole_files import write_whole

__all__ = [
    "BUNDLE",
    "ENTRY",
    "PORT",
    "PROBE",
    "USER",
    "ImagePlan",
    "labels_of",
    "left_out",
    "program_files",
    "variables_of",
    "write_oci",
]

BUNDLE = "/opt/treering/bundle"
PACKAGES = "/opt/treering/packages"
PROGRAM = "/opt/treering/program"
PORT = 8080
USER = "10001:10001"
ENTRY = ("python3", "-m", "treering.serving.container")
PROBE = (*ENTRY, "--probe")

_TRIPLES = {"amd64": "x86_64", "arm64": "aarch64"}
_SHOWN = 15
_LAYER = "layer.json"
# Another number when packages are laid out otherwise.
_LAYOUT = 1
# Of Treering itself: what shows pages, and examples.
_LEFT_OUT = ("__pycache__", "static", "testing", "templates", "demo")


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """What image to make.

    Attributes:
        base: See `bases.read_base`.
        name: `repository:tag`; empty: the bundle's reference.
        architecture: As Go calls it; empty: this machine's.
        wheels: A folder with all packages of the lock; no index is asked then.
        cache: A folder that keeps the layer of packages for the next image of the same lock; None: it is not kept.
    """

    base: Path
    name: str = ""
    architecture: str = ""
    wheels: Path | None = None
    cache: Path | None = None


def write_oci(folder: Path, target: Path, plan: ImagePlan, tell: Tell = lambda _line: None) -> Written:
    """Write an image of the bundle in `folder`: as one file if the name ends in .tar, else as a folder.

    Raises:
        AlreadyExists: If there is something.
        InvalidInput: If the base has another Python than the bundle needs, or the packages are not to be had for it.
        DamagedData: If the base or the bundle is not what it should be.
    """
    made = manifests.read(folder)
    if target.exists():
        msg = f"{target} exists already. Remove it, or choose another name."
        raise AlreadyExists(msg)
    architecture = plan.architecture or _this_architecture()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".treering-image-", dir=target.parent) as text:
        layout = Path(text) / "layout"
        blobs = layout / "blobs/sha256"
        blobs.mkdir(parents=True)
        tell(f"Reading the base {plan.base}")
        base = read_base(plan.base, blobs, architecture)
        if base.python and base.python != made.environment.python:
            msg = (
                f"The base has Python {base.python}, and {made.reference} was built for {made.environment.python}."
                " Name another base, or build the bundle with --python."
            )
            raise InvalidInput(msg)
        layers = [
            _packages(folder, made, Path(text) / "packages", replace(plan, architecture=architecture), tell),
            write_layer(_program(), blobs, f"Treering {treering.__version__}"),
            write_layer(items_of(folder, BUNDLE), blobs, f"the bundle {made.reference}"),
        ]
        said = Described(
            plan.name or made.reference,
            _time(made),
            ENTRY,
            variables_of(made),
            USER,
            "/tmp",  # noqa: S108 -- the one folder that everybody may write to
            [PORT],
            labels_of(made, base.digest),
            PROBE,
        )
        written = write_image(layout, base, layers, said)
        if target.suffix == ".tar":
            archive_of(layout, target)
        else:
            layout.rename(target)
        return written


def variables_of(made: Manifest) -> dict[str, str]:
    """What is set in a container."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "PYTHONPATH": f"{PROGRAM}:{PACKAGES}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "HOME": "/tmp",  # noqa: S108 -- as above
        "PORT": str(PORT),
        # Whoever makes an image vouches for what is in it.
        "TREERING_ALLOW_MODEL_CODE": "true",
        **made.environment.variables,
    }


def labels_of(made: Manifest, base: str = "") -> dict[str, str]:
    """What an image says of itself, in the words that OCI has for it."""
    front = "org.opencontainers.image."
    found = {
        f"{front}title": made.name,
        f"{front}version": made.version,
        f"{front}created": _time(made),
        f"{front}description": made.description.partition("\n")[0],
        f"{front}revision": made.lineage.git_commit,
        f"{front}source": made.lineage.git_url,
        f"{front}base.digest": base,
        "io.treering.bundle": f"sha256:{made.digest}",
        "com.amazonaws.sagemaker.capabilities.accept-bind-to-port": "true",
    }
    return {name: value for name, value in found.items() if value}


def program_files() -> Path:
    """Where this Treering's own modules are."""
    return Path(treering.__file__).resolve().parent


def left_out(name: str) -> bool:
    """Whether a folder of Treering's has no place in an image."""
    return name in _LEFT_OUT


def _program() -> Iterator[Item]:
    with tempfile.TemporaryDirectory(prefix="treering-program-") as text:
        copied = Path(text) / "treering"
        shutil.copytree(program_files(), copied, ignore=shutil.ignore_patterns(*_LEFT_OUT))
        _compile(Path(text), PROGRAM)
        yield from items_of(text, PROGRAM)


def _packages(folder: Path, made: Manifest, target: Path, plan: ImagePlan, tell: Tell) -> Layer:
    """The layer of packages: from the cache, if one of the same lock was written before."""
    blobs = target.parent / "layout/blobs/sha256"
    lock = (folder / "env/requirements.txt").read_bytes()
    told = f"{made.environment.python} {plan.architecture} {platform.python_version()} {_LAYOUT}".encode()
    # What is not pinned may be another package tomorrow.
    kept = plan.cache if made.environment.locked else None
    key = hashlib.sha256(told + lock).hexdigest()[:32]
    if kept is not None and (found := _cached(kept / key, blobs)) is not None:
        tell("Taking the packages of the lock from the last image")
        return found
    tell("Installing the packages of the lock")
    _install(folder, made, target, (plan.architecture, plan.wheels))
    tell("Compressing them")
    made_layer = write_layer(items_of(target, PACKAGES), blobs, "the packages of the lock")
    if kept is not None:
        _keep(made_layer, kept / key, blobs)
    return made_layer


def _cached(place: Path, blobs: Path) -> Layer | None:
    try:
        layer = msgspec.json.decode((place / _LAYER).read_bytes(), type=Layer)
        shutil.copyfile(place / layer.digest, blobs / layer.digest)
        with (blobs / layer.digest).open("rb") as file:
            whole = hashlib.file_digest(file, "sha256").hexdigest() == layer.digest
    except (OSError, msgspec.DecodeError):
        return None
    return layer if whole else None


def _keep(layer: Layer, place: Path, blobs: Path) -> None:
    place.mkdir(parents=True, exist_ok=True)
    part = place / f".{os.urandom(6).hex()}.part"
    shutil.copyfile(blobs / layer.digest, part)
    part.replace(place / layer.digest)
    write_whole(place / _LAYER, msgspec.json.encode(layer))


def _install(folder: Path, made: Manifest, target: Path, how: tuple[str, Path | None]) -> None:
    architecture, wheels = how
    triple = f"{_TRIPLES.get(architecture, architecture)}-manylinux_2_28"
    command = [*uv_program(), "pip", "install", "--quiet", "--target", str(target), "--link-mode", "copy"]
    command += ["--python-version", made.environment.python, "--python-platform", triple, "--only-binary", ":all:"]
    command += ["-r", str(folder / "env/requirements.txt")]
    if made.environment.locked:
        command += ["--require-hashes", "--no-deps"]
    if wheels is not None:
        command += ["--no-index", "--find-links", str(wheels)]
    _run(command, "The packages of the bundle cannot be installed for the image")
    shutil.rmtree(target / "bin", ignore_errors=True)
    (target / ".lock").unlink(missing_ok=True)
    # A quarter of what pandas, SciPy and scikit-learn weigh is their own tests.
    for top, names, _ in os.walk(target):
        for name in [one for one in names if one in {"tests", "__pycache__"}]:
            shutil.rmtree(os.path.join(top, name))
            names.remove(name)
    if made.environment.python == ".".join(platform.python_version_tuple()[:2]):
        _compile(target, PACKAGES)


def _compile(folder: Path, shown: str) -> None:
    """Compile to bytecode that is used as it is, whatever the time of the source; a start takes a third then.

    Args:
        shown: Where the folder will be: paths of this machine would make each image another one.
    """
    command = [sys.executable, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    # Some packages hold examples that are no Python of this version.
    subprocess.run(  # noqa: S603 -- this Python
        [*command, "-s", str(folder), "-p", shown, str(folder)], check=False, capture_output=True
    )


def _run(command: Sequence[str], what: str) -> None:
    variables: Mapping[str, str] = {
        key: value for key, value in process_variables().items() if key not in {"VIRTUAL_ENV", "PYTHONPATH"}
    }
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)  # noqa: S603 -- the user's own uv
    if done.returncode:
        last = "\n".join(f"    {line}" for line in done.stderr.strip().splitlines()[-_SHOWN:])
        msg = f"{what}. uv said:\n{last}"
        raise Unavailable(msg)


def _this_architecture() -> str:
    machine = platform.machine().lower()
    return next((name for name, triple in _TRIPLES.items() if machine in {name, triple}), machine)


def _time(made: Manifest) -> str:
    return datetime.fromtimestamp(made.created // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
