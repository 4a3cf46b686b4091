"""What the memory driver holds: plain tables of frozen values, and the lock around them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from treering.core.clock import now
from treering.core.errors import NotFound
from treering.entities.dataset import Dataset
from treering.entities.deployment import Deployment, DeploymentEvent
from treering.entities.experiment import DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT_NAME, Experiment
from treering.entities.governance import ApprovalRule, Note, Promotion, RegistryEvent, VersionCheck
from treering.entities.lifecycle import Lifecycle
from treering.entities.metric import Metric, MetricSegment
from treering.entities.model import LoggedModel, ModelVersion, RegisteredModel
from treering.entities.run import Run
from treering.entities.view import SavedView
from treering.entities.webhook import Webhook, WebhookMessage

__all__ = ["CountedRuns", "State"]


def _default_experiments() -> dict[str, Experiment]:
    time = now()
    default = Experiment(DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT_NAME, "", Lifecycle.ACTIVE, time, time)
    return {DEFAULT_EXPERIMENT_ID: default}


class CountedRuns(dict[str, Run]):
    """Runs by their ids, which counts for each experiment how often one was put in, changed or taken away."""

    def __init__(self) -> None:
        super().__init__()
        self.versions: Counter[str] = Counter()

    def __setitem__(self, run_id: str, run: Run) -> None:
        self.versions[run.info.experiment_id] += 1
        super().__setitem__(run_id, run)

    def __delitem__(self, run_id: str) -> None:
        self.versions[self[run_id].info.experiment_id] += 1
        super().__delitem__(run_id)


@dataclass(slots=True)
class State:
    """All tables; to be touched only while `lock` is held.

    Attributes:
        deleted_together: Runs that were deleted with their experiment.
        linked: Points that judge a logged model, by its id, which need not exist yet.
        numbers: The highest version ever used of each registered model.
        webhooks: With their secrets.
        events: Each with the life of the model that it tells of; 0 for none.
        lives: A number for each registered model, which a later one of the same name has not.
        leases: Who may send to a webhook, and until when.
    """

    lock: threading.RLock = field(default_factory=threading.RLock)
    experiments: dict[str, Experiment] = field(default_factory=_default_experiments)
    runs: CountedRuns = field(default_factory=CountedRuns)
    deleted_together: set[str] = field(default_factory=set)
    datasets: dict[tuple[str, str, str], Dataset] = field(default_factory=dict)
    segments: dict[tuple[str, str], list[MetricSegment]] = field(default_factory=dict)
    last_segment: int = 0
    deliveries: dict[str, int] = field(default_factory=dict)
    logged_models: dict[str, LoggedModel] = field(default_factory=dict)
    linked: dict[str, list[Metric]] = field(default_factory=dict)
    registered_models: dict[str, RegisteredModel] = field(default_factory=dict)
    versions: dict[tuple[str, int], ModelVersion] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    webhooks: dict[str, tuple[Webhook, str]] = field(default_factory=dict)
    events: list[tuple[int, RegistryEvent]] = field(default_factory=list)
    lives: dict[str, int] = field(default_factory=dict)
    rules: dict[tuple[str, str], ApprovalRule] = field(default_factory=dict)
    promotions: dict[str, Promotion] = field(default_factory=dict)
    checks: dict[tuple[str, int, str], VersionCheck] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    messages: dict[str, WebhookMessage] = field(default_factory=dict)
    last_message: int = 0
    leases: dict[str, tuple[str, int]] = field(default_factory=dict)
    views: dict[str, SavedView] = field(default_factory=dict)
    deployments: dict[str, Deployment] = field(default_factory=dict)
    deployment_events: list[DeploymentEvent] = field(default_factory=list)

    def experiment(self, experiment_id: str) -> Experiment:
        """Raises NotFound."""
        if experiment_id not in self.experiments:
            msg = f"No Experiment with id={experiment_id} exists. Search experiments to see which there are."
            raise NotFound(msg)
        return self.experiments[experiment_id]

    def run_versions(self, experiment_ids: Sequence[str]) -> dict[str, int]:
        """How often the runs of those that exist changed."""
        with self.lock:
            return {one: self.runs.versions[one] for one in experiment_ids if one in self.experiments}

    def run(self, run_id: str) -> Run:
        """Raises NotFound."""
        if run_id not in self.runs:
            msg = f"Run with id={run_id} not found. Check the id and the tracking URI."
            raise NotFound(msg)
        return self.runs[run_id]
