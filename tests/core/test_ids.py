"""Identifiers and made-up names."""

from __future__ import annotations

import re

import pytest

from treering.core.errors import InvalidInput
from treering.core.ids import check_id, new_model_id, new_run_id, new_run_name


def test_new_ids_have_the_shape_that_mlflow_clients_expect() -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", new_run_id())
    assert re.fullmatch(r"m-[0-9a-f]{32}", new_model_id())
    assert len({new_run_id() for _ in range(1000)}) == 1000


def test_new_ids_pass_their_own_check() -> None:
    for value in (new_run_id(), new_model_id()):
        assert check_id(value, "run id") == value


def test_names_can_be_said_aloud() -> None:
    names = {new_run_name() for _ in range(200)}
    assert all(re.fullmatch(r"[a-z]+-[a-z]+-\d{1,3}", name) for name in names)
    assert len(names) > 150


@pytest.mark.parametrize("value", ["a", "0", "A-b_9", "x" * 256])
def test_well_formed(value: str) -> None:
    assert check_id(value, "run id") == value


@pytest.mark.parametrize("value", ["", "-a", "_a", "a/b", "../a", "a b", "a\n", "a.b", "a\0", "x" * 257, "ä"])
def test_malformed(value: str) -> None:
    with pytest.raises(InvalidInput, match="Invalid run id: "):
        check_id(value, "run id")
