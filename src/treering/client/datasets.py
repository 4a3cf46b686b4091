"""`treering.data`: describing data that a run uses, without storing it; and reading data that a repository tracks.

A description holds a name, a fingerprint, where the data came from, its columns
and its size. The data itself stays with the caller.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from treering.client import dataset_sources as http_dataset_source
from treering.client import meta_dataset
from treering.client.data_calls import (
    all_branches,
    all_commits,
    all_tags,
    artifacts_show,
    exp_save,
    exp_show,
    filesystem,
    get,
    get_url,
    ls,
    open,  # noqa: A004  # DVC's name for it
    profile,
    read,
    split,
)
from treering.client.data_provenance import TrackedPath, tracked_at
from treering.client.dataset_sources import DatasetSource, HTTPDatasetSource, hub_source, source_at, stored_source
from treering.client.described import DESCRIBED, TENSORS
from treering.client.described_dataset import DEFAULT_NAME, DescribedDataset, check_columns
from treering.client.digests import array_digest
from treering.client.file_digests import FileDigest, digest_of_parts, digest_of_path, tracked_by_dvc
from treering.client.frames import FRAMES
from treering.client.inputs import dataset_of
from treering.client.meta_dataset import MetaDataset
from treering.client.session import session
from treering.client.spark_datasets import from_spark, load_delta
from treering.core.uri import local_path, split_name
from treering.entities.dataset import Dataset
from treering.models.signature import infer_schema

__all__ = [
    "DatasetSource",
    "DescribedDataset",
    "HTTPDatasetSource",
    "MetaDataset",
    "all_branches",
    "all_commits",
    "all_tags",
    "artifacts_show",
    "exp_save",
    "exp_show",
    "filesystem",
    "from_arrow",
    "from_dvc",
    "from_file",
    "from_huggingface",
    "from_numpy",
    "from_pandas",
    "from_polars",
    "from_spark",
    "from_tensorflow",
    "get",
    "get_source",
    "get_url",
    "http_dataset_source",
    "load_delta",
    "ls",
    "meta_dataset",
    "metrics_show",
    "open",
    "params_show",
    "profile",
    "read",
    "split",
]

# What reads repositories is loaded by those who ask for it.
_PARAMETERS = "treering.client.parameters"


def from_pandas(  # MLflow's signature
    df: Any,
    source: str | Path | DatasetSource | None = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> DescribedDataset:
    """Describe a pandas DataFrame.

    Args:
        source: Where it can be had again: a path or URL; the running code unless given.
        targets: The column that holds the labels.
        digest: A fingerprint, if the caller has a better one than MLflow's, which looks at 10,000 rows.
        predictions: The column that holds a model's predictions.

    Raises:
        InvalidInput: If a column is named that the table does not have.
        MissingExtra: If pandas is not installed.
    """
    frames = FRAMES.load("pandas")
    for column in (targets, predictions):
        frames.check_column(df, column)
    entity = Dataset(
        name or DEFAULT_NAME,
        digest or frames.digest(df),
        *_source(source),
        json.dumps({"mlflow_colspec": json.loads(infer_schema(df).to_text())}),
        json.dumps({"num_rows": len(df), "num_elements": int(df.size)}),
    )
    return DescribedDataset(entity, df, targets, predictions)


def from_numpy(
    features: Any,
    source: str | Path | DatasetSource | None = None,
    targets: Any = None,
    name: str | None = None,
    digest: str | None = None,
) -> DescribedDataset:
    """Describe NumPy arrays, or dictionaries of them. Arguments as for `from_pandas`; `targets` holds the labels."""
    parts = {"features": _arrays(features)} | ({} if targets is None else {"targets": _arrays(targets)})
    profile: dict[str, Any] = {}
    schema: dict[str, str | None] = {"features": None, "targets": None}
    for part, arrays in parts.items():
        plain = set(arrays) == {""}
        profile[f"{part}_shape"] = list(arrays[""].shape) if plain else {k: list(a.shape) for k, a in arrays.items()}
        profile[f"{part}_size"] = int(arrays[""].size) if plain else {k: int(a.size) for k, a in arrays.items()}
        profile[f"{part}_nbytes"] = arrays[""].nbytes if plain else {k: a.nbytes for k, a in arrays.items()}
        # A string in the JSON, not a list: so MLflow writes it.
        schema[part] = infer_schema(arrays[""] if plain else arrays).to_text()
    entity = Dataset(
        name or DEFAULT_NAME,
        digest or array_digest(parts["features"], parts.get("targets")),
        *_source(source),
        json.dumps({"mlflow_tensorspec": schema}),
        json.dumps(profile),
    )
    return DescribedDataset(entity, features, targets)


def _arrays(data: Any) -> dict[str, np.ndarray[Any, Any]]:
    if isinstance(data, Mapping):
        return {str(key): np.asarray(value) for key, value in data.items()}
    return {"": np.asarray(data)}


def from_polars(  # MLflow's signature
    df: Any,
    source: str | Path | DatasetSource | None = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> DescribedDataset:
    """Describe a Polars DataFrame. Arguments as for `from_pandas`."""
    return _described("polars", df, source_at(source), (name, digest), (targets, predictions))


def from_arrow(  # as from_pandas
    table: Any,
    source: str | Path | DatasetSource | None = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> DescribedDataset:
    """Describe a `pyarrow.Table`; its digest is that of the same table in pandas. Arguments as for `from_pandas`."""
    return _described("arrow", table, source_at(source), (name, digest), (targets, predictions))


def from_huggingface(  # noqa: PLR0913, PLR0917  # MLflow's signature
    ds: Any,
    path: str | None = None,
    targets: str | None = None,
    data_dir: str | None = None,
    data_files: str | Sequence[str] | Mapping[str, str | Sequence[str]] | None = None,
    revision: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    trust_remote_code: bool | None = None,  # noqa: FBT001  # as above
    source: str | Path | DatasetSource | None = None,
) -> DescribedDataset:
    """Describe a `datasets.Dataset` of Hugging Face.

    Args:
        path: Its name on the hub, or what else `datasets.load_dataset` takes; with `data_dir`,
            `data_files` and `revision` its source, from which it can be loaded again.
        source: Another source, which goes before `path`.
    """
    where = source_at(source)
    if source is None and path is not None:
        split = None if ds.split is None else str(ds.split)
        fields = {"config_name": ds.config_name, "data_dir": data_dir, "data_files": data_files}
        fields |= {"split": split, "revision": revision, "trust_remote_code": trust_remote_code}
        where = hub_source(path, fields)
    return _described("huggingface", ds, where, (name, digest), (targets, None))


def from_tensorflow(
    features: Any,
    source: str | Path | DatasetSource | None = None,
    targets: Any = None,
    name: str | None = None,
    digest: str | None = None,
) -> DescribedDataset:
    """Describe a `tf.data.Dataset`, which is read once for its digest, or a tensor of TensorFlow.

    Args:
        targets: The labels: of the same kind as `features`.
        digest: A fingerprint, if the caller has one; else MLflow's.

    Raises:
        InvalidInput: If they are neither, or not of one kind, or a dataset without an end comes without a digest.
        MissingExtra: If TensorFlow is not installed.
    """
    tool = TENSORS.load("tensorflow")
    tool.check(features, targets)
    parts = {"features": features} | ({} if targets is None else {"targets": targets})
    schemas = {part: tool.schema(data) for part, data in parts.items()}
    texts = {part: found.to_text() for part, found in schemas.items() if found is not None}
    entity = Dataset(
        name or DEFAULT_NAME,
        digest or tool.digest(features, targets),
        *_source(source),
        json.dumps({"mlflow_tensorspec": {"features": None, "targets": None} | texts})
        if len(texts) == len(parts)
        else "",
        json.dumps({f"{part}_cardinality": tool.size(data) for part, data in parts.items()}),
    )
    return DescribedDataset(entity, features, targets)


def from_file(path: str | Path, name: str | None = None, digest: str | None = None) -> MetaDataset:
    """Describe a file, a folder or what lies at a URL; the content is read once, in parts, for its digest.

    Of what a repository tracks, and has not changed since, the digest is known; the source tells its pointer and commit.

    Args:
        digest: A fingerprint, if the caller has one; nothing is read then. Else the MD5 of
            the content, which for a file and a folder on disk is the one that DVC writes.

    Raises:
        NotFound: If nothing lies there.
    """
    source = source_at(path)
    if digest is None and source.kind == "local":
        where = local_path(str(path))
        known = tracked_at(where)
        if known is not None and (there := known.content_now()) is not None:
            return _tracked(known, there, path, name)
        digest = digest_of_path(where).digest
    elif digest is None:
        root, last = split_name(str(path))
        digest = digest_of_parts(iter(session().place.services().open_artifacts(root).read(last))).digest
    return MetaDataset(source, name or split_name(str(path))[1] or None, digest)


def from_dvc(path: str | Path, name: str | None = None) -> MetaDataset:
    """Describe a file or folder that a repository tracks, by the digest in its pointer or lock file; the data may be absent.

    The source tells the pointer or stage, the digest, and the commit that is checked out.

    Raises:
        NotFound: If nothing tracks the path.
        DamagedData: If what does, does not say which content it has.
    """
    where = local_path(str(path))
    known = tracked_at(where)
    if known is None or known.content is None:
        beside = tracked_by_dvc(where)
        fields = {"uri": str(path), "dvc_file": f"{path}.dvc"}
        return MetaDataset(DatasetSource("local", fields), name or where.name, beside.digest)
    return _tracked(known, known.content, path, name)


def _tracked(known: TrackedPath, content: FileDigest, path: str | Path, name: str | None) -> MetaDataset:
    source = DatasetSource("local", {"uri": str(path), **known.fields(content)})
    found = MetaDataset(source, name or Path(known.path).name, content.digest)
    found.tags = known.tags(content)
    return found


def params_show(
    *targets: str,
    repo: str | Path | None = None,
    stages: str | Sequence[str] | None = None,
    rev: str | None = None,
    deps: bool = False,
    config: str | Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The parameters of a repository with pipelines, as `dvc.api.params_show` gives them.

    All files in one mapping; a key that two files have stands behind the name of its file, as in `params.yaml:lr`.

    Args:
        targets: Only these files, whether or not dvc.yaml names them.
        repo: Path or URL of the repository; the one around the working directory unless given.
        stages: Only parameters that these stages depend on.
        rev: A commit, branch, tag or experiment; the working tree unless given, or the newest commit of what is at a URL.
        deps: Only parameters that stages depend on.
        config: Path of a config file to use with the repository, or its options.

    Raises:
        NotFound: If there is no such repository, revision, stage or file.
        InvalidInput: If a file cannot be understood.
    """
    found: dict[str, Any] = import_module(_PARAMETERS).params_show(
        *targets, repo=repo, stages=stages, rev=rev, deps=deps, config=config
    )
    return found


