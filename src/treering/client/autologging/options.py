"""What a user can say of how a library is logged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

__all__ = ["COMMON", "Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """The options that every library has, under MLflow's names, and those of one library.

    Attributes:
        log_input_examples: Save the first rows of the training data with the model.
        log_model_signatures: Save what the model takes and gives with it.
        log_models: Log the trained model; without, its example and signature are not logged either.
        log_datasets: Log name, digest and shape of the data.
        log_traces: Accepted; there are no traces.
        disable: Do not log.
        exclusive: Do not log into runs that the user started.
        disable_for_unsupported_versions: Do not log versions of the library older than those tested.
        silent: Do not say in the log what could not be logged.
        extra_tags: Tags for each run that autologging starts.
        own: The options of the library.
    """

    log_input_examples: bool = False
    log_model_signatures: bool = True
    log_models: bool = True
    log_datasets: bool = True
    log_traces: bool = True
    disable: bool = False
    exclusive: bool = False
    disable_for_unsupported_versions: bool = False
    silent: bool = False
    extra_tags: Mapping[str, str] | None = None
    own: Mapping[str, Any] = field(default_factory=dict)


COMMON = tuple(item.name for item in fields(Options) if item.name != "own")
