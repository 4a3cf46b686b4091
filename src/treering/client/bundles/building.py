"""Building bundles of models by their URIs, of services, and of what a `bentofile.yaml` says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from treering.bundles import bentofile
from treering.bundles.build import Plan, Tell
from treering.bundles.build import build as build_plan
from treering.bundles.samples import Sample
from treering.client.bundles.hosted import description_of
from treering.client.bundles.keeping import Bundle, store_of
from treering.client.bundles.sources import lineage_of, model_sources, name_for
from treering.core.settings import read_settings
from treering.models.load_options import LoadOptions

__all__ = ["build", "build_bentofile", "build_from"]


def build(  # noqa: PLR0913 -- what a bundle is made of, by name
    models: str | Sequence[str] = (),
    *,
    name: str = "",
    service: str = "",
    code: str | Path | None = None,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    description: str = "",
    labels: Mapping[str, str] | None = None,
    python: str = "",
    requirements: Sequence[str] = (),
    lock: bool = True,
    platform: str = "",
    system_packages: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
    compile: str = "auto",  # noqa: A002 -- what is done with the models
    test: bool = True,
    samples: Sequence[Sample] = (),
    trust: bool | Sequence[str] | None = None,
    tags: Sequence[str] = (),
    tell: Tell = lambda _line: None,
) -> Bundle:
    """Pack models, code and a locked environment into a bundle, and keep it.

    Args:
        models: URIs or folders, which may have a name before them, as in `churn=models:/churn@champion`.
        name: Of the bundle; empty: that of the first model, or of the service.
        service: `module:Class`, in `code`.
        code: The project's folder; for a service the working folder unless given.
        include: Patterns, as in ignore files, of the code that goes along; empty for all.
        exclude: Patterns of what does not.
        python: Version to run with; empty: that which the models were saved with.
        requirements: Packages beside those that the models need.
        lock: Whether every package is pinned by version and hash, which needs uv and a package index.
        platform: What it is locked for, as uv calls it, such as `x86_64-manylinux_2_28`; empty: this machine.
        system_packages: Packages of the image's distribution.
        variables: Set when the bundle runs.
        compile: `auto`, `never` or `always`.
        test: Whether the models are asked for their examples, whose answers go along.
        samples: Further requests with the right answers.
        trust: The word that the models' code may run; see `treering.pyfunc.load_model`.
        tags: What the bundle is to be found by beside its version; `latest` it is anyway.
        tell: Is called with lines about what happens.

    Raises:
        NotFound: If a model or the code is not there.
        InvalidInput: If packages contradict each other, or the name can be none.
    """
    sources = model_sources([models] if isinstance(models, str) else models)
    folder = Path(code) if code is not None else Path.cwd() if service else None
    first = sources[0].name if sources else name_for(service.rpartition(":")[2])
    plan = Plan(
        name or first,
        sources,
        service=service,
        code=folder,
        include=include,
        exclude=exclude,
        description=description,
        labels=labels or {},
        python=python,
        requirements=requirements,
        lock=lock,
        platform=platform,
        system_packages=system_packages,
        variables=variables or {},
        compile=compile,
        test=test,
        samples=samples,
        loading=LoadOptions.of(read_settings(), trust),
    )
    return build_from(plan, tags, tell)


def build_bentofile(
    path: str | Path = ".", *, name: str = "", lock: bool | None = None, tags: Sequence[str] = (),
    tell: Tell = lambda _line: None,
) -> Bundle:  # fmt: skip
    """Build what a `bentofile.yaml`, or `[tool.bentoml.build]` in a `pyproject.toml`, says.

    Raises:
        NotFound: If there is none.
        InvalidInput: If it says what nobody understands, or what has no place in a bundle.
    """
    said = bentofile.read(Path(path))
    plan = Plan(
        name or said.name or name_for(said.service.rpartition(":")[2]),
        model_sources(said.models),
        service=said.service,
        code=said.folder,
        include=said.include,
        exclude=said.exclude,
        description=said.description,
        labels={**said.labels, **({"base-image": said.base_image} if said.base_image else {})},
        arguments=said.arguments,
        python=said.python,
        requirements=said.requirements,
        lock=said.lock if lock is None else lock,
        index=said.index,
        system_packages=said.system_packages,
        variables=said.variables,
        loading=LoadOptions.of(read_settings()),
    )
    return build_from(plan, tags, tell)


def build_from(plan: Plan, tags: Sequence[str] = (), tell: Tell = lambda _line: None) -> Bundle:
    """Build a plan whose lineage is not known yet."""
    store = store_of()
    described = replace(
        plan, lineage=lineage_of(plan.models, plan.code), describe=plan.describe or description_of(plan)
    )
    made = build_plan(store, described, tell)
    for one in tags:
        store.tag(made.name, made.version, one)
    return Bundle(store.find(made.reference), made)
