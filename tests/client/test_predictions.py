"""The prediction log from Python."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

import treering
from treering.core.errors import InvalidInput, NotFound
from treering.entities.prediction import Prediction

NOON = int(datetime(2026, 9, 21, 12, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    day = tmp_path / "2026-09-21"
    day.mkdir()
    answers = [
        Prediction(NOON, "a", "iris", "iris", "1", "v1", "/invocations", 200, 0.1, ["x"], [[1], [2]], None, ["p", "q"]),
        Prediction(
            NOON + 60_000, "b", "iris", "iris", "2", "v2", "/invocations", 200, 0.1, ["x", "y"], [[3, 4]], None, ["r"]
        ),
        Prediction(NOON + 60_000, "c", "iris", "iris", "2", "v2", "/call", 200, 0.1, request={"text": "t"}, answer="s"),
    ]
    lines = b"".join(msgspec.json.encode(one) + b"\n" for one in answers)
    (day / "predictions-20260921T120000-00000000.jsonl").write_bytes(lines)
    (day / "notes.txt").write_text("of somebody else")
    (tmp_path / "other").mkdir()
    return tmp_path


def test_a_table_has_a_line_for_each_row_with_its_label(folder: Path) -> None:
    assert treering.predictions.label(folder, {"a": ["p", "p"], "b": "r"}, source="review") == 2
    frame = treering.predictions.table(folder)
    assert frame["prediction"].tolist() == ["p", "q", "r"]
    assert frame["label"].tolist() == ["p", "p", "r"]
    assert frame["inputs.x"].tolist() == [1, 2, 3]
    assert frame["inputs.y"].tolist()[2] == 4
    assert frame["row"].tolist() == [0, 1, 0]
    treering.predictions.label(folder, {"a": ["q"]})
    corrected = treering.predictions.table(folder)["label"]
    assert (corrected[0], corrected.isna().tolist()) == ("q", [False, True, False])


def test_answers_are_chosen(folder: Path) -> None:
    later = datetime.fromtimestamp(NOON / 1000 + 30, UTC)
    assert [one.request_id for one in treering.predictions.read(folder, since=later)] == ["b", "c"]
    assert [one.request_id for one in treering.predictions.read(folder, until=later, variant="v1")] == ["a"]
    assert treering.predictions.table(folder, version="9").empty
    with pytest.raises(InvalidInput, match="'versoin'"):
        list(treering.predictions.read(folder, versoin="1"))
    with pytest.raises(NotFound):
        treering.predictions.label(folder / "nothing", {"a": 1})
