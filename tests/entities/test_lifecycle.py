"""The words for the state of things."""

from __future__ import annotations

import pytest

from treering.entities.lifecycle import Lifecycle, LoggedModelStatus, ModelVersionStatus, RunStatus, View


@pytest.mark.parametrize(
    ("view", "sees_active", "sees_deleted"),
    [(View.ACTIVE_ONLY, True, False), (View.DELETED_ONLY, False, True), (View.ALL, True, True)],
)
def test_view(view: View, sees_active: bool, sees_deleted: bool) -> None:
    assert view.includes(Lifecycle.ACTIVE) is sees_active
    assert view.includes(Lifecycle.DELETED) is sees_deleted


def test_a_run_is_over_or_it_is_not() -> None:
    assert {status for status in RunStatus if status.is_terminated} == {
        RunStatus.FINISHED,
        RunStatus.FAILED,
        RunStatus.KILLED,
    }


def test_words_are_spelled_as_on_the_wire() -> None:
    assert f"{Lifecycle.ACTIVE}" == "active"
    for words in (RunStatus, View, LoggedModelStatus, ModelVersionStatus):
        assert all(word.value == word.name for word in words)
