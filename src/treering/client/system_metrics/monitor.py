"""The thread that looks at the machine while a run goes on; whatever goes wrong in it, training goes on."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from time import time_ns
from typing import TYPE_CHECKING

from treering.client.system_metrics.probes import Probe, open_probes
from treering.client.system_metrics.switches import Switches
from treering.core.log import logger

if TYPE_CHECKING:
    from treering.client.runs import ActiveRun

__all__ = ["Monitor"]

_MILLION = 1_000_000
_PATIENCE = 5.0


class Monitor:
    """Logs the load for one run; the step counts up, and goes on after that of a resumed run.

    Unlike MLflow's it looks at the end of each interval, and once more at the end of
    the run, so that a short run has a point and the processor's share is that of the run.
    """

    def __init__(self, run: ActiveRun, switches: Switches) -> None:
        self._run = run
        self._switches = switches
        self._prefix = f"system/{switches.node_id}/" if switches.node_id else "system/"
        seen = [summary.last.step for key, summary in run.data.summaries.items() if key.startswith(self._prefix)]
        self._step = max(seen, default=-1) + 1
        self._samples: list[dict[str, float]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="treering-system-metrics", daemon=True)

    def start(self) -> None:
        """Begin to look; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Look once more, log it, and end."""
        self._over.set()
        self._thread.join(_PATIENCE)

    def _watch(self) -> None:
        try:
            probes = open_probes()
            while not self._over.wait(self._switches.interval):
                self._look(probes)
                if len(self._samples) >= self._switches.samples:
                    self._log()
            self._look(probes)
            self._log()
        except Exception:  # noqa: BLE001  # a worker's border: the run must not end because of it
            logger.warning("The machine's load is not logged any more; the run goes on.", exc_info=True)

    def _look(self, probes: Sequence[Probe]) -> None:
        found: dict[str, float] = {}
        for probe in probes:
            found |= probe.sample()
        self._samples.append(found)

    def _log(self) -> None:
        at = time_ns() // _MILLION
        points = [(self._prefix + key, value, at, self._step) for key, value in _summary(self._samples).items()]
        self._run.recorder.metrics(self._run.info.run_id, points)
        self._step += 1
        self._samples = []


def _summary(samples: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each, and of what only grows the last."""
    keys = dict.fromkeys(key for sample in samples for key in sample)
    made = {}
    for key in keys:
        values = [sample[key] for sample in samples if key in sample]
        made[key] = values[-1] if key.startswith("network_") else round(sum(values) / len(values), 1)
    return made