def metrics_show(
    *targets: str,
    repo: str | Path | None = None,
    rev: str | None = None,
    config: str | Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The metrics of a repository with pipelines, as `dvc.api.metrics_show` gives them: numbers and texts, nested as in their files.

    Keys, arguments and errors as those of `params_show`.
    """
    found: dict[str, Any] = import_module(_PARAMETERS).metrics_show(*targets, repo=repo, rev=rev, config=config)
    return found


def get_source(dataset: Any) -> DatasetSource:
    """Where a dataset came from: one that `from_pandas` and its like made, or an input of a run that was read."""
    dataset = getattr(dataset, "dataset", dataset)
    return stored_source(dataset_of(dataset))


def _described(
    library: str,
    data: Any,
    source: DatasetSource,
    named: tuple[str | None, str | None],
    roles: tuple[str | None, str | None],
) -> DescribedDataset:
    name, digest = named
    tool = DESCRIBED.load(library)
    check_columns(tool.columns(data), *roles)
    found = tool.describe(data)
    schema = "" if found.schema is None else json.dumps({"mlflow_colspec": json.loads(found.schema.to_text())})
    entity = Dataset(
        name or DEFAULT_NAME,
        digest or found.digest,
        source.kind,
        source.to_json(),
        schema,
        json.dumps(found.profile),
    )
    return DescribedDataset(entity, data, *roles)


def _source(source: str | Path | DatasetSource | None) -> tuple[str, str]:
    """Kind and JSON of where the data came from."""
    found = source_at(source)
    return found.kind, found.to_json()
