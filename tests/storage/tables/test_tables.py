"""Tables in files: read piece by piece, with or without Arrow, and divided row by row."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from treering.core.errors import DamagedData, InvalidInput, NotFound
from treering.storage.tables import PIECE, open_table
from treering.storage.tables.arrow import CsvFile
from treering.storage.tables.hashing import hashes_of, joined
from treering.storage.tables.plain import PlainCsvFile

TEXT = 'n,x,city,when,yes\n1,1.5,"Oslo, north",2020-01-01,true\n2,,NA,2020-01-02,false\n3,2.5,"two\nlines",2020-01-03,true\n'


@pytest.fixture(params=[CsvFile, PlainCsvFile], ids=["arrow", "plain"])
def reader(request: pytest.FixtureRequest) -> Any:
    return request.param


def whole(table: Any, columns: Any = None) -> dict[str, list[Any]]:
    pieces = list(table.pieces(columns))
    return {name: [value for piece in pieces for value in piece[name].tolist()] for name in pieces[0]}


def test_each_column_is_read_as_what_it_is(tmp_path: Path, reader: Any) -> None:
    path = tmp_path / "a.csv"
    path.write_text(TEXT, "utf-8")
    table = reader(path, ",")
    assert list(table.names) == ["n", "x", "city", "when", "yes"]
    (piece,) = table.pieces()
    assert {name: column.dtype.kind for name, column in piece.items()} == {
        "n": "i",
        "x": "f",
        "city": "O",
        "when": "M",
        "yes": "b",
    }
    assert np.isnan(piece["x"][1])
    assert piece["city"].tolist() == ["Oslo, north", None, "two\nlines"]
    assert str(piece["when"][2])[:10] == "2020-01-03"


def test_some_columns_are_read_alone(tmp_path: Path, reader: Any) -> None:
    path = tmp_path / "a.csv"
    path.write_text(TEXT, "utf-8")
    assert whole(reader(path, ","), ["yes", "n"]) == {"n": [1, 2, 3], "yes": [True, False, True]}


def test_a_long_file_comes_in_pieces_and_a_column_may_change_its_mind(tmp_path: Path, reader: Any) -> None:
    path = tmp_path / "a.csv"
    rows = PIECE * 2 + 5
    path.write_text(
        "n\n" + "\n".join(str(place) if place < rows - 1 else "none of these" for place in range(rows)), "utf-8"
    )
    pieces = list(reader(path, ",").pieces())
    assert sum(len(piece["n"]) for piece in pieces) == rows
    assert max(len(piece["n"]) for piece in pieces) <= PIECE
    assert pieces[-1]["n"].tolist()[-1] == "none of these"


def test_both_readers_read_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(TEXT, "utf-8")
    one, other = next(CsvFile(path, ",").pieces()), next(PlainCsvFile(path, ",").pieces())
    assert joined(map(hashes_of, one.values())).tolist() == joined(map(hashes_of, other.values())).tolist()


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.csv.gz", "a.parquet", "A.PQ"])
def test_the_end_of_the_name_says_what_it_is(tmp_path: Path, name: str) -> None:
    frame = pd.DataFrame({"n": [1, 2], "city": ["Oslo", None]})
    path = tmp_path / name
    if name.lower().endswith((".parquet", ".pq")):
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, sep="\t" if ".tsv" in name else ",")
    assert whole(open_table(path)) == {"n": [1, 2], "city": ["Oslo", None]}


def test_what_is_wrong_with_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no file"):
        open_table(tmp_path / "gone.csv")
    (tmp_path / "a.docx").write_text("x")
    with pytest.raises(InvalidInput, match=r"\.parquet"):
        open_table(tmp_path / "a.docx")
    (tmp_path / "a.parquet").write_text("x")
    with pytest.raises(DamagedData, match="cannot be read as Parquet"):
        open_table(tmp_path / "a.parquet")
    (tmp_path / "twice.csv").write_text("a,a\n1,2\n")
    with pytest.raises(InvalidInput, match="same name: a"):
        open_table(tmp_path / "twice.csv")


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n3\n", b"a\n\xff\xfe\x00\n"], ids=["empty", "ragged", "bytes"])
def test_bad_csv_is_refused_with_its_name(tmp_path: Path, reader: Any, content: bytes) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"bad\.csv"):
        list(reader(path, ",").pieces())


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet"])
def test_rows_are_divided_as_they_stand(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    frame = pd.DataFrame({"n": range(10), "text": ['say "x"', "a,b", "two\nlines", "", "007"] * 2})
    if name.endswith("parquet"):
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, quoting=csv.QUOTE_MINIMAL)
    parts = np.array([0, 1] * 5)
    paths = [tmp_path / f"{part}.{name}" for part in ("odd", "even")]
    open_table(path).divide(parts, paths)
    if name.endswith("parquet"):
        assert pd.read_parquet(paths[1])["text"].tolist() == frame["text"].tolist()[1::2]
    else:
        opened = (gzip.open if name.endswith("gz") else open)(paths[1], "rt", newline="")
        with opened as file:
            assert [row[1] for row in csv.reader(file)][1:] == frame["text"].tolist()[1::2]
    with pytest.raises(InvalidInput, match="10"):
        open_table(path).divide(parts[:9], paths)
