"""`Client` on logged models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from treering.client.api.base import ClientPart
from treering.client.artifacts import upload_named, upload_tree
from treering.client.models import find_logged_models
from treering.entities.artifact import FileInfo
from treering.entities.lifecycle import LoggedModelStatus
from treering.entities.model import LoggedModel
from treering.storage.objects.base import ObjectStore
from treering.tracking.base import NewLoggedModel

__all__ = ["LoggedModelCalls"]


class LoggedModelCalls(ClientPart):
    """Model folders that runs wrote; errors as in `treering.tracking.base.LoggedModels`."""

    def create_logged_model(  # MLflow's signature
        self,
        experiment_id: str,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        model_type: str | None = None,
    ) -> LoggedModel:
        """Begin to log a model."""
        new = NewLoggedModel(experiment_id, name or "", model_type or "", source_run_id or "", params, tags)
        return self._place.services().tracking.models.create(new)

    def get_logged_model(self, model_id: str) -> LoggedModel:
        """One logged model."""
        return self._place.read().tracking.models.get(model_id)

    def finalize_logged_model(self, model_id: str, status: LoggedModelStatus | str) -> LoggedModel:
        """Say whether its files are complete."""
        return self._place.services().tracking.models.finalize(model_id, LoggedModelStatus(status))

    def delete_logged_model(self, model_id: str) -> None:
        """Delete softly."""
        self._place.services().tracking.models.delete(model_id)

    def search_logged_models(  # MLflow's signature
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        datasets: Sequence[Mapping[str, str]] | None = None,
        max_results: int | None = None,
        order_by: Sequence[Mapping[str, Any]] | Sequence[str] | None = None,
    ) -> list[LoggedModel]:
        """Logged models that match."""
        return find_logged_models(self._place, experiment_ids, filter_string, datasets, max_results, order_by)

    def set_logged_model_tags(self, model_id: str, tags: Mapping[str, object]) -> None:
        """Set tags."""
        texts = {key: str(value) for key, value in tags.items()}
        self._place.services().tracking.models.set_tags(model_id, texts)

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        """Remove a tag."""
        self._place.services().tracking.models.delete_tag(model_id, key)

    def log_model_params(self, model_id: str, params: Mapping[str, object]) -> None:
        """Add params."""
        texts = {key: str(value) for key, value in params.items()}
        self._place.services().tracking.models.log_params(model_id, texts)

    def log_model_artifact(self, model_id: str, local_path: str | Path) -> None:
        """Add a file, or a folder with its name."""
        upload_named(self._store(model_id), Path(local_path), "")

    def log_model_artifacts(self, model_id: str, local_dir: str | Path) -> None:
        """Add all files below a folder."""
        upload_tree(self._store(model_id), Path(local_dir), "")

    def list_logged_model_artifacts(self, model_id: str, path: str | None = None) -> list[FileInfo]:
        """What lies directly in a folder of the model."""
        return list(self._store(model_id).list(path or ""))

    def _store(self, model_id: str) -> ObjectStore:
        services = self._place.services()
        return services.open_artifacts(services.tracking.models.get(model_id).artifact_uri)
