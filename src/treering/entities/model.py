"""Models: as a run logged them, and as the registry keeps them in versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from treering.entities.lifecycle import Lifecycle, LoggedModelStatus, ModelVersionStatus
from treering.entities.metric import Metric

__all__ = ["STAGES", "LoggedModel", "ModelVersion", "RegisteredModel"]

STAGES = ("None", "Staging", "Production", "Archived")


@dataclass(frozen=True, slots=True)
class LoggedModel:
    """A model folder that a run wrote, with the params and metrics that belong to it.

    Attributes:
        model_id: `m-` and 32 hexadecimal digits.
        creation_time: Milliseconds since the epoch, as is `last_update_time`.
        metrics: The points that judge this model, last per (key, dataset).
        registrations: (registered model name, version) pairs.
    """

    model_id: str
    experiment_id: str
    name: str
    artifact_uri: str
    status: LoggedModelStatus
    lifecycle_stage: Lifecycle
    creation_time: int
    last_update_time: int
    model_type: str = ""
    source_run_id: str = ""
    status_message: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Sequence[Metric] = ()
    registrations: Sequence[tuple[str, int]] = ()


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One version of a registered model.

    Attributes:
        source: The URI it was registered from.
        storage_uri: Where its files lie.
        creation_time: Milliseconds since the epoch, as is `last_update_time`.
    """

    name: str
    version: int
    source: str
    storage_uri: str
    status: ModelVersionStatus
    stage: str
    creation_time: int
    last_update_time: int
    description: str = ""
    run_id: str = ""
    run_link: str = ""
    model_id: str = ""
    user_id: str = ""
    status_message: str = ""
    aliases: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """A name in the registry, under which versions are kept.

    Attributes:
        aliases: Alias to version number.
        latest_versions: The newest version of each stage.
    """

    name: str
    creation_time: int
    last_update_time: int
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, int] = field(default_factory=dict)
    latest_versions: Sequence[ModelVersion] = ()
