"""Parameters in JSON."""

from __future__ import annotations

import json
from typing import Any

from treering.core.errors import InvalidInput

__all__ = ["parse"]


def parse(text: str, name: str) -> Any:
    """As `formats.parse`."""
    try:
        return json.loads(text)
    except ValueError as error:
        msg = f"{name} is not JSON: {error}. Correct it there."
        raise InvalidInput(msg) from error
