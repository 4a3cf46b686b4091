"""The release of MLflow whose names and protocol are meant; libraries choose by it how to call."""

from __future__ import annotations

__all__ = ["VERSION", "__version__"]

VERSION = __version__ = "3.18.0"
