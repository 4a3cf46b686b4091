"""How a model stands input that is not as it was trained on: gaps, noise, shifted columns, categories never seen.

Each probe spoils a copy of the same sample in one way and measures the metric again. A model that refuses the
input gives a probe without a value, with the reason in its own words.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from treering.core.errors import InvalidInput
from treering.entities.evaluation import Probe, Robustness
from treering.evaluation.columns import Columns
from treering.evaluation.options import check_count, check_number, check_numbers

__all__ = ["RobustnessOptions", "probe"]

Array = np.ndarray[Any, np.dtype[Any]]
UNSEEN = "(never seen)"
_LONGEST_REASON = 300
_STREAM = 0x5EED  # so that noise is not what somebody made the data from with the same seed


@dataclass(frozen=True, slots=True)
class RobustnessOptions:
    """What is tried.

    Attributes:
        metric: What the score is called.
        features: Names for the columns of a matrix.
        only: Which features are spoilt one at a time, the most important ones; nothing for the first 20.
        missing: Fractions of the values that are taken away.
        noise: Standard deviations of noise, in those of the column.
        shift: By how many standard deviations a column is moved.
        unseen: Fractions of the rows that get a category which no row has.
        rows: How many rows are sampled at most.
        seconds: After which time nothing more is tried.
    """

    metric: str = "score"
    greater_is_better: bool = True
    features: Sequence[str] = ()
    only: Sequence[str] = ()
    missing: Sequence[float] = (0.05, 0.2)
    noise: Sequence[float] = (0.1, 0.5)
    shift: Sequence[float] = (-1.0, 1.0)
    unseen: Sequence[float] = (0.2,)
    rows: int = 2000
    seconds: float = 60.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        for name, least in (("rows", 1), ("seed", 0)):
            check_count(name, getattr(self, name), least)
        check_number("seconds", self.seconds)
        for name, low, high in (
            ("missing", 0, 1),
            ("noise", 0, math.inf),
            ("shift", -math.inf, math.inf),
            ("unseen", 0, 1),
        ):
            check_numbers(name, getattr(self, name), low, high)


_MOST_FEATURES = 20

# A name for people, the kind, the feature, how much; and what makes the table when its turn has come.
_Plan = tuple[str, str, str, float, Callable[[], Any]]


def probe(
    predict: Callable[[Any], Any],
    table: Any,
    target: Any,
    score_fn: Callable[[Any, Any], float],
    options: RobustnessOptions | None = None,
) -> Robustness:
    """Measure the metric on the rows as they are, and on copies that are spoilt in one way each.

    Raises:
        InvalidInput: If `table` has no columns that can be told apart, or another number of rows than `target`, or
            a feature that the options name is not there.
    """
    options = options or RobustnessOptions()
    columns = Columns(table, options.features)
    truth = np.asarray(target)
    if len(columns) != len(truth) or not len(truth):
        msg = f"There are {len(columns):,} rows and {len(truth):,} targets: give one a row, and one row at least."
        raise InvalidInput(msg)
    if len(truth) > options.rows:
        rows = np.sort(np.random.default_rng(options.seed).choice(len(truth), options.rows, replace=False))
        columns, truth = columns.take(rows), truth[rows]
    unknown = sorted(set(options.only) - set(columns.names))
    if unknown:
        msg = f"only={options.only!r:.200}: there is no feature {unknown[0]!r}. Name them in a list."
        raise InvalidInput(msg)
    deadline = time.monotonic() + options.seconds
    sound = float(score_fn(truth, predict(columns.table)))
    probes: list[Probe] = []
    notes: tuple[str, ...] = ()
    for name, kind, feature, severity, spoil in _plans(columns, options):
        if time.monotonic() > deadline:
            notes = (f"The time was over after {len(probes):,} probes.",)
            break
        value, reason = _measured(predict, spoil, truth, score_fn)
        change = None if value is None else value - sound
        probes.append(Probe(name, kind, feature, severity, value, change, reason))
    if not options.only and len(columns.names) > _MOST_FEATURES:
        notes += (f"The first {_MOST_FEATURES} of {len(columns.names):,} features were spoilt one at a time.",)
    return Robustness(options.metric, sound, len(truth), options.greater_is_better, tuple(probes), notes)


def _measured(
    predict: Callable[[Any], Any], spoil: Callable[[], Any], truth: Array, score_fn: Callable[[Any, Any], float]
) -> tuple[float | None, str]:
    try:
        value = float(score_fn(truth, predict(spoil())))
    except Exception as error:  # noqa: BLE001 -- the model's own code runs here, and that it fails is what is asked
        text = " ".join(str(error).split())
        return None, f"{type(error).__name__}: {text}"[:_LONGEST_REASON]
    if not np.isfinite(value):
        return None, "The predictions are no numbers that the metric can be worked out from."
    return value, ""


def _plans(columns: Columns, options: RobustnessOptions) -> Iterator[_Plan]:
    places = range(len(columns.names))
    numbers = [place for place in places if columns.is_number(place)]
    for share in options.missing:
        yield (
            f"all features: {share:.0%} missing", "missing", "", share,
            partial(_all, columns, places, partial(_gaps, share=share, seed=options.seed)),
        )  # fmt: skip
    for size in options.noise if numbers else ():
        yield (
            f"all numbers: noise of {size:g} standard deviations", "noise", "", size,
            partial(_all, columns, numbers, partial(_noise, size=size, seed=options.seed)),
        )  # fmt: skip
    wanted = set(options.only) or set(columns.names[:_MOST_FEATURES])
    for place in places:
        if columns.names[place] in wanted:
            yield from _of_one(columns, place, options, number=place in numbers)


def _of_one(columns: Columns, place: int, options: RobustnessOptions, *, number: bool) -> Iterator[_Plan]:
    name = columns.names[place]
    yield (f"{name}: all missing", "missing", name, 1.0, partial(_gaps, columns, place, 1.0, options.seed))
    if number:
        for size in options.shift:
            yield (
                f"{name}: moved by {size:+g} standard deviations", "shift", name, size,
                partial(_moved, columns, place, size),
            )  # fmt: skip
    elif columns.values(place).dtype.kind != "b":
        for share in options.unseen:
            yield (
                f"{name}: {share:.0%} never seen before", "unseen", name, share,
                partial(_strange, columns, place, share, options.seed),
            )  # fmt: skip


def _all(columns: Columns, places: Sequence[int], spoil: Callable[[Columns, int], Any]) -> Any:
    for place in places:
        columns = Columns(spoil(columns, place), columns.names)
    return columns.table


def _picked(columns: Columns, place: int, share: float, seed: int) -> Array:
    picked: Array = np.random.default_rng((_STREAM, seed, place)).random(len(columns)) < share
    return picked


def _gaps(columns: Columns, place: int, share: float, seed: int) -> Any:
    return columns.with_gaps(place, _picked(columns, place, share, seed))


def _noise(columns: Columns, place: int, size: float, seed: int) -> Any:
    values = columns.values(place)
    noise = np.random.default_rng((_STREAM, seed, place)).standard_normal(len(values))
    return columns.replaced(place, _added(values, size * _deviation(values) * noise))


def _moved(columns: Columns, place: int, size: float) -> Any:
    values = columns.values(place)
    return columns.replaced(place, _added(values, np.full(len(values), size * _deviation(values))))


def _strange(columns: Columns, place: int, share: float, seed: int) -> Any:
    values = columns.values(place).astype(object)
    values[_picked(columns, place, share, seed)] = UNSEEN
    return columns.replaced(place, values)


def _floats(values: Array) -> Array:
    if values.dtype.kind == "O":
        return np.array([np.nan if value is None else value for value in values.tolist()], float)
    return values.astype(float)


def _deviation(values: Array) -> float:
    numbers = _floats(values)
    numbers = numbers[np.isfinite(numbers)]
    return float(numbers.std()) if len(numbers) else 0.0


def _added(values: Array, more: Array) -> Array:
    """The sum, in the type that the model knows: whole numbers stay whole."""
    total = _floats(values) + more
    if values.dtype.kind in "iu":
        bounds = np.iinfo(values.dtype)
        whole: Array = np.clip(total.round(), bounds.min, bounds.max).astype(values.dtype)
        return whole
    moved: Array = total.astype(values.dtype) if values.dtype.kind == "f" else total
    return moved
