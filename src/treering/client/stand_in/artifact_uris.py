"""`mlflow.tracking.artifact_utils`: what flavours of other people take from it to fetch a model's files."""

from __future__ import annotations

from treering.client.artifacts import download_artifacts

__all__ = ["_download_artifact_from_uri"]


def _download_artifact_from_uri(artifact_uri: str, output_path: str | None = None) -> str:
    """Fetch a file or folder, and return its path on this machine."""
    return download_artifacts(artifact_uri, dst_path=output_path)
