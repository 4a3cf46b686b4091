"""What names and values may look like, and how long they may be.

The limits are those of MLflow, whose clients know them, and so are the first words
of the messages, which its users' code may match.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real

from treering.core.errors import InvalidInput
from treering.core.log import logger
from treering.core.uri import scheme_of
from treering.entities.dataset import Dataset, DatasetInput
from treering.entities.metric import Metric, MetricColumns

__all__ = [
    "MAX_EXPERIMENT_NAME",
    "MAX_SEARCH_RESULTS",
    "Lengths",
    "check_dataset_input",
    "check_experiment_name",
    "check_experiment_tags",
    "check_key",
    "check_length",
    "check_location",
    "check_max_results",
    "check_metric",
    "check_model_name",
    "check_points",
    "check_present",
    "check_text",
    "check_time",
]

MAX_EXPERIMENT_NAME = 500
MAX_SEARCH_RESULTS = 50_000

_MAX_KEY = 250
_MAX_LOCATION = 2048
_MAX_EXPERIMENT_TAG = 20_000
_INPUT_TAG = (255, 500)
_DATASET = {
    "name": 500,
    "digest": 36,
    "source_type": 36,
    "source": 65_535,
    "schema": 1_048_575,
    "profile": 16_777_215,
}
_KEY = re.compile(r"[/\w.\- :]+")
_INT64 = 1 << 63
_NOT_IN_MODEL_NAMES = "/:.%\"'"


def check_present(value: str, what: str) -> str:
    """`value`. Raises InvalidInput if it is empty."""
    if not value:
        msg = f"Missing value for required parameter '{what}'. Give it a value that is not empty."
        raise InvalidInput(msg)
    return value


def check_text(value: str, what: str) -> str:
    """`value`. Raises InvalidInput if it holds NUL, which not every database can store."""
    if "\0" in value:
        msg = f"'{what}' holds the character NUL, which not every database can store. Remove it."
        raise InvalidInput(msg)
    return value


def check_length(value: str, most: int, what: str) -> str:
    """`value`. Raises InvalidInput if it is longer than `most` characters, or holds NUL."""
    check_text(value, what)
    if len(value) > most:
        msg = f"'{what}' exceeds the maximum length of {most} characters: it has {len(value)}. Shorten it."
        raise InvalidInput(msg)
    return value


def check_key(key: str, what: str) -> str:
    """`key`, if it can name a metric, param or tag.

    Raises:
        InvalidInput: If it is empty or too long, holds other characters than letters,
            digits, `_ - . : /` and spaces, or is no normal relative path.
    """
    check_present(key, what)
    check_length(key, _MAX_KEY, what)
    if not _KEY.fullmatch(key):
        reason = "Names may hold only letters, digits, underscores, dashes, periods, spaces, colons and slashes."
    elif posixpath.normpath(key) != key or key == "." or key.startswith(("/", "..")):
        reason = "Names must be relative paths in normal form: no leading or double slash, no '.' or '..' as a part."
    else:
        return key
    msg = f"Invalid value {json.dumps(key)} for parameter '{what}' supplied: {reason}"
    raise InvalidInput(msg)


def check_experiment_name(name: str) -> str:
    """`name`. Raises InvalidInput if it is empty or too long."""
    return check_length(check_present(name, "name"), MAX_EXPERIMENT_NAME, "name")


def check_experiment_tags(tags: Mapping[str, str]) -> None:
    """Raises InvalidInput for a malformed key or a value that is too long."""
    for key, value in tags.items():
        check_key(key, "key")
        check_length(value, _MAX_EXPERIMENT_TAG, f"value of the tag {key}")


def check_location(uri: str) -> str:
    """`uri`, if it can be where an experiment keeps its artifacts; "" can.

    Raises:
        InvalidInput: If it is too long, climbs with `..`, or has a query or a fragment.
    """
    check_length(uri, _MAX_LOCATION, "artifact_location")
    path = uri.replace("\\", "/")
    if ".." in path.split("/"):
        reason = "It must not climb with '..'."
    elif scheme_of(uri) != "file" and ("?" in uri or "#" in uri):
        reason = "It must have neither a query ('?') nor a fragment ('#')."
    elif any(ord(character) < ord(" ") for character in uri):
        reason = "It must hold no control characters."
    else:
        return uri
    msg = f"Invalid value {json.dumps(uri)} for parameter 'artifact_location' supplied: {reason}"
    raise InvalidInput(msg)


def check_max_results(count: int, most: int = MAX_SEARCH_RESULTS) -> int:
    """`count`. Raises InvalidInput if it is not between 1 and `most`."""
    if not 1 <= count <= most:
        msg = f"Invalid value {count} for parameter 'max_results' supplied: It must be at least 1 and at most {most}."
        raise InvalidInput(msg)
    return count


def check_time(millis: int | None, what: str) -> int | None:
    """`millis`. Raises InvalidInput if it is negative or does not fit 64 bits."""
    if millis is not None and not 0 <= millis < _INT64:
        msg = (
            f"Invalid value {millis} for parameter '{what}' supplied: It must be a time in"
            " milliseconds since the epoch, at least 0 and of at most 64 bits."
        )
        raise InvalidInput(msg)
    return millis


def check_model_name(name: str) -> str:
    """`name`, if it can name a logged model. Raises InvalidInput if it is empty or holds one of `/:.%"'`."""
    if not name or any(character in _NOT_IN_MODEL_NAMES for character in name):
        msg = (
            f"Invalid model name ({json.dumps(name)}) provided. It must not be empty, and it must not hold any of"
            f" {' '.join(_NOT_IN_MODEL_NAMES)}"
        )
        raise InvalidInput(msg)
    return check_length(name, MAX_EXPERIMENT_NAME, "name")


def check_points(key: str, columns: MetricColumns) -> None:
    """Whether a column of points can be stored.

    Raises:
        InvalidInput: If the columns differ in length, a step or timestamp is not a whole
            number of 64 bits, a timestamp is negative, or a value is no number.
    """
    check_key(key, "metrics.key")
    if not len(columns.steps) == len(columns.timestamps) == len(columns.values):
        msg = (
            f"The columns of the metric '{key}' differ in length: {len(columns.steps)} steps,"
            f" {len(columns.timestamps)} timestamps, {len(columns.values)} values. Send one of each for every point."
        )
        raise InvalidInput(msg)
    if not len(columns):
        return
    _check_kind(key, "step", columns.steps, Integral)
    _check_kind(key, "timestamp", columns.timestamps, Integral)
    _check_kind(key, "value", columns.values, Real)
    _check_range(key, "step", columns.steps, -_INT64)
    _check_range(key, "timestamp", columns.timestamps, 0)


def check_metric(metric: Metric) -> None:
    """As `check_points`, for one point that is linked to a model or dataset."""
    check_points(metric.key, MetricColumns((metric.step,), (metric.timestamp,), (metric.value,)))
    check_length(metric.dataset_name, _DATASET["name"], "dataset_name")
    check_length(metric.dataset_digest, _DATASET["digest"], "dataset_digest")


def check_dataset_input(used: DatasetInput) -> None:
    """Raises InvalidInput if a part of the dataset is missing or too long."""
    dataset: Dataset = used.dataset
    for name in ("name", "digest", "source_type", "source"):
        check_present(getattr(dataset, name), f"dataset.{name}")
    for name, most in _DATASET.items():
        check_length(getattr(dataset, name), most, f"dataset.{name}")
    for key, value in used.tags.items():
        check_length(check_present(key, "dataset.tags.key"), _INPUT_TAG[0], "dataset.tags.key")
        check_length(value, _INPUT_TAG[1], f"value of the dataset tag {key}")


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long the values of params and tags may be, and what happens to longer ones.

    Attributes:
        truncate: Cut what is too long, and say so in the log, instead of refusing it.
    """

    truncate: bool = True
    param: int = 6000
    tag: int = 8000

    def params(self, params: Mapping[str, str]) -> dict[str, str]:
        """Checked and, where allowed, cut. Raises InvalidInput."""
        return {check_key(key, "params.key"): self._fitted(key, value, self.param) for key, value in params.items()}

    def tags(self, tags: Mapping[str, str]) -> dict[str, str]:
        """Checked and, where allowed, cut. Raises InvalidInput."""
        return {check_key(key, "tags.key"): self._fitted(key, value, self.tag) for key, value in tags.items()}

    def _fitted(self, key: str, value: str, most: int) -> str:
        check_text(value, f"value of {key}")
        if not self.truncate:
            return check_length(value, most, f"value of {key}")
        if len(value) > most:
            logger.warning("The value of %s has %d characters and was cut to %d.", key, len(value), most)
        return value[:most]


def _check_kind(key: str, what: str, column: Iterable[object], kind: type) -> None:
    typecode = getattr(column, "typecode", "")
    if typecode in {"q", "d"} and (typecode == "q") == (kind is Integral):
        return
    usual = int if kind is Integral else float
    for found in set(map(type, column)):
        # Asking an abstract class takes longer than all the rest.
        if found is not usual and not issubclass(found, kind):
            msg = (
                f"Invalid value for parameter 'metrics.{what}' supplied: the metric '{key}' has a {what} of type"
                f" '{found.__name__}'. Send a {'whole ' if kind is Integral else ''}number."
            )
            raise InvalidInput(msg)


def _check_range(key: str, what: str, column: Iterable[int], least: int) -> None:
    low, high = min(column), max(column)
    if low < least or high >= _INT64:
        msg = (
            f"Invalid value {low if low < least else high} for parameter 'metrics.{what}' supplied: a {what} of the"
            f" metric '{key}' must be at least {least} and fit 64 bits."
        )
        raise InvalidInput(msg)
