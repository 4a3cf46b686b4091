"""Walking through all pages of a search."""

from __future__ import annotations

from treering.entities.page import every

__all__ = ["every"]
