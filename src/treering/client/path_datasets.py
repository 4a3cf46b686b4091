"""What `log_input` makes of a path or URL."""

from __future__ import annotations

from pathlib import Path

from treering.client.datasets import from_dvc, from_file
from treering.client.meta_dataset import MetaDataset
from treering.core.uri import local_path, scheme_of

__all__ = ["at_path"]


def at_path(path: str | Path) -> MetaDataset:
    """As `from_file`; of what a repository tracks, and is not there, as `from_dvc`. Raises NotFound."""
    if scheme_of(str(path)) != "file" or local_path(str(path)).exists():
        return from_file(path)
    return from_dvc(path)
