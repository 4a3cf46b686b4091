"""What can be searched for on each kind of object, and how it is ordered when nothing else is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from treering.storage.metadata.search.syntax import Entity, Field, Kind, OrderTerm

__all__ = [
    "DATASET_KEYS",
    "EXPERIMENTS",
    "LOGGED_MODELS",
    "MODEL_VERSIONS",
    "REGISTERED_MODELS",
    "RUNS",
    "WEBHOOKS",
    "Vocabulary",
    "attribute",
]

_PREFIXES = {
    Entity.ATTRIBUTE: ("attributes", "attribute", "attr"),
    Entity.DATASET: ("datasets", "dataset"),
    Entity.METRIC: ("metrics", "metric"),
    Entity.PARAM: ("params", "param", "parameters", "parameter"),
    Entity.TAG: ("tags", "tag"),
}
DATASET_KEYS = ("name", "digest", "context")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one kind of object.

    Attributes:
        noun: What the objects are called in messages.
        attributes: Name to kind.
        entities: The other parts it has, beside attributes.
        aliases: Other names of attributes.
        order: The ordering when none is asked for; also what breaks ties.
        prefixes: Entity prefixes as the user may write them.
        by_dataset: Whether ordering by a metric can name a dataset.
        aggregates: Whether a metric remembers its extremes and its count beside its last value.
    """

    noun: str
    attributes: Mapping[str, Kind]
    entities: tuple[Entity, ...]
    aliases: Mapping[str, str]
    order: tuple[OrderTerm, ...]
    extra_prefixes: Mapping[str, Entity] = field(default_factory=dict)
    by_dataset: bool = False
    aggregates: bool = False

    @property
    def prefixes(self) -> dict[str, Entity]:
        """Every prefix that is understood, with its entity."""
        known = {name: part for part in (Entity.ATTRIBUTE, *self.entities) for name in _PREFIXES[part]}
        return {**known, **self.extra_prefixes}


def attribute(key: str, kind: Kind) -> Field:
    """An attribute as a field."""
    return Field(Entity.ATTRIBUTE, key, kind)


def _frozen(table: dict[str, Kind]) -> Mapping[str, Kind]:
    return MappingProxyType(table)


RUNS = Vocabulary(
    noun="runs",
    attributes=_frozen(
        {
            "run_id": Kind.TEXT,
            "run_name": Kind.TEXT,
            "status": Kind.TEXT,
            "artifact_uri": Kind.TEXT,
            "user_id": Kind.TEXT,
            "start_time": Kind.TIME,
            "end_time": Kind.TIME,
            "duration": Kind.DURATION,
        }
    ),
    entities=(Entity.METRIC, Entity.PARAM, Entity.TAG, Entity.DATASET),
    aliases={
        "run name": "run_name",
        "Run name": "run_name",
        "Run Name": "run_name",
        "created": "start_time",
        "Created": "start_time",
    },
    order=(OrderTerm(attribute("start_time", Kind.TIME), descending=True), OrderTerm(attribute("run_id", Kind.TEXT))),
    extra_prefixes={"run": Entity.ATTRIBUTE},
    aggregates=True,
)

EXPERIMENTS = Vocabulary(
    noun="experiments",
    attributes=_frozen(
        {"name": Kind.TEXT, "experiment_id": Kind.ID, "creation_time": Kind.TIME, "last_update_time": Kind.TIME}
    ),
    entities=(Entity.TAG,),
    aliases={},
    order=(
        OrderTerm(attribute("creation_time", Kind.TIME), descending=True),
        OrderTerm(attribute("experiment_id", Kind.ID)),
    ),
)

REGISTERED_MODELS = Vocabulary(
    noun="registered models",
    attributes=_frozen({"name": Kind.TEXT, "creation_timestamp": Kind.TIME, "last_updated_timestamp": Kind.TIME}),
    entities=(Entity.TAG,),
    aliases={"timestamp": "last_updated_timestamp"},
    order=(OrderTerm(attribute("name", Kind.TEXT)),),
)

MODEL_VERSIONS = Vocabulary(
    noun="model versions",
    attributes=_frozen(
        {
            "name": Kind.TEXT,
            "version_number": Kind.WHOLE,
            "run_id": Kind.TEXT,
            "source_path": Kind.TEXT,
            "creation_timestamp": Kind.TIME,
            "last_updated_timestamp": Kind.TIME,
        }
    ),
    entities=(Entity.TAG,),
    aliases={},
    order=(
        OrderTerm(attribute("last_updated_timestamp", Kind.TIME), descending=True),
        OrderTerm(attribute("name", Kind.TEXT)),
        OrderTerm(attribute("version_number", Kind.WHOLE), descending=True),
    ),
)

LOGGED_MODELS = Vocabulary(
    noun="logged models",
    attributes=_frozen(
        {
            "name": Kind.TEXT,
            "model_id": Kind.TEXT,
            "model_type": Kind.TEXT,
            "status": Kind.TEXT,
            "source_run_id": Kind.TEXT,
            "artifact_uri": Kind.TEXT,
            "creation_timestamp": Kind.TIME,
            "last_updated_timestamp": Kind.TIME,
        }
    ),
    entities=(Entity.METRIC, Entity.PARAM, Entity.TAG),
    aliases={"creation_time": "creation_timestamp", "last_updated_time": "last_updated_timestamp"},
    order=(
        OrderTerm(attribute("creation_timestamp", Kind.TIME), descending=True),
        OrderTerm(attribute("model_id", Kind.TEXT)),
    ),
    by_dataset=True,
)

WEBHOOKS = Vocabulary(
    noun="webhooks",
    attributes=_frozen(
        {
            "name": Kind.TEXT,
            "url": Kind.TEXT,
            "status": Kind.TEXT,
            "webhook_id": Kind.TEXT,
            "creation_timestamp": Kind.TIME,
            "last_updated_timestamp": Kind.TIME,
        }
    ),
    entities=(),
    aliases={},
    order=(
        OrderTerm(attribute("creation_timestamp", Kind.TIME), descending=True),
        OrderTerm(attribute("webhook_id", Kind.TEXT)),
    ),
)
