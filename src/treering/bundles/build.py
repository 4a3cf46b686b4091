"""Building a bundle: models, code, a locked environment and tests into a draft, which is sealed and kept.

models ─▶ copied ─▶ compiled, where parity holds ─▶ asked their examples ─┐
code ───▶ chosen and copied ──────────────────────────────────────────────┼─▶ sealed ─▶ store
what both require ─▶ locked by uv ─▶ bill of materials ───────────────────┘
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

import treering
from treering.bundles import manifest as manifests
from treering.bundles import samples
from treering.bundles.bill import bill_of
from treering.bundles.code import copy_code
from treering.bundles.locking import Locked, LockOptions, lock, merged, needs_of_server
from treering.bundles.manifest import BundledModel, Environment, Lineage, Manifest, Parity, check_name
from treering.bundles.samples import Sample
from treering.bundles.store import BundleStore
from treering.bundles.tree import copy_tree
from treering.core.errors import InvalidInput, MissingExtra, NotFound, TreeringError
from treering.environments import specification
from treering.models import mlmodel
from treering.models.compiled import COMPILERS
from treering.models.load_options import LoadOptions
from treering.models.requirements import pin
from treering.models.schema import Schema

__all__ = ["COMPILING", "ModelSource", "Plan", "Tell", "build"]

COMPILING = ("auto", "never", "always")
"""Whether models are compiled: where it works and agrees, not at all, or the build fails without."""

Tell = Callable[[str], None]
"""Is called with lines for the user."""


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A model to pack.

    Attributes:
        name: What it is called in the bundle, and asked under.
        folder: With its MLmodel file.
        uri: Where it was taken from; what follows says what is known of it there.
    """

    name: str
    folder: Path
    uri: str = ""
    version: str = ""
    run_id: str = ""
    model_id: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes into a bundle.

    Attributes:
        service: `module:Class` in the code; empty: the models are served as they are.
        code: The project's folder; None: no code goes along.
        python: Version; empty: that of the models, or this one.
        requirements: Lines beside those of the models.
        lock: Whether versions and hashes of all packages are chosen now.
        index: Arguments that say where packages come from, as pip has them.
        compile: One of `COMPILING`.
        test: Whether the models are asked for their examples.
        samples: Requests beside the models' examples.
        loading: How the models are loaded for that.
        describe: Gives the OpenAPI document of the bundle in a folder.
    """

    name: str
    models: Sequence[ModelSource] = ()
    service: str = ""
    code: Path | None = None
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)
    python: str = ""
    requirements: Sequence[str] = ()
    lock: bool = True
    platform: str = ""
    index: Sequence[str] = ()
    system_packages: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    compile: str = "auto"
    test: bool = True
    samples: Sequence[Sample] = ()
    lineage: Lineage = Lineage()  # noqa: RUF009 -- frozen
    loading: LoadOptions = LoadOptions()  # noqa: RUF009 -- frozen
    describe: Callable[[Path], bytes] | None = None


def build(store: BundleStore, plan: Plan, tell: Tell = lambda _line: None) -> Manifest:
    """Build a bundle and keep it; what was built before of the same things is found, and not made anew.

    Raises:
        InvalidInput: If the plan does not hold together, or packages contradict each other.
        NotFound: If a model or the code is not there.
        TreeringError: If a model cannot be loaded or fails at its own example.
    """
    _check(plan)
    with store.draft() as draft:
        models = [_model(one, draft, plan, tell) for one in plan.models]
        if plan.code is not None:
            tell(f"Copying the code of {plan.code}")
            copy_code(plan.code, draft / "src", plan.include, plan.exclude)
        environment = _environment(draft, models, plan, tell)
        asked = [*_samples(draft, models, plan, tell), *plan.samples]
        samples.write(asked, draft)
        made = Manifest(
            plan.name,
            description=plan.description,
            labels=dict(plan.labels),
            service=plan.service,
            arguments=dict(plan.arguments),
            models=tuple(models),
            environment=environment,
            lineage=replace(plan.lineage, runs=_runs(plan)),
            tests=len(asked),
            treering=treering.__version__,
        )
        _describe(draft, made, plan, tell)
        return store.keep(draft, made)


def _check(plan: Plan) -> None:
    check_name(plan.name)
    names = [one.name for one in plan.models]
    for name in names:
        check_name(name)
    if not names and not plan.service:
        msg = f"The bundle {plan.name!r} would serve nothing: name a model, or a service such as service.py:Churn."
        raise InvalidInput(msg)
    if len(set(names)) != len(names):
        msg = f"Two models of the bundle have the same name: {', '.join(names)}. Give one another, as NAME=URI."
        raise InvalidInput(msg)
    if plan.service and plan.code is None:
        msg = f"The service {plan.service} needs its code. Name the project's folder."
        raise InvalidInput(msg)
    if plan.compile not in COMPILING:
        msg = f"compile={plan.compile!r} is none of {', '.join(COMPILING)}."
        raise InvalidInput(msg)


def _model(source: ModelSource, draft: Path, plan: Plan, tell: Tell) -> BundledModel:
    metadata = mlmodel.read(source.folder)
    inner = f"models/{source.name}"
    tell(f"Copying the model {source.name}")
    copy_tree(source.folder, draft / inner)
    signature = metadata.signature
    made = BundledModel(
        source.name,
        inner,
        source.uri,
        source.version,
        source.run_id or metadata.run_id,
        source.model_id or metadata.model_id,
        tuple(metadata.flavours),
        inputs=_schema(signature.inputs if signature else None),
        outputs=_schema(signature.outputs if signature else None),
    )
    return made if plan.compile == "never" else _compiled(made, draft, plan, tell)


def _schema(schema: Schema | None) -> Any:
    return None if schema is None else msgspec.json.decode(schema.to_text())


def _compiled(model: BundledModel, draft: Path, plan: Plan, tell: Tell) -> BundledModel:
    try:
        outcome = COMPILERS.load("onnx")(draft / model.folder, plan.loading)
    except MissingExtra as error:
        if plan.compile == "always":
            raise
        tell(f"The model {model.name} is not compiled: {error}")
        return replace(model, native="nothing that compiles models was installed")
    record = outcome.record
    if record is None:
        if plan.compile == "always":
            msg = f"The model {model.name} cannot be compiled: {outcome.reason}. Build the bundle with --compile auto."
            raise InvalidInput(msg)
        tell(f"The model {model.name} is not compiled: {outcome.reason}")
        return replace(model, native=outcome.reason)
    tell(f"The model {model.name} is compiled: {record.rows} rows agree")
    return replace(model, compiled=Parity(record.rows, record.differing, record.tolerance, record.light))


def _environment(draft: Path, models: Sequence[BundledModel], plan: Plan, tell: Tell) -> Environment:
    needed = []
    python = plan.python
    for model in models:
        try:
            described = specification.read(draft / model.folder)
        except NotFound:
            continue
        needed.append(described.requirements)
        python = python or ".".join(described.python.split(".")[:2])
    python = python or ".".join(platform.python_version_tuple()[:2])
    runtime = [pin("onnxruntime")] if any(model.compiled and not model.compiled.light for model in models) else []
    wanted = merged(*needed, plan.requirements, runtime, needs_of_server())
    folder = draft / "env"
    folder.mkdir()
    (folder / "requirements.in").write_text("".join(f"{line}\n" for line in wanted), "utf-8")
    (folder / "python-version").write_text(f"{python}\n", "ascii")
    if plan.lock:
        tell(f"Choosing versions of all packages that {len(wanted)} requirements need")
        locked = lock(wanted, LockOptions(python, plan.platform, tuple(plan.index)))
    else:
        locked = Locked("".join(f"{line}\n" for line in wanted), whole=False)
    (folder / "requirements.txt").write_text(locked.text, "utf-8")
    (folder / "sbom.json").write_bytes(bill_of(plan.name, locked.text, models))
    return Environment(
        python, locked.whole, plan.platform, tuple(plan.system_packages), dict(sorted(plan.variables.items()))
    )


def _samples(draft: Path, models: Sequence[BundledModel], plan: Plan, tell: Tell) -> list[Sample]:
    if not plan.test:
        return []
    found = []
    for model in models:
        if mlmodel.PYTHON_FUNCTION not in model.flavours:
            continue
        try:
            sample = samples.sample_of(model.name, draft / model.folder, plan.loading)
        except TreeringError as error:
            msg = f"The model {model.name} does not answer its own example: {error} Use --no-test to pack it nevertheless."
            raise type(error)(msg) from error
        if sample is None:
            tell(f"The model {model.name} was saved without an example, so nothing tests it")
        else:
            found.append(sample)
    return found


def _runs(plan: Plan) -> tuple[str, ...]:
    return tuple(sorted({*plan.lineage.runs, *(one.run_id for one in plan.models if one.run_id)}))


def _describe(draft: Path, made: Manifest, plan: Plan, tell: Tell) -> None:
    if plan.describe is None:
        return
    # Who describes it reads its manifest; the one that stays is written when all files are there.
    manifests.write(manifests.sealed(made), draft)
    try:
        described = plan.describe(draft)
    except TreeringError as error:
        if plan.test:
            raise
        tell(f"The bundle has no description of its interface, because it cannot be opened here: {error}")
        return
    (draft / "openapi.json").write_bytes(described)
