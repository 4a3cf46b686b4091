"""Lists are judged as MLflow and scikit-learn judge them, also short, empty and repetitive ones."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from treering.core.errors import InvalidInput
from treering.evaluation.ranking import aggregated, judged_rows, ranked_lists


def one(name: str, target: list, found: list, k: int) -> float:
    (scores,) = judged_rows([target], [found], k, [name]).values()
    return float(scores[0])


@pytest.mark.parametrize(
    ("target", "found", "k", "precision", "recall"),
    [
        (["a", "b"], ["a", "x", "b"], 2, 0.5, 0.5),
        (["a", "b"], ["a", "x", "b"], 3, 2 / 3, 1.0),
        (["a"], ["a"], 5, 1.0, 1.0),
        (["a"], [], 3, 0.0, 0.0),
        ([], ["a"], 3, 0.0, 0.0),
        ([], [], 3, 0.0, 1.0),
        (["a"], ["a", "a"], 2, 1.0, 1.0),
    ],
)
def test_what_was_found_is_counted(target: list, found: list, k: int, precision: float, recall: float) -> None:
    assert one("precision_at_k", target, found, k) == pytest.approx(precision)
    assert one("recall_at_k", target, found, k) == pytest.approx(recall)


def test_gain_is_discounted_as_scikit_learn_discounts_it() -> None:
    dice = np.random.default_rng(5)
    for _ in range(50):
        relevant = dice.integers(0, 2, 8)
        score = dice.permutation(8).astype(float)
        if not relevant.any():
            continue
        target, found = np.flatnonzero(relevant).tolist(), np.argsort(-score).tolist()
        assert one("ndcg_at_k", target, found, 5) == pytest.approx(ndcg_score([relevant], [score], k=5))


def test_the_best_order_has_all_the_gain_and_all_the_precision() -> None:
    assert one("ndcg_at_k", [1, 2], [1, 2, 3], 3) == 1.0
    assert one("map_at_k", [1, 2], [1, 2, 3], 3) == 1.0
    assert one("map_at_k", [1, 2], [3, 1, 2], 3) == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert one("map_at_k", [1, 2], [1, 1, 1], 3) == pytest.approx(1 / 2)
    assert one("mrr", [2], [1, 2], 1) == 0.5
    assert one("mrr", [9], [1, 2], 1) == 0.0


def test_rows_of_queries_become_lists() -> None:
    wanted, found = ranked_lists(["q", "r", "q", "r"], [1, 0, 0, 2], [0.1, 0.9, 0.5, 0.3])
    assert found == [[2, 0], [1, 3]]
    assert wanted == [[0], [3]]


def test_figures_over_all_rows_are_mlflows() -> None:
    assert aggregated(np.array([0.0, 0.5, 1.0])) == pytest.approx({"mean": 0.5, "variance": 1 / 6, "p90": 0.9})


@pytest.mark.parametrize("k", [0, -1, 1.5, True, "3"])
def test_a_k_that_is_no_number_of_places_is_refused(k: object) -> None:
    with pytest.raises(InvalidInput, match="positive whole number"):
        judged_rows([["a"]], [["a"]], k, ["ndcg_at_k"])  # type: ignore[arg-type]


def test_a_row_without_a_list_is_named() -> None:
    with pytest.raises(InvalidInput, match="row 1"):
        judged_rows([["a"], "b"], [["a"], ["b"]], 3, ["ndcg_at_k"])
