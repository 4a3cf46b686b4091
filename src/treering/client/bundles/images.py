"""Images of bundles and of single models: written without a daemon, or built by docker, podman or buildah."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from treering.bundles import manifest as manifests
from treering.bundles.build import Plan, Tell, build
from treering.bundles.images.dockerfile import DockerPlan, build_image, write_context
from treering.bundles.images.oci import Written
from treering.bundles.images.packing import ImagePlan, write_oci
from treering.bundles.store import BundleStore
from treering.client.bundles.hosted import description_of
from treering.client.bundles.keeping import folder_of, store_of
from treering.client.bundles.sources import lineage_of, model_sources
from treering.core.errors import InvalidInput
from treering.core.settings import read_settings
from treering.models.load_options import LoadOptions

__all__ = ["ImageOfModel", "build_docker", "containerize", "dockerfile", "generate_dockerfile", "write_image"]

_LAYERS = ".layers"
_MODEL_IMAGE = "mlflow-pyfunc-servable"


@dataclass(frozen=True, slots=True)
class ImageOfModel:
    """How an image of a single model is made.

    Attributes:
        base: The image that it starts from; empty: Python's slim one.
        lock: Whether versions and hashes of all packages are chosen now.
        requirements: Packages beside those that the model needs.
    """

    base: str = ""
    lock: bool = True
    requirements: Sequence[str] = ()


def write_image(  # noqa: PLR0913 -- what an image is, by name
    reference: str | Path,
    target: str | Path,
    base: str | Path,
    *,
    name: str = "",
    architecture: str = "",
    wheels: str | Path | None = None,
    tell: Tell = lambda _line: None,
) -> Written:
    """Write an image of a bundle, without docker or any daemon.

    Args:
        target: A name that ends in .tar for an OCI archive, which `docker load` and `podman load` read; else a folder.
        base: An OCI layout or archive, an archive of `docker save`, or the root file system of a Linux with Python.
        name: `repository:tag`; empty: the bundle's reference.
        architecture: Such as arm64; empty: this machine's.
        wheels: A folder with all packages; no index is asked then.

    Raises:
        NotFound: If there is no such bundle or base.
        InvalidInput: If they do not go together.
    """
    cache = store_of().root / _LAYERS
    plan = ImagePlan(Path(base), name, architecture, Path(wheels) if wheels else None, cache)
    return write_oci(folder_of(reference), Path(target), plan, tell)


def dockerfile(reference: str | Path, target: str | Path, *, base: str = "", wheels: str | Path | None = None) -> Path:
    """Write a Dockerfile, and all that it copies, into a new folder. Raises NotFound or AlreadyExists."""
    return write_context(folder_of(reference), Path(target), DockerPlan(base, Path(wheels) if wheels else None))


def containerize(
    reference: str | Path, tags: Sequence[str] = (), *, backend: str = "", base: str = "", more: Sequence[str] = ()
) -> str:
    """Build an image of a bundle with docker, podman, buildah or nerdctl; its first tag.

    Args:
        tags: Empty: the bundle's reference.
        backend: Empty: the first of them that is there.
        base: The image to start from; empty: Python's slim one.
        more: Further arguments for the program.

    Raises:
        NotSupported: If none of them is there.
        Unavailable: If it fails.
    """
    folder = folder_of(reference)
    names = tuple(tags) or (manifests.read(folder).reference,)
    with tempfile.TemporaryDirectory(prefix="treering-image-") as text:
        context = write_context(folder, Path(text) / "context", DockerPlan(base))
        build_image(context, names, backend, more)
    return names[0]


def build_docker(  # noqa: PLR0913, PLR0917 -- MLflow's signature
    model_uri: str | None = None,
    name: str = _MODEL_IMAGE,
    env_manager: str | None = None,
    mlflow_home: str | None = None,
    install_java: bool | None = None,  # noqa: FBT001 -- as above
    install_mlflow: bool = False,  # noqa: FBT001, FBT002 -- as above
    enable_mlserver: bool = False,  # noqa: FBT001, FBT002 -- as above
    base_image: str | None = None,
) -> None:
    """Build an image that serves a model, with docker or what is there of its kind; MLflow's call.

    Args:
        model_uri: Of the model; an image without one is not made here.
        name: `repository:tag` of the image.
        base_image: What it starts from; Python's slim image unless given.
        install_mlflow: Whether MLflow goes along, for models that import it.

    Raises:
        InvalidInput: If no model is given.
        NotSupported: If nothing that builds images is there.
    """
    del env_manager, mlflow_home, enable_mlserver  # Treering's own server is what serves
    how = ImageOfModel(base_image or "", requirements=_more(install_java=install_java, install_mlflow=install_mlflow))
    with _bundle_of(model_uri, how) as folder:
        containerize(folder, (name,), base=how.base)


def generate_dockerfile(
    model_uri: str | None = None, output_directory: str = "mlflow-dockerfile", how: ImageOfModel | None = None
) -> Path:
    """Write a Dockerfile that serves a model, and all that it copies, into a new folder. Raises as `build_docker`."""
    how = how or ImageOfModel()
    with _bundle_of(model_uri, how) as folder:
        return dockerfile(folder, output_directory, base=how.base)


def _more(*, install_java: bool | None, install_mlflow: bool) -> tuple[str, ...]:
    if install_java:
        msg = "Java is installed by naming a base image that has it."
        raise InvalidInput(msg)
    return ("mlflow",) if install_mlflow else ()


@contextmanager
def _bundle_of(model_uri: str | None, how: ImageOfModel) -> Iterator[Path]:
    """A bundle of one model, which nobody asked to keep."""
    if not model_uri:
        msg = "An image is made for a model: give --model-uri. What serves any model is `pip install treering`."
        raise InvalidInput(msg)
    with tempfile.TemporaryDirectory(prefix="treering-bundle-") as text:
        store = BundleStore(Path(text))
        sources = model_sources([model_uri])
        plan = Plan(
            sources[0].name,
            sources,
            lock=how.lock,
            requirements=how.requirements,
            platform="x86_64-manylinux_2_28" if how.lock else "",
            lineage=lineage_of(sources, None),
            loading=LoadOptions.of(read_settings()),
            test=False,
        )
        yield store.find(build(store, replace(plan, describe=description_of(plan))).reference)
