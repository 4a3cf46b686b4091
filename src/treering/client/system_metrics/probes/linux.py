"""Processor, memory, disk and network as Linux tells them in /proc."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

__all__ = ["LinuxProbe"]

_MEGA = 1e6
_KIBI = 1024
_IDLE = slice(3, 5)  # idle and waiting for a disk
_TIMES = 8  # those behind count guests, who are in the first already
_RECEIVED, _SENT = 0, 8


class LinuxProbe:
    """Implements `Probe`. Raises OSError where there is no /proc."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = proc
        self._times = self._processor()
        self._traffic = self._network()

    def sample(self) -> dict[str, float]:
        """As `Probe.sample`; the processor's share is that since the last look."""
        found: dict[str, float] = {}
        busy, total = self._processor()
        if total > self._times[1]:
            share = (busy - self._times[0]) / (total - self._times[1])
            found["cpu_utilization_percentage"] = min(100.0, max(0.0, 100 * share))
            self._times = busy, total
        memory = self._memory()
        used = memory["MemTotal"] - memory.get("MemAvailable", memory["MemFree"])
        found["system_memory_usage_megabytes"] = used * _KIBI / _MEGA
        found["system_memory_usage_percentage"] = 100 * used / memory["MemTotal"]
        disk = shutil.disk_usage(os.sep)
        found["disk_usage_percentage"] = 100 * disk.used / ((disk.used + disk.free) or 1)
        found["disk_usage_megabytes"] = disk.used / _MEGA
        found["disk_available_megabytes"] = disk.free / _MEGA
        received, sent = self._network()
        found["network_receive_megabytes"] = (received - self._traffic[0]) / _MEGA
        found["network_transmit_megabytes"] = (sent - self._traffic[1]) / _MEGA
        return found

    def _processor(self) -> tuple[int, int]:
        """Busy and all time of all cores since the machine started."""
        first = (self._proc / "stat").read_text(encoding="ascii").partition("\n")[0]
        times = [int(one) for one in first.split()[1:]][:_TIMES]
        return sum(times) - sum(times[_IDLE]), sum(times)

    def _memory(self) -> dict[str, int]:
        """Kibibytes by name."""
        lines = (self._proc / "meminfo").read_text(encoding="ascii").splitlines()
        return {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}

    def _network(self) -> tuple[int, int]:
        """Bytes received and sent by all interfaces."""
        lines = (self._proc / "net" / "dev").read_text(encoding="ascii").splitlines()[2:]
        counts = [[int(one) for one in line.partition(":")[2].split()] for line in lines]
        return sum(one[_RECEIVED] for one in counts), sum(one[_SENT] for one in counts)
