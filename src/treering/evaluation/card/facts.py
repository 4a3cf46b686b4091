"""What a model card tells, as one value; whoever has a piece of it fills it in, and what is empty is not told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from treering.entities.evaluation import Evaluation
from treering.entities.governance import Note, Promotion, RegistryEvent, VersionCheck
from treering.entities.objective import Objective

__all__ = ["TEXTS", "CardData", "CardFacts", "CardLink", "CardMaking", "CardRun"]

TEXTS: Mapping[str, str] = {
    "intended_use": "Intended use",
    "out_of_scope": "Not meant for",
    "limitations": "Limitations",
    "ethics": "Ethical considerations",
    "contact": "Contact",
    "licence": "Licence",
}
"""What only people can say, by the end of the tag that holds it: `treering.card.intended_use` and so on."""


@dataclass(frozen=True, slots=True)
class CardRun:
    """The run that made the model.

    Attributes:
        started: Milliseconds since the epoch; `duration` in milliseconds, None while it runs.
        commit: Of the code, with `repository` and `branch` where they are known.
        changed: Whether the code had changes that were not committed.
    """

    run_id: str
    name: str = ""
    experiment: str = ""
    user: str = ""
    started: int = 0
    duration: int | None = None
    source: str = ""
    commit: str = ""
    branch: str = ""
    repository: str = ""
    changed: bool = False
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CardData:
    """A dataset that the run read or wrote."""

    role: str
    name: str
    digest: str
    source: str = ""
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class CardLink:
    """A thing that the model came of, or that came of it.

    Attributes:
        relation: How, in words.
        upwards: Whether the model came of it.
    """

    label: str
    uri: str
    relation: str
    upwards: bool


@dataclass(frozen=True, slots=True)
class CardMaking:
    """What the model is made of.

    Attributes:
        inputs: (name, type) of each column or tensor that it takes; `outputs` of what it gives.
        requirements: As pip reads them.
    """

    flavours: tuple[str, ...] = ()
    python: str = ""
    inputs: tuple[tuple[str, str], ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()
    requirements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CardFacts:
    """All that a card tells.

    Attributes:
        name: The registered model's; or what the model is called otherwise.
        version: 0 for a model that is in no registry.
        uri: Where it is loaded from.
        texts: What people wrote, by the keys of `TEXTS`.
        evaluation: As it was recorded, on the data that it names.
        measured: The same with what its run measured besides, or a run's metrics alone: demands are held against it.
        unknown: What is not known and ought to be; sentences for people.
        made: When the card was made, in milliseconds since the epoch.
    """

    name: str
    version: int = 0
    uri: str = ""
    stage: str = ""
    aliases: tuple[str, ...] = ()
    description: str = ""
    model_description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    created: int = 0
    user: str = ""
    objective: Objective | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    evaluation: Evaluation | None = None
    run: CardRun | None = None
    data: tuple[CardData, ...] = ()
    making: CardMaking | None = None
    lineage: tuple[CardLink, ...] = ()
    checks: Sequence[VersionCheck] = ()
    promotions: Sequence[Promotion] = ()
    notes: Sequence[Note] = ()
    history: Sequence[RegistryEvent] = ()
    unknown: tuple[str, ...] = ()
    made: int = 0
    measured: Evaluation | None = None

    @property
    def title(self) -> str:
        """The name, with the version where there is one."""
        return f"{self.name} version {self.version}" if self.version else self.name
