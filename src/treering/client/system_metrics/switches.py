"""Whether and how the machine's load is logged: what was called in this process, else the settings."""

from __future__ import annotations

from dataclasses import dataclass

from treering.core.errors import InvalidInput
from treering.core.settings import Settings

__all__ = [
    "Switches",
    "chosen",
    "disable_system_metrics_logging",
    "enable_system_metrics_logging",
    "set_system_metrics_node_id",
    "set_system_metrics_samples_before_logging",
    "set_system_metrics_sampling_interval",
]


@dataclass(frozen=True, slots=True)
class Switches:
    """How the load is logged.

    Attributes:
        interval: Seconds between two looks.
        samples: How many looks make a point.
        node_id: Stands in the names of the metrics; "" for none.
    """

    enabled: bool
    interval: float
    samples: int
    node_id: str


class _Called:
    """What was called in this process; None leaves it to the settings."""

    enabled: bool | None = None
    interval: float | None = None
    samples: int | None = None
    node_id: str | None = None


def chosen(settings: Settings) -> Switches:
    """What holds for the next run."""
    return Switches(
        settings.system_metrics if _Called.enabled is None else _Called.enabled,
        _Called.interval or settings.system_metrics_interval,
        _Called.samples or settings.system_metrics_samples,
        settings.system_metrics_node_id if _Called.node_id is None else _Called.node_id,
    )


def enable_system_metrics_logging() -> None:
    """Log the machine's load in the runs that start from now on."""
    _Called.enabled = True


def disable_system_metrics_logging() -> None:
    """Do not log the machine's load in the runs that start from now on."""
    _Called.enabled = False


def set_system_metrics_sampling_interval(interval: float | None) -> None:
    """Seconds between two looks; None leaves it to the settings. Raises InvalidInput unless it is above 0."""
    if interval is not None and not interval > 0:
        msg = f"The sampling interval must be above 0 seconds, and is {interval}."
        raise InvalidInput(msg)
    _Called.interval = interval


def set_system_metrics_samples_before_logging(samples: int | None) -> None:
    """How many looks are averaged for a point; None leaves it to the settings. Raises InvalidInput below 1."""
    if samples is not None and samples < 1:
        msg = f"At least 1 sample makes a point, and {samples} were asked for."
        raise InvalidInput(msg)
    _Called.samples = samples


def set_system_metrics_node_id(node_id: str | None) -> None:
    """The name of this machine in the names of its metrics; None leaves it to the settings."""
    _Called.node_id = node_id
