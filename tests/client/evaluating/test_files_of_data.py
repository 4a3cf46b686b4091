"""Files that a model is judged by: each form of them holds the same rows, and a damaged one is named."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import treering
from treering.core.errors import InvalidInput

TABLE = pd.DataFrame({"a": range(20), "y": [0, 1] * 10})


def judged(path: Path) -> Any:
    return treering.evaluate(
        lambda frame: frame["a"].to_numpy() % 2, str(path), targets="y", model_type="classifier",
        plots=False, card=False, intervals=False,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _home(fresh: Any) -> None:
    fresh()


@pytest.mark.parametrize(
    "name", ["t.csv", "t.tsv", "t.csv.gz", "t.tsv.gz", "t.jsonl", "t.jsonl.gz", "t.parquet", "t.pq"]
)
def test_every_form_of_a_file_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith((".parquet", ".pq")):
        TABLE.to_parquet(path)
    else:
        text = TABLE.to_json(orient="records", lines=True) if "json" in name else ""
        text = text or TABLE.to_csv(index=False, sep="\t" if "tsv" in name else ",")
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    assert judged(path).metrics["accuracy_score"] == 1.0


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("t.parquet", b"PAR1 is no table PAR1"),
        ("t.csv", b"a,b\n1,2\n3,4,5\n"),
        ("t.csv.gz", b"not packed"),
        ("t.csv.gz", gzip.compress(b"a,y\n" * 1000, mtime=0)[:-12]),
        ("t.jsonl", b"{"),
        ("t.docx", b""),
    ],
    ids=["parquet", "csv", "packed", "cut off", "lines", "unknown"],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InvalidInput, match=name):
        judged(tmp_path / name)
