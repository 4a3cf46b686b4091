"""The facts of a model card, gathered from wherever they are kept: run, registry, artifacts, lineage.

What cannot be read is told as not known and never keeps the rest from being told. Works on the services of this
process as on those of a server.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from treering.core.clock import now
from treering.core.errors import NotFound, TreeringError
from treering.core.uri import join
from treering.entities.dataset import DatasetInput
from treering.entities.evaluation import Evaluation
from treering.entities.governance import Note, Promotion, RegistryEvent, VersionCheck
from treering.entities.lineage import Graph
from treering.entities.model import LoggedModel, ModelVersion, RegisteredModel
from treering.entities.page import Page
from treering.entities.run import NOTE_TAG, Run
from treering.evaluation.card.facts import TEXTS, CardData, CardFacts, CardLink, CardMaking, CardRun
from treering.evaluation.finding import newest_evaluation
from treering.evaluation.measured import measured_by, with_measured
from treering.models.mlmodel import FILE_NAME, MLModel, read_text
from treering.models.schema import Schema
from treering.provenance.base import Lineage
from treering.storage.objects.base import ObjectStore
from treering.storage.objects.texts import read_small_text
from treering.tracking.base import Tracking
from treering.tracking.objectives import read_objective

__all__ = ["CARD_TAG", "CardSources", "card_of_run", "card_of_version"]

CARD_TAG = "treering.card."
"""Tags that begin so hold what only people can say; on the version, the registered model, the run or the experiment."""

_EVENTS = 100
_RELATIONS = {"input": "read", "output": "written", "child": "started within", "registered": "registered"}

T = TypeVar("T")


class _Models(Protocol):
    def get(self, name: str) -> RegisteredModel: ...


class _Versions(Protocol):
    def get(self, name: str, version: int) -> ModelVersion: ...

    def get_by_alias(self, name: str, alias: str) -> ModelVersion: ...

    def latest(self, name: str, stages: Sequence[str] = ()) -> Sequence[ModelVersion]: ...


class _Governance(Protocol):
    def checks(self, name: str, version: int) -> Sequence[VersionCheck]: ...

    def notes(self, name: str, version: int) -> Sequence[Note]: ...

    def promotions(self, name: str = "", state: None = None, max_results: int = 100) -> Sequence[Promotion]: ...

    def history(
        self, name: str = "", version: int = 0, max_results: int = 100, page_token: str = ""
    ) -> Page[RegistryEvent]: ...


class _Registry(Protocol):
    @property
    def models(self) -> _Models: ...

    @property
    def versions(self) -> _Versions: ...

    @property
    def governance(self) -> _Governance: ...


class CardSources(Protocol):
    """Where a card's facts come from; the services of `assembly` are one."""

    @property
    def tracking(self) -> Tracking:
        """Runs and experiments."""
        ...

    @property
    def registry(self) -> _Registry:
        """Registered models, and who decided what."""
        ...

    @property
    def lineage(self) -> Lineage:
        """What came of what."""
        ...

    @property
    def open_artifacts(self) -> Callable[[str], ObjectStore]:
        """Opens the files below a storage URI."""
        ...


@dataclass(slots=True)
class _Gathering:
    """What is known so far."""

    sources: CardSources
    unknown: list[str]

    def attempt(self, read: Callable[[], T], what: str) -> T | None:
        """What can be read; None where it is not there, or cannot be, which is told."""
        try:
            return read()
        except NotFound:
            return None
        except TreeringError as error:
            self.unknown.append(f"{what} could not be read: {error.message}")
            return None


def card_of_version(sources: CardSources, name: str, version: int) -> CardFacts:
    """The facts of a version in the registry.

    Raises:
        NotFound: If there is no such version.
    """
    found = sources.registry.versions.get(name, version)
    model = sources.registry.models.get(name)
    gathering = _Gathering(sources, [])
    run = gathering.attempt(lambda: sources.tracking.runs.get(found.run_id), "The run") if found.run_id else None
    logged = (
        gathering.attempt(lambda: sources.tracking.models.get(found.model_id), "The logged model")
        if found.model_id
        else None
    )
    facts = _common(gathering, run, logged, found.storage_uri or found.source)
    governed = sources.registry.governance
    promotions = [one for one in governed.promotions(name) if one.version == version]
    uri = f"models:/{name}/{version}"
    evaluation, measured = _evaluation(gathering, run, logged)
    return _finished(
        gathering,
        replace(
            facts,
            name=name,
            version=version,
            uri=uri,
            stage=found.stage,
            aliases=tuple(found.aliases),
            description=found.description,
            model_description=model.description,
            tags={**model.tags, **found.tags},
            created=found.creation_time,
            user=found.user_id,
            texts={**facts.texts, **_texts(model.tags), **_texts(found.tags)},
            evaluation=evaluation,
            measured=measured,
            lineage=_links(gathering.attempt(lambda: sources.lineage.get(uri, 3, 1), "The lineage")),
            checks=governed.checks(name, version),
            promotions=promotions,
            notes=governed.notes(name, version),
            history=governed.history(name, version, _EVENTS).items,
        ),
    )


