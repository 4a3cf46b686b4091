"""Models over data sets of Ray: each of Ray's workers fetches and loads the model once, and scores what it is handed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from treering.client.artifacts import download_artifacts
from treering.client.session import session
from treering.core.errors import InvalidInput
from treering.core.uri import local_path, scheme_of
from treering.models.flavours.base import LoadOptions
from treering.models.scoring.job import DEFAULT_CHUNK_ROWS
from treering.models.scoring.rays import FolderPredictor

__all__ = ["RayPredictor", "ray_predict"]


class RayPredictor:
    """For `dataset.map_batches(RayPredictor, fn_constructor_args=(uri,), batch_format="pyarrow", compute=...)`.

    Args:
        model_uri: A folder that each machine has, or such as `models:/<name>@<alias>`.
        columns: What the model is given; by default the columns of its signature, or all.
        keep: Columns that stand before the predictions; `*` is all of them.
        params: Parameters that the model's signature names.
        tracking_uri: Where Ray's workers look for the model; by default as their own settings say.
        trust: True: the model's code may run; or names that may be read though no allow-list has them.
    """

    def __init__(
        self,
        model_uri: str,
        columns: Sequence[str] = (),
        keep: Sequence[str] = ("*",),
        params: Mapping[str, Any] | None = None,
        *,
        tracking_uri: str = "",
        trust: object = None,
    ) -> None:
        if scheme_of(model_uri) == "file":
            folder = local_path(model_uri)
        else:
            folder = Path(download_artifacts(model_uri, tracking_uri=tracking_uri or None))
        self._predictor = FolderPredictor(folder, columns, keep, params, LoadOptions.of(session().settings, trust))

    def __call__(self, batch: Any) -> Any:
        """An Arrow table with the predictions for a batch: an Arrow table, or columns by name."""
        return self._predictor(batch)


def ray_predict(  # noqa: PLR0913 -- options by name
    dataset: Any,
    model_uri: str,
    *,
    columns: Sequence[str] = (),
    keep: Sequence[str] = ("*",),
    params: Mapping[str, Any] | None = None,
    batch_size: int = DEFAULT_CHUNK_ROWS,
    workers: int | tuple[int, int] = 1,
    trust: object = None,
    **options: Any,
) -> Any:
    """A data set of Ray with a model's predictions for another, computed when it is read.

    Args:
        dataset: Of Ray Data; its rows are scored by workers on all machines of the cluster.
        model_uri: A folder that each machine has, or such as `models:/<name>@<alias>`.
        workers: How many processes have the model; or at least and at most so many.
        options: For `map_batches`, such as `num_gpus` or `num_cpus` of each of them.

    Raises:
        InvalidInput: If `dataset` is none of Ray Data.
    """
    if not hasattr(dataset, "map_batches"):
        msg = f"A {type(dataset).__name__} is no data set of Ray. Make one, such as by ray.data.read_parquet(...)."
        raise InvalidInput(msg)
    named = {"tracking_uri": session().place.tracking_uri, "trust": trust}
    return dataset.map_batches(
        RayPredictor,
        fn_constructor_args=(model_uri, tuple(columns), tuple(keep), dict(params or {})),
        fn_constructor_kwargs=named,
        batch_size=batch_size,
        batch_format="pyarrow",
        **{"compute": _pool(workers), **options},
    )


def _pool(workers: int | tuple[int, int]) -> Any:
    # Ray is there, as its data set is.
    strategy = import_module("ray.data").ActorPoolStrategy
    return strategy(size=workers) if isinstance(workers, int) else strategy(min_size=workers[0], max_size=workers[1])
