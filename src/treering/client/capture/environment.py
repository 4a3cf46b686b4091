"""The environment of this process: packages, Python, system and hardware, and how it was started.

No environment variables are read, and secrets on the command line are masked.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from treering.client.capture.masking import masked_command

__all__ = ["command", "look_at_environment"]

_INSTALLED = re.compile(r"(?P<name>[A-Za-z0-9][\w.]*?)(-(?P<version>[^-]+)(-py[\d.]+)?)?\.(dist|egg)-info")
# The second is that of Windows' subsystem for Linux.
_DRIVERS = ("/proc/driver/nvidia", "/dev/dxg")
_DASHES = re.compile(r"[-_.]+")


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
            "description": f"{platform.system()}-{platform.release()}-{platform.machine()}",
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
    """Versions by normalised name, as the names of the installed folders tell; no file is opened for most.

    Of two of one name, the one that is imported.
    """
    found: dict[str, str] = {}
    for folder in map(Path, sys.path):
        # What is no folder, as the standard library's zip, holds no installations.
        with suppress(OSError):
            for entry in folder.iterdir():
                match = _INSTALLED.fullmatch(entry.name)
                if match is not None and (version := match["version"] or _version(entry)):
                    found.setdefault(_DASHES.sub("-", match["name"]).lower(), version)
    return dict(sorted(found.items()))


def _version(described: Path) -> str:
    """Of what is being developed where it lies, which has no version in its name."""
    with suppress(OSError, UnicodeDecodeError):
        file = described / "PKG-INFO" if described.is_dir() else described
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("Version:"):
                return line.removeprefix("Version:").strip()
    return ""


def _cpu() -> str:
    # It has a part for each processor; the first one tells.
    with suppress(OSError), Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            name, _, value = line.partition(":")
            if name.strip() in {"model name", "Model"}:
                return value.strip()
    return platform.machine()


def _memory() -> int | None:
    with suppress(ValueError, OSError, AttributeError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return None


def _gpus() -> list[dict[str, Any]]:
    """NVIDIA's processors: as their library tells, if it is there, or else by the names that their driver has."""
    if sys.platform == "linux" and not any(map(os.path.exists, _DRIVERS)):
        # Looking for the library takes far longer than all the rest.
        return []
    try:
        nvml: Any = import_module("pynvml")
    except ImportError:
        return _named_gpus()
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


def _named_gpus() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with suppress(OSError):
        for told in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
            lines = told.read_text(encoding="utf-8", errors="replace").splitlines()
            models = [line.removeprefix("Model:").strip() for line in lines if line.startswith("Model:")]
            found.extend({"name": model} for model in models)
    return found


def _text(name: str | bytes) -> str:
    """Old versions of the library answer with bytes."""
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name