def card_of_run(
    sources: CardSources, run_id: str, model_id: str = "", evaluation: Evaluation | None = None
) -> CardFacts:
    """The facts of a model that is in no registry, by the run that made or evaluated it.

    Args:
        model_id: Which of the models that the run wrote; the last one unless given.
        evaluation: Where it is at hand already; otherwise it is read from the run.

    Raises:
        NotFound: If there is no such run.
    """
    run = sources.tracking.runs.get(run_id)
    wanted = model_id or (run.outputs.model_outputs[-1].model_id if run.outputs.model_outputs else "")
    gathering = _Gathering(sources, [])
    logged = gathering.attempt(lambda: sources.tracking.models.get(wanted), "The logged model") if wanted else None
    maker = run
    if logged is not None and logged.source_run_id and logged.source_run_id != run_id:
        source = logged.source_run_id
        maker = gathering.attempt(lambda: sources.tracking.runs.get(source), "The run that made the model") or run
    facts = _common(gathering, maker, logged, logged.artifact_uri if logged else "")
    uri = f"models:/{wanted}" if wanted else ""
    start = uri or f"runs:/{run_id}"
    name = logged.name if logged and logged.name else run.info.run_name or run_id
    known = (evaluation, with_measured(evaluation, run)) if evaluation else _evaluation(gathering, run, logged)
    return _finished(
        gathering,
        replace(
            facts,
            name=name,
            uri=uri,
            description=run.data.tags.get(NOTE_TAG, ""),
            created=logged.creation_time if logged else run.info.start_time,
            user=run.info.user_id,
            evaluation=known[0],
            measured=known[1],
            lineage=_links(gathering.attempt(lambda: sources.lineage.get(start, 3, 1), "The lineage")),
        ),
    )


def _common(gathering: _Gathering, run: Run | None, logged: LoggedModel | None, files: str) -> CardFacts:
    """What a card has in any case: run, experiment, data and the model's own files."""
    facts = CardFacts("", made=now())
    if run is not None:
        facts = replace(facts, run=_run(run), data=_data(run), texts=_texts(run.data.tags))
        experiment = gathering.attempt(
            lambda: gathering.sources.tracking.experiments.get(run.info.experiment_id), "The experiment"
        )
        if experiment is not None:
            made = replace(_run(run), experiment=experiment.name)
            texts = {**_texts(experiment.tags), **facts.texts}
            objective = gathering.attempt(lambda: read_objective(experiment.tags), "The objective")
            facts = replace(facts, run=made, texts=texts, objective=objective)
    if logged is not None:
        facts = replace(facts, texts={**facts.texts, **_texts(logged.tags)})
    if files:
        facts = replace(
            facts,
            making=gathering.attempt(lambda: _making(gathering.sources.open_artifacts(files)), "The model's files"),
        )
    return facts


def _finished(gathering: _Gathering, facts: CardFacts) -> CardFacts:
    """The facts, with what people who read the card would miss."""
    unknown = list(gathering.unknown)
    if facts.evaluation is None:
        unknown.append("How well it does: it has not been evaluated with treering.evaluate.")
    elif not facts.evaluation.fairness:
        unknown.append("How it treats groups of people: no sensitive attribute was given when it was evaluated.")
    if facts.objective is None:
        unknown.append("What it is for: its experiment has no objective. Say it with treering.objective.")
    if not facts.texts.get("intended_use"):
        unknown.append(f"Intended use: set the tag {CARD_TAG}intended_use on the version.")
    if not facts.texts.get("limitations"):
        unknown.append(f"Limitations: set the tag {CARD_TAG}limitations on the version.")
    if not facts.data:
        unknown.append("Which data it learned from: log it with treering.log_input.")
    if facts.run is None:
        unknown.append("How it was made: no run is known that logged it.")
    elif not facts.run.commit:
        unknown.append("Which code made it: the run knows no commit.")
    return replace(facts, unknown=tuple(unknown))


