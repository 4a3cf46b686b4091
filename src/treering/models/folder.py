"""Saving a model to a folder, all of it or nothing.

The folder is written beside its place and renamed into it when complete, so
that nobody ever reads half a model.
"""

from __future__ import annotations

import errno
import shutil
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from treering.core.errors import AlreadyExists, InvalidInput, NotFound, StorageFull, TreeringError
from treering.core.log import logger
from treering.models import environment_files, example, mlmodel, requirements
from treering.models.flavours import FLAVOURS
from treering.models.flavours.base import LoadOptions, Written
from treering.models.loading import load
from treering.models.mlmodel import HINTED, PYTHON_FUNCTION, MLModel
from treering.models.project_code import copy_project_code
from treering.models.requirements import is_installed
from treering.models.safety.own import remember
from treering.models.signature import Signature, infer_signature
from treering.models.watching import watched_imports

__all__ = ["SaveOptions", "save"]


@dataclass(frozen=True, slots=True)
class SaveOptions:
    """What is saved beside the model.

    Attributes:
        signature: `None`: found by asking the model for the example, if there is one.
        input_example: Data, or a pair of data and parameters.
        pip_requirements: Used instead of those that are found.
        extra_pip_requirements: Added to those that are found.
        conda_env: Used instead of the environment that is found: its contents, or a YAML file with them.
        code_paths: Files and folders of Python code, copied into the model and importable when it is loaded.
        infer_code_paths: Whether the modules that the model imports and no package holds go along as well.
        resources: What the model uses elsewhere, kept as MLflow writes it.
        auth_policy: In whose name it uses them, kept likewise.
        uv_project_path: A project of uv, whose lock file and description are copied into the model.
        watch: Seconds that loading the model may take to see what its code imports; 0: it is not loaded for that.
        own: The list of what this user has saved, which the model's files are added to; see `models.safety.own`.
        flavour: The flavour's own options; each flavour's class lists them.
    """

    signature: Signature | None = None
    input_example: Any = None
    pip_requirements: Sequence[str] | str | None = None
    extra_pip_requirements: Sequence[str] | str = ()
    conda_env: Mapping[str, Any] | str | None = None
    code_paths: Sequence[str] = ()
    infer_code_paths: bool = False
    resources: Any = None
    auth_policy: Any = None
    metadata: Mapping[str, Any] | None = None
    artifact_path: str = ""
    run_id: str = ""
    model_id: str = ""
    uv_project_path: str = ""
    watch: float = 120.0
    own: Path | None = None
    flavour: Mapping[str, Any] = field(default_factory=dict)


def save(flavour: str, model: Any, folder: Path, options: SaveOptions | None = None) -> MLModel:
    """Save `model` to `folder`, which must not exist or be empty; returns its MLmodel file.

    Raises:
        AlreadyExists: If the folder holds something.
        UnknownPlugin: If there is no such flavour.
        InvalidInput: If the model, the example or an option cannot be saved.
        StorageFull: If the disk is full; nothing is left behind.
    """
    options = options or SaveOptions()
    driver = FLAVOURS.load(flavour)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        msg = f"{folder} exists already and is not empty. Choose another path or remove it."
        raise AlreadyExists(msg)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            code = _copy_code(draft, options.code_paths)
            if options.infer_code_paths:
                code = (*code, *copy_project_code(draft / "code"))
            own = {**options.flavour, "code_modules": code}
            # Some formats are traced with an example, or need to know the shapes of what the model takes.
            own |= {"input_example": options.input_example, "signature": options.signature}
            written = driver.write(model, draft, own)
            saved = _describe(draft, flavour, written, options)
            if options.own is not None:
                remember(draft, options.own)
            draft.chmod(0o755)
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        if isinstance(error, TreeringError) or error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        msg = f"The disk is full, so the model was not saved to {folder}. Free some space and save it again."
        raise StorageFull(msg) from error
    return saved


def _describe(draft: Path, flavour: str, written: Written, options: SaveOptions) -> MLModel:
    """Write everything but the model itself."""
    code = "code" if (draft / "code").is_dir() else None
    found = {PYTHON_FUNCTION: {**written.python_function, "code": code}} if written.python_function else {}
    if written.entry:
        found[flavour] = {**written.entry, "code": code}
    saved = MLModel(
        flavours=found,
        artifact_path=options.artifact_path,
        run_id=options.run_id,
        model_id=options.model_id,
        model_uuid=options.model_id or uuid.uuid4().hex,
        created=mlmodel.timestamp(),
        # A hint is held against the data whatever a signature says, so it is the signature.
        signature=written.signature if HINTED in written.more else options.signature or written.signature,
        metadata={**written.metadata, **(options.metadata or {})} or None,
        other={**written.more, **_given(resources=options.resources, auth_policy=options.auth_policy)},
    )
    if options.input_example is not None:
        saved = replace(saved, example=example.write(draft, options.input_example))
    mlmodel.write(saved, draft)
    _write_environment(draft, flavour, written, options)
    if saved.signature is None and options.input_example is not None and written.python_function:
        saved = replace(saved, signature=_find_signature(draft, options.input_example))
    size = sum(path.stat().st_size for path in draft.rglob("*") if path.is_file())
    saved = replace(saved, size=size)
    mlmodel.write(saved, draft)
    return saved


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _write_environment(draft: Path, flavour: str, written: Written, options: SaveOptions) -> None:
    if options.uv_project_path:
        environment_files.copy_uv_project(Path(options.uv_project_path), draft)
    extra = environment_files.given_requirements(options.extra_pip_requirements, draft)
    if options.conda_env is not None:
        if options.pip_requirements is not None or extra:
            msg = "conda_env goes without pip_requirements and extra_pip_requirements. Write them into the environment."
            raise InvalidInput(msg)
        conda, lines = environment_files.from_conda(options.conda_env)
        environment_files.write(draft, lines, conda)
        return
    if options.pip_requirements is not None:
        pins = environment_files.given_requirements(options.pip_requirements, draft)
    else:
        modules = written.modules
        own = flavour == "pyfunc" or options.code_paths or any(not is_installed(name) for name in modules)
        if own and written.python_function and options.watch:
            modules |= watched_imports(draft, options.watch) or frozenset()
        pins = requirements.requirements_of(written.packages, modules)
    environment_files.write(draft, [*pins, *extra])


def _find_signature(draft: Path, given: Any) -> Signature | None:
    data, params = example.split_params(given)
    try:
        # Without a signature the parameters would be left out, so they come first.
        asked = infer_signature(data, params=params)
        mlmodel.write(replace(mlmodel.read(draft), signature=asked), draft)
        return infer_signature(
            data, load(draft, LoadOptions(allow_code=True, quiet=True)).predict(data, params), params
        )
    except Exception as error:  # noqa: BLE001 -- the model's own code runs here; a model without signature is still one
        logger.warning("The model is saved without a signature, because asking it for the example failed: %s", error)
        return None


def _copy_code(draft: Path, paths: Sequence[str]) -> tuple[str, ...]:
    modules = []
    for text in paths:
        source = Path(text).absolute()
        target = draft / "code" / source.name
        if not source.exists():
            msg = f"The code {source} does not exist, so it cannot be saved with the model. Correct code_paths."
            raise NotFound(msg)
        if target.exists():
            msg = f"Two code paths of the model are called {source.name!r}. Rename one of them."
            raise InvalidInput(msg)
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copyfile(source, target)
        modules.append(source.name.partition(".")[0])
    return tuple(modules)
