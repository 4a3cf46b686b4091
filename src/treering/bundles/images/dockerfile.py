"""The same image for docker, podman and buildah: a Dockerfile with what it copies, and running one of them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from treering.bundles import manifest as manifests
from treering.bundles.images.packing import (
    BUNDLE,
    ENTRY,
    PACKAGES,
    PORT,
    PROBE,
    PROGRAM,
    USER,
    labels_of,
    left_out,
    program_files,
    variables_of,
)
from treering.bundles.manifest import Manifest
from treering.core.errors import AlreadyExists, InvalidInput, NotSupported, Unavailable
from treering.core.variables import process_variables

__all__ = ["BACKENDS", "DockerPlan", "build_image", "dockerfile_of", "write_context"]

BACKENDS = ("docker", "podman", "buildah", "nerdctl")
"""Programs that build images of Dockerfiles; the first that is there is taken."""


_SYSTEM_PACKAGE = re.compile(r"[a-z0-9][a-z0-9.+-]+(?::[a-z0-9]+)?(?:=[A-Za-z0-9.+:~-]+)?")


@dataclass(frozen=True, slots=True)
class DockerPlan:
    """How an image is built of a Dockerfile.

    Attributes:
        base: The image that it starts from; empty: Python's slim one of the bundle's version.
        wheels: A folder with all packages of the lock, which goes along; no index is asked then.
    """

    base: str = ""
    wheels: Path | None = None


def dockerfile_of(made: Manifest, plan: DockerPlan | None = None) -> str:
    """The Dockerfile of a bundle, for a folder with `bundle`, `program` and perhaps `wheels` in it."""
    plan = plan or DockerPlan()
    base = plan.base or f"docker.io/library/python:{made.environment.python}-slim"
    offline = " --no-index --find-links /wheels" if plan.wheels else ""
    hashes = " --require-hashes --no-deps" if made.environment.locked else ""
    lines = [
        f"# {made.reference}: what is served needs neither a tracking store nor the network.",
        f"ARG BASE={base}",
        "FROM ${BASE} AS packages",
        *(["COPY wheels /wheels"] if plan.wheels else []),
        "COPY bundle/env/requirements.txt /requirements.txt",
        f"RUN python3 -m pip install --no-cache-dir --no-compile --only-binary :all:{hashes}{offline} \\",
        f"    --target {PACKAGES} -r /requirements.txt \\",
        # A quarter of what pandas, SciPy and scikit-learn weigh is their own tests.
        f"    && find {PACKAGES} -depth -type d -name tests -exec rm -rf {{}} +",
        f"COPY program {PROGRAM}",
        f"RUN python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash {PACKAGES} {PROGRAM} || true",
        "",
        "FROM ${BASE}",
        *_system_packages(made.environment.system_packages),
        f"COPY --from=packages {PACKAGES} {PACKAGES}",
        f"COPY --from=packages {PROGRAM} {PROGRAM}",
        # The layer that changes with the model comes last.
        f"COPY bundle {BUNDLE}",
        *(f"ENV {name}={_quoted(value)}" for name, value in variables_of(made).items() if name != "PATH"),
        *(f"LABEL {name}={_quoted(value)}" for name, value in sorted(labels_of(made).items())),
        "WORKDIR /tmp",
        f"USER {USER}",
        f"EXPOSE {PORT}",
        f"HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD {json.dumps(list(PROBE))}",
        f"ENTRYPOINT {json.dumps(list(ENTRY))}",
    ]
    return "\n".join(lines) + "\n"


def write_context(folder: Path, target: Path, plan: DockerPlan | None = None) -> Path:
    """Write what an image of the bundle in `folder` is built of into a new folder.

    Raises:
        AlreadyExists: If the folder holds something.
    """
    plan = plan or DockerPlan()
    made = manifests.read(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        msg = f"{target} exists already and is not empty. Remove it, or choose another name."
        raise AlreadyExists(msg)
    target.mkdir(parents=True, exist_ok=True)
    shutil.copytree(folder, target / "bundle", copy_function=shutil.copyfile)
    for top, _, _ in os.walk(target / "bundle"):
        os.chmod(top, 0o755)  # noqa: S103 -- a copy, which the user may remove
    shutil.copytree(program_files(), target / "program" / "treering", ignore=_ignored)
    if plan.wheels is not None:
        shutil.copytree(plan.wheels, target / "wheels")
    (target / ".dockerignore").write_text("**/__pycache__\n**/*.pyc\n", "utf-8")
    (target / "Dockerfile").write_text(dockerfile_of(made, plan), "utf-8")
    return target


def build_image(context: Path, tags: Sequence[str], backend: str = "", more: Sequence[str] = ()) -> str:
    """Build an image of a context with a program of this machine, whose output is shown; the program's name.

    Args:
        more: Further arguments for it.

    Raises:
        NotSupported: If the program is not there.
        Unavailable: If it fails.
    """
    program = backend or next((one for one in BACKENDS if shutil.which(one)), "")
    if program and program not in BACKENDS:
        msg = f"{program!r} builds no images that are known here. Known: {', '.join(BACKENDS)}."
        raise InvalidInput(msg)
    if not program or not shutil.which(program):
        msg = (
            f"None of {', '.join(BACKENDS)} is on the path. Install one, or write an image without: give the base as a"
            " path, with `treering bundle containerize --base`."
        )
        raise NotSupported(msg)
    named = [part for tag in tags for part in ("--tag", tag)]
    command = [program, *(["build"] if program != "buildah" else ["build", "--format", "docker"]), *named, *more]
    # Podman and buildah make OCI images otherwise, in which health checks have no place.
    extra = ["--format", "docker"] if program == "podman" else []
    done = subprocess.run([*command, *extra, str(context)], env=process_variables(), check=False)  # noqa: S603 -- the user's choice
    if done.returncode:
        msg = f"{program} could not build the image; what it said stands above."
        raise Unavailable(msg)
    return program


def _system_packages(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    if strange := [one for one in names if not _SYSTEM_PACKAGE.fullmatch(one)]:
        msg = f"{strange[0]!r} is no package of Debian. Write its name, such as libgomp1."
        raise InvalidInput(msg)
    return [
        "RUN apt-get update && apt-get install -y --no-install-recommends \\",
        f"    {' '.join(names)} && rm -rf /var/lib/apt/lists/*",
    ]


def _quoted(text: str) -> str:
    """As a Dockerfile has texts, in which variables would be filled in."""
    return json.dumps(text).replace("$", "\\$")


def _ignored(_folder: str, names: list[str]) -> set[str]:
    return {name for name in names if left_out(name) or name.endswith(".pyc")}
