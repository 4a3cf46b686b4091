from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

import treering.ci.policy
from treering.ci.policy import read_policy
from treering.core.errors import InvalidInput, NotFound
from treering.entities.gate import Policy
from treering.entities.objective import Criterion


def written(folder: Path, text: str) -> Path:
    path = folder / "policy.yaml"
    path.write_text(dedent(text), "utf-8")
    return path


def test_the_policy_that_the_module_shows_is_read(tmp_path: Path) -> None:
    shown = (treering.ci.policy.__doc__ or "").split("\n\n")[2]
    assert read_policy(written(tmp_path, shown)) == Policy(
        bounds=(Criterion("accuracy", ">=", 0.9), Criterion("recall", ">=", 0.8, "age over 60")),
        fairness=(Criterion("demographic_parity_ratio", ">=", 0.8, "sex"),),
        metric="roc_auc",
        min_improvement=0.0,
        max_drop={"recall": 0.02},
        max_slice_drop=0.05,
        min_rows=200,
    )


def test_an_empty_policy_demands_nothing_of_its_own(tmp_path: Path) -> None:
    assert read_policy(written(tmp_path, "")) == Policy()
    assert read_policy(written(tmp_path, "compare:\n")) == Policy()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("bound: [a > 1]", "'bounds'"),
        ("compare: {metrics: a}", "'metric'"),
        ("compare: roc_auc", "min_improvement"),
        ("- a > 1", "has to hold"),
        ("bounds: [a is good]", "no bound"),
        ("bounds: 3", "list of lines"),
        ("bounds: [3]", "list of lines"),
        ("objective: maybe", "true or false"),
        ("min_rows: -1", "0 or more"),
        ("min_rows: many", "0 or more"),
        ("compare: {min_improvement: .nan}", "0 or more"),
        ("compare: {max_drop: 3}", "numbers by metric"),
        ("compare: {max_drop: {a: yes}}", "max_drop: a"),
        ("a: [", "no YAML"),
        ("!!python/object/apply:os.system ['true']", "no YAML"),
    ],
)
def test_a_mistake_is_told_with_file_and_key(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_policy(written(tmp_path, text))
    assert "policy.yaml" in str(caught.value)
    assert told in str(caught.value)


def test_a_policy_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="--policy"):
        read_policy(tmp_path / "policy.yaml")
    with pytest.raises(InvalidInput):
        read_policy(tmp_path)


def test_the_policy_that_the_documentation_shows_is_read(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "ci.md").read_text("utf-8")
    shown = page.partition("```yaml\n")[2].partition("```")[0]
    assert read_policy(written(tmp_path, shown)).max_slice_drop == 0.05
