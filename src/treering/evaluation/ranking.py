"""The metrics of lists in which the best should come first: of search results, of recommendations.

A row is one question. Its target are the ids that answer it, its prediction the ids
that were found, the best first.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from treering.core.errors import InvalidInput

__all__ = ["ROW_METRICS", "aggregated", "fingerprints", "judged_rows", "ranked_lists"]

Floats = NDArray[np.float64]
Judge = Callable[[Sequence[Any], Sequence[Any], int], float]


def judged_rows(targets: Sequence[Any], predictions: Sequence[Any], k: int, names: Sequence[str]) -> dict[str, Floats]:
    """For each name, such as `ndcg_at_k`, one figure for each row, under that name with the number for k.

    Raises:
        InvalidInput: If k is no positive number, a row holds no list, or there is no row.
    """
    if not _is_count(k):
        msg = f"retriever_k must be a positive whole number, not {k!r}."
        raise InvalidInput(msg)
    wanted, found = (
        [_ids(row, "targets", at) for at, row in enumerate(targets)],
        [_ids(row, "predictions", at) for at, row in enumerate(predictions)],
    )
    if not wanted:
        msg = "There is no row to judge a ranker by. Give data with at least one row."
        raise InvalidInput(msg)
    if len(wanted) != len(found):
        msg = f"There are {len(wanted):,} targets and {len(found):,} predictions. The model must answer each row once."
        raise InvalidInput(msg)
    return {
        name.removesuffix("k") + str(k) if name.endswith("_at_k") else name: np.array(
            [ROW_METRICS[name](target, prediction, k) for target, prediction in zip(wanted, found, strict=True)], float
        )
        for name in names
    }


def fingerprints(targets: Sequence[Sequence[Any]]) -> NDArray[np.int64]:
    """A number for what is true of each row, by which two models are known to have answered the same questions."""
    return np.array([zlib.crc32("\0".join(sorted(map(str, one))).encode()) for one in targets], np.int64)


def aggregated(scores: Floats) -> dict[str, float]:
    """MLflow's figures of a column."""
    return {
        "mean": float(np.mean(scores)),
        "variance": float(np.var(scores)),
        "p90": float(np.percentile(scores, 90)),
    }


def ranked_lists(query: Any, relevance: Any, score: Any) -> tuple[list[list[int]], list[list[int]]]:
    """Rows of (query, how relevant, score) as lists: for each query the relevant rows, and all rows, best score first.

    Raises:
        InvalidInput: If the columns differ in length, or hold what is no number.
    """
    queries, relevant, scores = np.asarray(query), _numbers(relevance, "targets"), _numbers(score, "predictions")
    if not len(queries) == len(relevant) == len(scores):
        msg = f"Queries, targets and scores differ in length: {len(queries)}, {len(relevant)}, {len(scores)}."
        raise InvalidInput(msg)
    _, place = np.unique(queries, return_inverse=True)
    order = np.lexsort((-scores, place))
    starts = np.flatnonzero(np.concatenate([[True], place[order][1:] != place[order][:-1]]))
    found = [part.tolist() for part in np.split(order, starts[1:]) if len(part)]
    return [[row for row in part if relevant[row] > 0] for part in found], found


def _precision(target: Sequence[Any], found: Sequence[Any], k: int) -> float:
    best = found[:k]
    known = set(target)
    return sum(one in known for one in best) / len(best) if best else 0.0


def _recall(target: Sequence[Any], found: Sequence[Any], k: int) -> float:
    known, best = set(target), set(found[:k])
    if not known:
        return 0.0 if best else 1.0
    return len(known & best) / len(known)


def _ndcg(target: Sequence[Any], found: Sequence[Any], k: int) -> float:
    """As MLflow: each repetition of a relevant id counts as one more relevant id."""
    best = found[:k]
    known = set(target)
    if not best or not known:
        return 1.0 if not best and not known else 0.0
    gains = [one in known for one in best]
    repeated = sum(gains) - len(known & set(best))
    ideal = min(len(known) + repeated, len(best))
    discount = 1 / np.log2(np.arange(2, len(best) + 2))
    return float((discount * gains).sum() / discount[:ideal].sum())


def _average_precision(target: Sequence[Any], found: Sequence[Any], k: int) -> float:
    known = set(target)
    if not known:
        return 0.0 if found[:k] else 1.0
    seen: set[Any] = set()
    total = 0.0
    for place, one in enumerate(found[:k], 1):
        if one in known and one not in seen:
            seen.add(one)
            total += len(seen) / place
    return total / min(len(known), k)


def _reciprocal_rank(target: Sequence[Any], found: Sequence[Any], k: int) -> float:  # noqa: ARG001  # as the others
    known = set(target)
    return next((1 / place for place, one in enumerate(found, 1) if one in known), 0.0)


ROW_METRICS: Mapping[str, Judge] = {
    "precision_at_k": _precision,
    "recall_at_k": _recall,
    "ndcg_at_k": _ndcg,
    "map_at_k": _average_precision,
    "mrr": _reciprocal_rank,
}


def _numbers(values: Any, what: str) -> Floats:
    try:
        numbers = np.asarray(values, np.float64).reshape(-1)
    except (TypeError, ValueError) as error:
        msg = f"With a column of queries, the {what} of a ranker must be numbers: {error}."
        raise InvalidInput(msg) from error
    if np.isnan(numbers).any():
        row = int(np.flatnonzero(np.isnan(numbers))[0])
        msg = f"The {what} of a ranker are missing in row {row}. Remove such rows."
        raise InvalidInput(msg)
    return numbers


def _is_count(k: Any) -> bool:
    return isinstance(k, int) and not isinstance(k, bool) and k > 0


def _ids(row: Any, what: str, at: int) -> list[Any]:
    plain = row.tolist() if isinstance(row, np.ndarray) else row
    if not isinstance(plain, list | tuple) or not all(isinstance(one, str | int) for one in plain):
        msg = f"The {what} of a ranker must be lists of ids, texts or whole numbers, and row {at} is {row!r:.80}."
        raise InvalidInput(msg)
    return list(plain)
