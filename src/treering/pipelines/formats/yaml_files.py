"""Parameters in YAML 1.2."""

from __future__ import annotations

from typing import Any

from treering.versioning.documents import parse_yaml

__all__ = ["parse"]


def parse(text: str, name: str) -> Any:
    """As `formats.parse`; an empty file is an empty mapping."""
    found = parse_yaml(text, name)
    return {} if found is None else found
