"""Brings everything from a source to Treering's services; stopped and started again, it goes on.

Nothing is kept about what was done: each thing is looked up at the destination first,
so a second time brings only what is new. Runs and logged models keep their ids,
versions their numbers; an experiment is known again by a tag, or by its name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from treering.assembly import Services
from treering.core.errors import NotFound, TreeringError
from treering.core.uri import join
from treering.entities.experiment import DEFAULT_EXPERIMENT_NAME, Experiment
from treering.entities.lifecycle import Lifecycle, View
from treering.entities.metric import Metric
from treering.entities.model import LoggedModel, ModelVersion
from treering.entities.page import Query
from treering.entities.run import Run
from treering.exchange.files import copy_files
from treering.exchange.moved import Moved
from treering.exchange.report import Report
from treering.exchange.runs import bring_points, settle
from treering.exchange.source import FoundRun, Source, wished

__all__ = ["IMPORTED_TAG", "Wishes", "bring"]

IMPORTED_TAG = "treering.importedFrom"
"""On an experiment: its id at the source, and when it was made there."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be brought over, and how.

    Attributes:
        experiments: Names or ids; all, and the registry, where it is empty.
        artifacts: Whether files are copied to the destination's own place, or left where they are.
        for_mlflow_2: Whether MLflow 2 is to read it, which fails on a run that says which logged models it read.
    """

    experiments: Sequence[str] = ()
    artifacts: bool = True
    for_mlflow_2: bool = False


def bring(source: Source, services: Services, wishes: Wishes, report: Report) -> None:
    """Bring over what is wished, and compare what arrived with what the source holds.

    Differences, and single things that cannot be brought, are problems in `report`; the rest goes on.

    Raises:
        NotFound: If a wished experiment does not exist at the source.
        TreeringError: If the source or the destination fails as a whole.
    """
    _Bringing(source, services, wishes, report).everything()


class _Bringing:
    def __init__(self, source: Source, services: Services, wishes: Wishes, report: Report) -> None:
        self.source = source
        self.services = services
        self.wishes = wishes
        self.report = report
        self._moved = Moved()

    def everything(self) -> None:
        found = wished(self.source, self.wishes.experiments)
        known = self._known()
        # Active ones first: they may take the names that deleted ones have, too.
        for one in sorted(found, key=lambda one: one.lifecycle_stage is Lifecycle.DELETED):
            self._experiment(one, known)
        if not self.wishes.experiments:
            self._registry()

    # Experiments

    def _known(self) -> dict[str, Experiment]:
        """What is at the destination: by mark, and the active ones by name."""
        known: dict[str, Experiment] = {}
        query = Query(max_results=1000, view=View.ALL)
        while True:
            page = self.services.tracking.experiments.search(query)
            for one in page.items:
                if mark := one.tags.get(IMPORTED_TAG):
                    known[mark] = one
                if one.lifecycle_stage is Lifecycle.ACTIVE:
                    known[f"name {one.name}"] = one
            if not page.next_token:
                return known
            query = replace(query, page_token=page.next_token)

    def _experiment(self, given: Experiment, known: dict[str, Experiment]) -> None:
        self.report.progress(f"experiment {given.name!r}")
        self.report.experiments.found += 1
        mark = f"{given.experiment_id}@{given.creation_time}"
        active = given.lifecycle_stage is Lifecycle.ACTIVE
        target = known.get(mark) or (known.get(f"name {given.name}") if active else None)
        if target is None:
            target = self._made(given, mark)
            known[mark] = target
            self.report.experiments.brought += 1
        else:
            self.report.experiments.present += 1
            missing = {key: value for key, value in given.tags.items() if target.tags.get(key) != value}
            if given.name != DEFAULT_EXPERIMENT_NAME and IMPORTED_TAG not in target.tags:
                missing[IMPORTED_TAG] = mark
            if missing:
                self.services.tracking.experiments.set_tags(target.experiment_id, missing)
        content = _Content(self, given, target)
        content.bring()
        if not active:
            self._delete(target.experiment_id, given.name)

    def _made(self, given: Experiment, mark: str) -> Experiment:
        tracking = self.services.tracking
        place = "" if self.wishes.artifacts else given.artifact_location
        name = given.name
        if given.lifecycle_stage is Lifecycle.DELETED:
            # Another active one may have the name; it comes off when the experiment is deleted again.
            name = f"{given.name} ({given.experiment_id}, being imported)"[-500:]
        new = replace(given, name=name, artifact_location=place, tags={**given.tags, IMPORTED_TAG: mark})
        return tracking.experiments.get(tracking.upkeep.put_experiment(new).experiment_id)

    def _delete(self, experiment_id: str, name: str) -> None:
        """Delete it once it has all, and give it its own name; whichever of these was not done before."""
        experiments = self.services.tracking.experiments
        there = experiments.get(experiment_id)
        if there.lifecycle_stage is Lifecycle.ACTIVE:
            experiments.delete(experiment_id)
        if there.name != name:
            experiments.rename(experiment_id, name)

    # The registry

    def _registry(self) -> None:
        tracking, registry = self.services.tracking, self.services.registry
        for model in self.source.registered_models():
            self.report.progress(f"registered model {model.name!r}")
            self.report.registered_models.found += 1
            try:
                present = registry.models.get(model.name)
                self.report.registered_models.present += 1
            except NotFound:
                tracking.upkeep.put_registered_model(model)
                present = registry.models.get(model.name)
                self.report.registered_models.brought += 1
            for version in self.source.versions(model.name):
                self._version(version)
            for key, value in model.tags.items():
                if present.tags.get(key) != value:
                    registry.models.set_tags(model.name, {key: value})
            for alias, number in model.aliases.items():
                if present.aliases.get(alias) != number:
                    try:
                        registry.models.set_alias(model.name, alias, number)
                    except TreeringError as error:
                        self.report.problem(f"alias {alias} of {model.name}: {error}")

    def _version(self, version: ModelVersion) -> None:
        self.report.versions.found += 1
        versions = self.services.registry.versions
        what = f"version {version.version} of {version.name}"
        try:
            there = versions.get(version.name, version.version)
            self.report.versions.present += 1
        except NotFound:
            storage, source = self._moved.now_at(version.storage_uri), self._moved.now_at(version.source)
            try:
                self.services.tracking.upkeep.put_version(replace(version, storage_uri=storage, source=source))
                there = versions.get(version.name, version.version)
            except TreeringError as error:
                self.report.problem(f"{what}: {error}")
                return
            self.report.versions.brought += 1
        if there.stage != version.stage:
            there = versions.transition(version.name, version.version, version.stage)
        if there.description != version.description:
            versions.update(version.name, version.version, version.description)
        if missing := {key: value for key, value in version.tags.items() if there.tags.get(key) != value}:
            versions.set_tags(version.name, version.version, missing)

    def moved(self, what: str, given: str, target: str) -> None:
        """Copy what lies at `given`, and remember where it lies now."""
        if not self.wishes.artifacts or not given or given == target:
            return
        self._moved.add(given, target)
        try:
            copy_files(self.source.artifacts(given), self.services.open_artifacts(target), what, self.report)
        except TreeringError as error:
            self.report.problem(f"artifacts of {what} at {given}: {error}")


class _Content:
    """What is in one experiment."""

    def __init__(self, whole: _Bringing, given: Experiment, target: Experiment) -> None:
        self._whole = whole
        self.source, self.services, self.report = whole.source, whole.services, whole.report
        self.wishes = whole.wishes
        self._given, self._target = given, target
        self.opened = False

    def bring(self) -> None:
        linked: dict[str, list[Metric]] = defaultdict(list)
        for model in self.source.logged_models(self._given.experiment_id):
            self._logged_model(model)
            for point in model.metrics:
                linked[point.run_id].append(point)
        for count, found in enumerate(self.source.runs(self._given.experiment_id), 1):
            if count % 100 == 0:
                self.report.progress(f"experiment {self._given.name!r}: {count} runs")
            try:
                self._run(found, linked.pop(found.run.info.run_id, []))
            except TreeringError as error:
                self.report.problem(f"run {found.run.info.run_id}: {error}")

    def _open(self) -> None:
        """A deleted experiment takes nothing in, so it is restored for as long as it takes."""
        if not self.opened and self._target.lifecycle_stage is Lifecycle.DELETED:
            self.services.tracking.experiments.restore(self._target.experiment_id)
        self.opened = True

    def _logged_model(self, given: LoggedModel) -> None:
        self.report.logged_models.found += 1
        models = self.services.tracking.models
        here = join(self._target.artifact_location, "models", given.model_id, "artifacts")
        place = here if self.wishes.artifacts else given.artifact_uri
        try:
            there = models.get(given.model_id, allow_deleted=True)
            self.report.logged_models.present += 1
        except NotFound:
            new = replace(given, experiment_id=self._target.experiment_id, artifact_uri=place, metrics=())
            there = self.services.tracking.upkeep.put_logged_model(new)
            self.report.logged_models.brought += 1
        if there.lifecycle_stage is Lifecycle.ACTIVE:
            if missing := {key: value for key, value in given.tags.items() if there.tags.get(key) != value}:
                models.set_tags(given.model_id, missing)
            if there.status != given.status:
                models.finalize(given.model_id, given.status)
            if given.lifecycle_stage is Lifecycle.DELETED:
                models.delete(given.model_id)
        self._whole.moved(f"the logged model {given.model_id}", given.artifact_uri, there.artifact_uri)

    def _run(self, found: FoundRun, linked: Sequence[Metric]) -> None:
        given, tracking = found.run, self.services.tracking
        if found.deleted_together:
            given = replace(given, info=replace(given.info, lifecycle_stage=Lifecycle.ACTIVE))
        self.report.runs.found += 1
        try:
            there = tracking.runs.get(given.info.run_id)
            self.report.runs.present += 1
            if _lacks(there, given):
                there = tracking.upkeep.put_run(self._placed(given))
        except NotFound:
            self._open()
            there = tracking.upkeep.put_run(self._placed(given))
            self.report.runs.brought += 1
        bring_points(self.source, self.services, found, there, linked, self.report)
        settle(tracking, given, self.report)
        self._whole.moved(f"the run {given.info.run_id}", given.info.artifact_uri, there.info.artifact_uri)

    def _placed(self, given: Run) -> Run:
        run_id = given.info.run_id
        here = join(self._target.artifact_location, run_id, "artifacts")
        info = replace(
            given.info,
            experiment_id=self._target.experiment_id,
            artifact_uri=here if self.wishes.artifacts else given.info.artifact_uri,
            lifecycle_stage=Lifecycle.ACTIVE,
        )
        return replace(given, info=info, data=replace(given.data, summaries={}))


def _lacks(there: Run, given: Run) -> bool:
    """Whether something is missing that a run only ever gets more of: it is new, or an import was killed before it."""
    datasets = {(one.dataset.name, one.dataset.digest) for one in there.inputs.dataset_inputs}
    return (
        not given.data.params.keys() <= there.data.params.keys()
        or any((one.dataset.name, one.dataset.digest) not in datasets for one in given.inputs.dataset_inputs)
        or not set(given.inputs.model_inputs) <= set(there.inputs.model_inputs)
        or not set(given.outputs.model_outputs) <= set(there.outputs.model_outputs)
    )
