"""`Client` on artifacts of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from treering.client.api.base import ClientPart
from treering.client.artifacts import download_tree, fresh_folder, store_of_run, upload_named, upload_tree
from treering.client.content_calls import IMAGES_TAG, add_image, add_to_table, image_target, read_tables
from treering.client.contents import write_bytes, write_dict, write_figure, write_text
from treering.client.media_calls import add_audio, add_histogram, add_video
from treering.core.errors import NotFound
from treering.core.uri import join
from treering.entities.artifact import FileInfo
from treering.registry.locate import locate

__all__ = ["ArtifactCalls"]


class ArtifactCalls(ClientPart):
    """Adding, listing and fetching the files of runs; each raises NotFound for an unknown run."""

    def log_artifact(self, run_id: str, local_path: str | Path, artifact_path: str | None = None) -> None:
        """Add a file, or a folder with its name."""
        upload_named(store_of_run(self._place, run_id), Path(local_path), artifact_path or "")

    def log_artifacts(self, run_id: str, local_dir: str | Path, artifact_path: str | None = None) -> None:
        """Add all files below a folder."""
        folder = Path(local_dir)
        if not folder.is_dir():
            msg = f"No such folder: {str(folder)!r}. Give the path of a folder that exists."
            raise NotFound(msg)
        upload_tree(store_of_run(self._place, run_id), folder, artifact_path or "")

    def log_text(self, run_id: str, text: str, artifact_file: str) -> None:
        """Store text."""
        write_text(store_of_run(self._place, run_id), artifact_file, text)

    def log_dict(self, run_id: str, dictionary: Any, artifact_file: str) -> None:
        """Store a dictionary or list as YAML or JSON, as the name ends."""
        write_dict(store_of_run(self._place, run_id), artifact_file, dictionary)

    def log_stream(self, run_id: str, stream: Any, artifact_file: str) -> None:
        """Store what a binary file object gives."""
        write_bytes(store_of_run(self._place, run_id), artifact_file, stream.read())

    def log_figure(
        self, run_id: str, figure: Any, artifact_file: str, *, save_kwargs: Mapping[str, Any] | None = None
    ) -> None:
        """Store a Matplotlib or Plotly figure."""
        write_figure(store_of_run(self._place, run_id), artifact_file, figure, save_kwargs)

    def log_image(  # MLflow's signature
        self,
        run_id: str,
        image: Any,
        artifact_file: str | None = None,
        key: str | None = None,
        step: int | None = None,
        timestamp: int | None = None,
    ) -> None:
        """Store an image under a name, or as one of a series."""
        path = image_target(artifact_file, key, step, timestamp)
        add_image(store_of_run(self._place, run_id), path, image, one_of_series=key is not None)
        if key is not None:
            self._place.recorder.tags(run_id, IMAGES_TAG)

    def log_audio(  # noqa: PLR0913, PLR0917  # as log_image
        self,
        run_id: str,
        audio: Any,
        artifact_file: str | None = None,
        key: str | None = None,
        step: int | None = None,
        timestamp: int | None = None,
        sample_rate: int = 44_100,
    ) -> None:
        """Store a sound under a name, or as one of a series; as `treering.log_audio`."""
        store = partial(store_of_run, self._place, run_id)
        add_audio(store, audio, (artifact_file, key, step, timestamp), sample_rate)

    def log_video(  # noqa: PLR0913, PLR0917  # as log_image
        self,
        run_id: str,
        video: Any,
        artifact_file: str | None = None,
        key: str | None = None,
        step: int | None = None,
        timestamp: int | None = None,
        fps: float = 10,
    ) -> None:
        """Store a moving picture under a name, or as one of a series; as `treering.log_video`."""
        store = partial(store_of_run, self._place, run_id)
        add_video(store, video, (artifact_file, key, step, timestamp), fps)

    def log_histogram(  # as treering.log_histogram
        self,
        run_id: str,
        values: Any,
        key: str,
        step: int | None = None,
        timestamp: int | None = None,
        bins: int | Sequence[float] = 64,
    ) -> None:
        """Store how often numbers fall into bins; as `treering.log_histogram`."""
        add_histogram(partial(store_of_run, self._place, run_id), values, (None, key, step, timestamp), bins)

    def log_table(self, run_id: str, data: Any, artifact_file: str) -> None:
        """Add rows to a table."""
        add_to_table(self._place, run_id, data, artifact_file)

    def load_table(
        self,
        experiment_id: str,
        artifact_file: str,
        run_ids: Sequence[str] | None = None,
        extra_columns: Sequence[str] | None = None,
    ) -> Any:
        """The table of that name in several runs, as a data frame."""
        return read_tables(self._place, experiment_id, artifact_file, run_ids, extra_columns)

    def list_artifacts(self, run_id: str, path: str | None = None) -> list[FileInfo]:
        """What lies directly in a folder."""
        return list(store_of_run(self._place, run_id).list(path or ""))

    def download_artifacts(self, run_id: str, path: str, dst_path: str | Path | None = None) -> str:
        """Fetch a file or folder, and return its path on this machine."""
        services = self._place.services()
        where = join(services.tracking.runs.get(run_id).info.artifact_uri, path)
        if dst_path is not None:
            return str(download_tree(services, where, Path(dst_path), path))
        local = services.open_artifacts(where).local_path("")
        if local is not None and local.exists():
            return str(local)
        return str(download_tree(services, where, fresh_folder(), path))

    def get_model_version_download_uri(self, name: str, version: str | int) -> str:
        """Where the files of a version lie."""
        services = self._place.services()
        return locate(f"models:/{name}/{version}", services.tracking, services.registry)
