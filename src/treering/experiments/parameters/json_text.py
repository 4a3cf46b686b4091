"""Sets values in a JSON file, which keeps its indentation and the order of its keys."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["rewrite"]

_INDENTED = re.compile(r"^[\[{]\r?\n([ \t]+)\S")


def rewrite(text: str, old: Any, new: Any, name: str) -> str:  # noqa: ARG001 - as all rewriters
    """As `assigning.Rewriter`."""
    found = _INDENTED.match(text.lstrip())
    step = found[1] if found else None
    if step is not None and not step.strip(" "):
        layout: int | str | None = len(step)
    else:
        layout = step if text.strip() else 4
    dumped = json.dumps(new, indent=layout, ensure_ascii=text.isascii())
    return dumped + ("\n" if text.endswith("\n") or not text.strip() else "")
