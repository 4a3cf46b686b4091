"""`Client`: everything by explicit ids, under the names of MLflow's client."""

from __future__ import annotations

from treering.client.api.artifacts import ArtifactCalls
from treering.client.api.experiments import ExperimentCalls
from treering.client.api.governance import GovernanceCalls
from treering.client.api.models import LoggedModelCalls
from treering.client.api.registry import RegistryCalls
from treering.client.api.runs import RunCalls
from treering.client.session import session

__all__ = ["Client"]


class Client(ExperimentCalls, RunCalls, ArtifactCalls, RegistryCalls, GovernanceCalls, LoggedModelCalls):
    """A way to a tracking store and registry that knows no active run; also called `MlflowClient`.

    Args:
        tracking_uri: Where runs are tracked; what the fluent calls use now unless given.
        registry_uri: Where models are registered; beside the runs unless given.
    """

    def __init__(self, tracking_uri: str | None = None, registry_uri: str | None = None) -> None:
        current = session()
        if tracking_uri is None and registry_uri is None:
            self._place = current.place
        else:
            uri = current.place.target.uri if tracking_uri is None else tracking_uri
            self._place = current.place_at(uri, registry_uri or "")

    @property
    def tracking_uri(self) -> str:
        """Where runs are tracked."""
        return self._place.tracking_uri
