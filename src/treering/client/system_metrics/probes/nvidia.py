"""NVIDIA's graphics processors, as its own library tells."""

from __future__ import annotations

import pynvml

from treering.core.errors import NotSupported

__all__ = ["NvidiaProbe"]

_MEGA = 1e6


class NvidiaProbe:
    """Implements `Probe`. Raises NotSupported where the driver finds no device."""

    def __init__(self) -> None:
        try:
            pynvml.nvmlInit()
            self._devices = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        except pynvml.NVMLError as error:
            msg = f"NVIDIA's driver cannot be asked: {error}. Install the driver, or do without its metrics."
            raise NotSupported(msg) from error

    def sample(self) -> dict[str, float]:
        """As `Probe.sample`; what a device does not tell is left out."""
        found: dict[str, float] = {}
        for index, device in enumerate(self._devices):
            for look in (_memory, _utilisation, _power):
                try:
                    found |= {f"gpu_{index}_{key}": value for key, value in look(device).items()}
                except pynvml.NVMLError:
                    continue
        return found


def _memory(device: object) -> dict[str, float]:
    memory = pynvml.nvmlDeviceGetMemoryInfo(device)
    return {
        "memory_usage_percentage": 100 * memory.used / memory.total,
        "memory_usage_megabytes": memory.used / _MEGA,
    }


def _utilisation(device: object) -> dict[str, float]:
    return {"utilization_percentage": float(pynvml.nvmlDeviceGetUtilizationRates(device).gpu)}


def _power(device: object) -> dict[str, float]:
    used, limit = pynvml.nvmlDeviceGetPowerUsage(device), pynvml.nvmlDeviceGetEnforcedPowerLimit(device)
    return {"power_usage_watts": used / 1000, "power_usage_percentage": 100 * used / limit}
