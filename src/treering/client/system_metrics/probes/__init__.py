"""What can be seen of a machine, one file for each way of looking."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from treering.core.errors import TreeringError
from treering.core.log import logger
from treering.core.plugins import Registry

__all__ = ["PROBES", "Probe", "open_probes"]


class Probe(Protocol):
    """One way of looking; made when a run starts, so that it may count from then on."""

    def sample(self) -> Mapping[str, float]:
        """What is seen now, under MLflow's names, without `system/`."""
        ...


PROBES: Registry[Callable[[], Probe]] = Registry(
    "treering.system_metrics",
    "system metrics probe",
    {
        "linux": "treering.client.system_metrics.probes.linux:LinuxProbe",
        "nvidia": "treering.client.system_metrics.probes.nvidia:NvidiaProbe",
    },
    extras={"nvidia": "gpu"},
)


def open_probes() -> list[Probe]:
    """Those that work on this machine."""
    found: list[Probe] = []
    for name in PROBES.names():
        try:
            found.append(PROBES.load(name)())
        except (TreeringError, OSError) as error:
            logger.debug("System metrics of %s are not logged: %s", name, error)
    return found
