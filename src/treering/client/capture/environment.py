"""The environment of this process: packages, Python, system and hardware, and how it was started.

No environment variables are read, and secrets on the command line are masked.
"""

from __future__ import annotations

import os
import platform
import sys
from contextlib import suppress
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from treering.client.capture.masking import masked_command

__all__ = ["command", "look_at_environment"]


def look_at_environment() -> dict[str, Any]:
    """What holds for the whole life of the process, as JSON takes it; memory in bytes."""
    return {
        "python": {
            "version": platform.python_version(),
            "implementation": platform.python_implementation(),
            "executable": sys.executable,
        },
        "platform": {
            "system": platform.system(),
            "release": platform.release(),
            "machine": platform.machine(),
            "description": platform.platform(),
            "host": platform.node(),
        },
        "hardware": {"cpu": _cpu(), "cpu_count": os.cpu_count(), "memory": _memory(), "gpus": _gpus()},
        "packages": _packages(),
    }


def command(notebook: str) -> dict[str, Any]:
    """How this process was started: the command line, and the script or notebook that it runs.

    Args:
        notebook: What a notebook server calls the notebook; "" if it does not say.
    """
    if "ipykernel" in sys.modules:
        told = getattr(sys.modules.get("__main__"), "__vsc_ipynb_file__", "")
        return {"entry": Path(str(told or notebook)).name or "<notebook>", "command": []}
    script = sys.argv[0] if sys.argv else ""
    entry = script if script not in {"", "-c", "-m"} else "<console>"
    return {"entry": entry, "command": masked_command(sys.argv)}


def _packages() -> dict[str, str]:
    """Versions by name; of two of one name, the one that is imported."""
    found: dict[str, str] = {}
    for distribution in metadata.distributions():
        # A broken installation has no metadata, and then no name.
        with suppress(KeyError, TypeError, OSError, ValueError):
            described = distribution.metadata
            name, version = described["Name"], described["Version"]
            if name and version:
                found.setdefault(str(name), str(version))
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def _cpu() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() in {"model name", "Model"}:
                return value.strip()
    return platform.machine()


def _memory() -> int | None:
    with suppress(ValueError, OSError, AttributeError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return None


def _gpus() -> list[dict[str, Any]]:
    """NVIDIA's processors, if their library is there."""
    try:
        nvml: Any = import_module("pynvml")
    except ImportError:
        return []
    found = []
    with suppress(nvml.NVMLError):
        nvml.nvmlInit()
        try:
            driver = _text(nvml.nvmlSystemGetDriverVersion())
            for index in range(nvml.nvmlDeviceGetCount()):
                device = nvml.nvmlDeviceGetHandleByIndex(index)
                memory = nvml.nvmlDeviceGetMemoryInfo(device).total
                found.append({"name": _text(nvml.nvmlDeviceGetName(device)), "memory": memory, "driver": driver})
        finally:
            nvml.nvmlShutdown()
    return found


def _text(name: str | bytes) -> str:
    """Old versions of the library answer with bytes."""
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name
