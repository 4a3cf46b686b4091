"""Scripts as users have them, run by the real MLflow against a real server; only the tracking URI is set."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.peer


def test_the_quick_start(run_3: Callable[..., str]) -> None:
    run_3("quick_start.py")


def test_ten_models_are_registered_and_loaded_by_alias(run_3: Callable[..., str]) -> None:
    run_3("ten_models.py")


def test_every_method_of_the_client(run_new: Callable[..., str]) -> None:
    run_new("client_methods.py")


def test_every_fluent_function(run_new: Callable[..., str]) -> None:
    run_new("fluent_functions.py")


def test_a_client_of_mlflow_2(run_2: Callable[..., str]) -> None:
    run_2("older_client.py")
