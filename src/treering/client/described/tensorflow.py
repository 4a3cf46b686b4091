"""TensorFlow's tensors and pipelines, with MLflow's digests: of a pipeline, that of all its elements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from treering.client.described.arrow import schema_or_none
from treering.client.digests import array_digest, hashed, short_digest
from treering.core.errors import InvalidInput
from treering.models.schema import Schema

__all__ = ["TENSORS", "TensorFlowData"]


class TensorFlowData:
    """Implements `TensorLibrary` for `tf.Tensor` and `tf.data.Dataset`."""

    def check(self, features: Any, targets: Any) -> None:
        """As `TensorLibrary.check`."""
        if not _is_pipeline(features) and not tf.is_tensor(features):
            msg = f"The features are a {type(features).__name__}, which is neither a tf.data.Dataset nor a tensor."
            raise InvalidInput(msg)
        known = _is_pipeline(targets) if _is_pipeline(features) else tf.is_tensor(targets)
        if targets is not None and not known:
            kind = "tf.data.Dataset" if _is_pipeline(features) else "tensor"
            msg = f"The features are a {kind}, and so have the targets to be. They are a {type(targets).__name__}."
            raise InvalidInput(msg)

    def digest(self, features: Any, targets: Any) -> str:
        """As `TensorLibrary.digest`."""
        given = [part for part in (features, targets) if part is not None]
        if not _is_pipeline(features):
            first, *second = [{"": part.numpy()} for part in given]
            return array_digest(first, *second)
        if any(part.cardinality() == tf.data.INFINITE_CARDINALITY for part in given):
            msg = "The tf.data.Dataset has no end, and its digest is made of all its elements. Give it as `digest`."
            raise InvalidInput(msg)
        parts = [part for one in given for part in _parts(one)]
        if not parts:
            msg = "The tf.data.Dataset is empty, so there is nothing to make a digest of. Give one as `digest`."
            raise InvalidInput(msg)
        return short_digest(parts)

    def schema(self, data: Any) -> Schema | None:
        """As `TensorLibrary.schema`."""
        if not _is_pipeline(data):
            return schema_or_none(data.numpy())
        element = next(iter(data.as_numpy_iterator()), None)
        if isinstance(element, tuple):
            element = {str(number): part for number, part in enumerate(element)}
        parts = element.values() if isinstance(element, dict) else [element]
        return schema_or_none(element) if all(isinstance(part, np.ndarray) for part in parts) else None

    def size(self, data: Any) -> int:
        """As `TensorLibrary.size`."""
        return int(data.cardinality() if _is_pipeline(data) else tf.size(data))


def _is_pipeline(data: Any) -> bool:
    return isinstance(data, tf.data.Dataset)


def _parts(pipeline: Any) -> Iterator[bytes]:
    for element in pipeline.as_numpy_iterator():
        yield hashed(np.concatenate([np.asarray(part).flatten() for part in tf.nest.flatten(element)]))


TENSORS = TensorFlowData()