def _texts(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: tags[f"{CARD_TAG}{key}"] for key in TEXTS if tags.get(f"{CARD_TAG}{key}")}


def _run(run: Run) -> CardRun:
    tags, info = run.data.tags, run.info
    return CardRun(
        info.run_id, info.run_name, "", info.user_id, info.start_time, info.duration,
        tags.get("mlflow.source.name", ""), tags.get("mlflow.source.git.commit", ""),
        tags.get("mlflow.source.git.branch", ""), tags.get("mlflow.source.git.repoURL", ""),
        tags.get("mlflow.source.git.dirty") == "true", run.data.params, run.data.metrics,
    )  # fmt: skip


def _data(run: Run) -> tuple[CardData, ...]:
    return tuple(map(_dataset, run.inputs.dataset_inputs))


def _dataset(used: DatasetInput) -> CardData:
    one = used.dataset
    return CardData(used.context, one.name, one.digest, _place(one.source), _rows(one.profile))


def _place(source: str) -> str:
    """Where data can be had again, as its source tells it; the whole JSON where it tells in other words."""
    fields = _fields(source)
    found = next((fields[key] for key in ("uri", "url", "path") if isinstance(fields.get(key), str)), None)
    tags = fields.get("tags")
    if found is None and isinstance(tags, dict):
        found = tags.get("mlflow.source.name")
    return str(found) if found else (source if not fields else "")


def _rows(profile: str) -> int | None:
    rows = _fields(profile).get("num_rows")
    return rows if isinstance(rows, int) else None


def _fields(text: str) -> dict[str, object]:
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _making(store: ObjectStore) -> CardMaking:
    model: MLModel = read_text(read_small_text(store, FILE_NAME), join(store.uri, FILE_NAME))
    try:
        lines = read_small_text(store, "requirements.txt").splitlines()
    except NotFound:
        lines = []
    python = model.flavours.get("python_function", {}).get("python_version", "")
    signature = model.signature
    return CardMaking(
        tuple(sorted(model.flavours, key=lambda name: (name == "python_function", name))),
        str(python),
        _columns(signature.inputs if signature else None),
        _columns(signature.outputs if signature else None),
        tuple(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")),
    )


def _columns(schema: Schema | None) -> tuple[tuple[str, str], ...]:
    if schema is None:
        return ()
    columns = []
    for place, item in enumerate(json.loads(schema.to_text())):
        tensor = item.get("tensor-spec")
        kind = f"{tensor['dtype']} {tuple(tensor['shape'])}" if tensor else item.get("type", "")
        kind = kind if isinstance(kind, str) else json.dumps(kind)
        columns.append((str(item.get("name") or place), kind + ("" if item.get("required", True) else ", optional")))
    return tuple(columns)


def _evaluation(
    gathering: _Gathering, run: Run | None, logged: LoggedModel | None
) -> tuple[Evaluation | None, Evaluation | None]:
    """The newest, as it was recorded, and with what its run measured besides; without one, what the model's own measured."""
    found = newest_evaluation(
        gathering.sources.tracking.runs, gathering.sources.open_artifacts, run, logged, gathering.attempt
    )
    if found is None:
        return None, None if run is None else measured_by(run)
    return found[0], with_measured(*found)


def _links(graph: Graph | None) -> tuple[CardLink, ...]:
    """What the model came of and what came of it, the nearest first."""
    if graph is None:
        return ()
    labels = {node.id: node for node in graph.nodes}
    above = _reached(graph, upwards=True)
    links = []
    for edge in graph.edges:
        upwards = edge.target in above
        other = labels.get(edge.source if upwards else edge.target)
        if other is None or other.id == graph.root:
            continue
        relation = _RELATIONS.get(edge.kind, edge.kind) + (f" as {edge.detail}" if edge.detail else "")
        label = f"{other.kind.replace('_', ' ')} {other.label}" + (f" ({other.detail})" if other.detail else "")
        link = CardLink(label, other.id, relation, upwards)
        if link not in links:
            links.append(link)
    return tuple(sorted(links, key=lambda one: not one.upwards))


def _reached(graph: Graph, *, upwards: bool) -> set[str]:
    reached, waiting = {graph.root}, [graph.root]
    while waiting:
        here = waiting.pop()
        for edge in graph.edges:
            start, end = (edge.target, edge.source) if upwards else (edge.source, edge.target)
            if start == here and end not in reached:
                reached.add(end)
                waiting.append(end)
    return reached
