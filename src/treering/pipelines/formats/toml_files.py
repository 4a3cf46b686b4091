"""Parameters in TOML."""

from __future__ import annotations

import tomllib
from typing import Any

from treering.core.errors import InvalidInput

__all__ = ["parse"]


def parse(text: str, name: str) -> Any:
    """As `formats.parse`."""
    try:
        return tomllib.loads(text)
    except ValueError as error:  # a TOMLDecodeError, or a number of too many digits
        msg = f"{name} is not TOML: {error}. Correct it there."
        raise InvalidInput(msg) from error
