"""The options of ONNX Runtime by which it loads a program library, or reads and writes a file of any name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["files_named"]

_OF_FILES = re.compile("dir|file|lib|path|plugin", re.IGNORECASE)


def files_named(providers: Any, settings: Any) -> list[str]:
    """Such options among those of execution providers and of a session, as MLflow writes them."""
    more = settings.get("extra_session_config") if isinstance(settings, Mapping) else None
    names = list(more) if isinstance(more, Mapping) else []
    for one in providers if isinstance(providers, list | tuple) else [providers]:
        match one:
            case [str(), dict() as options]:
                names += options
    return [name for name in map(str, names) if _OF_FILES.search(name)]
