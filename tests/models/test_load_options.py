"""What the settings say of loading."""

from __future__ import annotations

import pytest

from treering.core.settings import read_settings
from treering.models.load_options import LoadOptions


@pytest.mark.parametrize(
    ("given", "device"),
    [("", ""), ("cpu", "cpu"), ("-1", "cpu"), ("0", "cuda:0"), ("2", "cuda:2"), ("cuda:1", "cuda:1")],
)
def test_a_device_may_be_a_name_or_a_number(monkeypatch: pytest.MonkeyPatch, given: str, device: str) -> None:
    monkeypatch.setenv("MLFLOW_DEFAULT_PREDICTION_DEVICE", given)
    assert LoadOptions.of(read_settings()).device == device


def test_treerings_own_variable_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_DEFAULT_PREDICTION_DEVICE", "cpu")
    monkeypatch.setenv("TREERING_PREDICTION_DEVICE", "mps")
    assert LoadOptions.of(read_settings()).device == "mps"
