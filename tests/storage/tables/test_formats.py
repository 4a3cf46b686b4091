"""Files cut into sections and read in chunks: no row lost, none twice, and rows counted right in what is told."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from treering.core.errors import Conflict, DamagedData, InvalidInput, NotFound, TooLarge
from treering.storage.tables import TABLE_FORMATS, arrow
from treering.storage.tables import json as whole_json
from treering.storage.tables.arrow import CsvFile
from treering.storage.tables.plain import PlainCsvFile
from treering.storage.tables.sections import Cutting, Wanted

VALUES = ["1", "a b", '5" pipe', 'x""y', '"say"', '"two\nlines"', '"a ""b"" c"', '"\r\n"', '",\n,"', "é", "NA", "none"]


def read(file: Path, size: int = 50, types: Any = None, columns: tuple[str, ...] = ()) -> pd.DataFrame:
    form = TABLE_FORMATS.load(file.name.split(".")[1])
    wanted = Wanted(columns or form.columns(str(file)), types or {})
    chunks = [
        chunk.table
        for section in form.plan(str(file), Cutting(size, 3))
        for chunk in form.read(section, wanted, 7)
    ]  # fmt: skip
    return pa.concat_tables(chunks, promote_options="permissive").to_pandas()


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.jsonl", "a.jsonl.gz", "a.json", "a.parquet"])
def test_all_rows_come_once_and_in_order(tmp_path: Path, name: str) -> None:
    frame = pd.DataFrame({"n": range(500), "text": [f'row\n"{n}", {n}' for n in range(500)]})
    file = tmp_path / name
    if name.endswith("parquet"):
        frame.to_parquet(file, row_group_size=90)
    elif "csv" in name:
        frame.to_csv(file, index=False)
    else:
        frame.to_json(file, orient="records", lines="jsonl" in name)
    pd.testing.assert_frame_equal(read(file), frame, check_dtype=False)
    form = TABLE_FORMATS.load(name.split(".")[1])
    sections = list(form.plan(str(file), Cutting(50, 3)))
    assert len(sections) > 5
    assert [section.index for section in sections] == list(range(len(sections)))
    assert sum(section.weight for section in sections) == pytest.approx(form.size(str(file)), rel=0.2)
    wanted = Wanted(("n",), {})
    for section in sections[::7]:
        first = next(iter(form.read(section, wanted, 7))).table["n"][0].as_py()
        assert form.rows_before(section) == first


@pytest.mark.parametrize("seed", range(40))
def test_arrow_and_the_standard_library_see_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chosen = random.Random(seed)
    monkeypatch.setattr(arrow, "_CUTTING", Cutting(chosen.randrange(1, 60), 1))
    end = chosen.choice(["\n", "\r\n"])
    lines = ["a,b", *(f"{chosen.choice(VALUES)},{chosen.choice(VALUES)}" for _ in range(30))]
    lines = [text for line in lines for text in ([line, ""] if chosen.random() < 0.1 else [line])]
    file = tmp_path / "a.csv"
    file.write_bytes(chosen.choice([b"", b"\xef\xbb\xbf"]) + end.join(lines).encode())

    def texts(reader: Any) -> list[tuple[str, ...]]:
        pieces = list(reader(file, ",").pieces())
        return [tuple(map(str, row)) for piece in pieces for row in zip(*(piece[name] for name in "ab"), strict=True)]

    ours, theirs = texts(CsvFile), texts(PlainCsvFile)
    # Which type a piece has depends on where it is cut; "1" may be 1.0 beside a gap.
    assert [[one.replace("1.0", "1").replace("nan", "None") for one in row] for row in ours] == [
        [one.replace("1.0", "1").replace("nan", "None") for one in row] for row in theirs
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_a_bad_value_is_told_with_its_row_whatever_stands_before(tmp_path: Path, name: str, end: str) -> None:
    rows = [f'{n},"two{end}lines, ""{n}"""' if n % 3 else f"{n},plain" for n in range(200)]
    rows[150] = "oops,plain"
    text = end.join(["n,text", *rows[:40], "", "", *rows[40:]]).encode()
    file = tmp_path / name
    file.write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    for size in (50, 700, 1 << 20):
        with pytest.raises(InvalidInput, match=r"cannot be read in row 151: .*'oops'"):
            read(file, size, {"n": pa.int64()})
    file.write_bytes(gzip.compress(text.replace(b"oops,plain", b"1,2,3")) if name.endswith("gz") else text.replace(b"oops,plain", b"1,2,3"))  # fmt: skip
    with pytest.raises(InvalidInput, match=r"cannot be read in row 151: .*got 3"):
        read(file, 700, {"n": pa.int64()})


@pytest.mark.parametrize(
    ("name", "content", "error", "why"),
    [
        ("a.csv", b"", InvalidInput, "not even a heading"),
        ("a.csv", "a,b\n1,2\n".encode("utf-16"), InvalidInput, "UTF-16"),
        ("a.csv", b"a,b\r1,2\r3,4\r", InvalidInput, "carriage return alone"),
        ("a.csv", b"a,b\n1,\xff\n", InvalidInput, "row 1.*UTF8"),
        ("a.csv", b"a,a\n1,2\n", InvalidInput, "same name: a"),
        ("a.csv", b'a,b\n1,2\n3,"4\n5,6\n', InvalidInput, "row that does not end.*quote"),
        ("a.csv.gz", gzip.compress(b"a,b\n" + b"1,2\n" * 9000)[:-9], DamagedData, "not whole gzip"),
        ("a.csv.gz", b"a,b\n1,2\n", DamagedData, "not whole gzip"),
        ("a.jsonl", b"", InvalidInput, "is empty"),
        ("a.jsonl", b'{"a": 1}\n{"a": \n', InvalidInput, "no JSON lines"),
        ("a.jsonl", b'{"a": "' + b"x" * (65 << 20), InvalidInput, "row that does not end.*no line end"),
        ("a.json", b'{"a": 1}', InvalidInput, "without exactly one of"),
        ("a.parquet", b"PAR1", DamagedData, "cannot be read as Parquet.*cut"),
    ],
    ids=["empty", "utf16", "returns", "utf8", "twice", "quote", "cut gzip", "no gzip", "no lines", "half json", "long",
         "object", "cut parquet"],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_told(
    tmp_path: Path, name: str, content: bytes, error: type[Exception], why: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(error, match=rf"a\.(?s:.)*{why}"):
        read(file)
    with pytest.raises(NotFound, match="cannot be read"):
        TABLE_FORMATS.load(name.split(".")[1]).columns(str(tmp_path / "gone"))


def test_a_parquet_file_that_is_spoilt_within_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    pd.DataFrame({"a": [f"{n * 7919 % 1000}" for n in range(5000)]}).to_parquet(file, compression="zstd")
    data = bytearray(file.read_bytes())
    data[100:2000] = bytes(1900)
    file.write_bytes(data)
    with pytest.raises(DamagedData, match="row group 0"):
        read(file)


def test_characters_of_value_zero_stay_in_texts_and_are_no_numbers(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"a,b\n1,x\x00y\n2,z\n")
    assert read(file)["b"].tolist() == ["x\x00y", "z"]
    file.write_bytes(b"a,b\n1,x\n2\x00,z\n")
    with pytest.raises(InvalidInput, match="row 2"):
        read(file, types={"a": pa.int64()})


def test_a_file_that_is_made_shorter_meanwhile_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a\n" + "1\n" * 100)
    form = TABLE_FORMATS.load("csv")
    last = list(form.plan(str(file), Cutting(50, 1)))[-1]
    file.write_text("a\n1\n")
    with pytest.raises(Conflict, match="shorter while it was read"):
        list(form.read(last, Wanted(("a",), {}), 10))


def test_json_that_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_json, "_MOST_BYTES", 10)
    (tmp_path / "a.json").write_text('[{"a": 1}, {"a": 2}]')
    with pytest.raises(TooLarge, match="one object a line"):
        read(tmp_path / "a.json")


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_very_many_columns_are_read(tmp_path: Path, name: str) -> None:
    count = 30_000 if name == "a.csv" else 5_000
    names = [f"a column of its own {place}" for place in range(count)]
    file = tmp_path / name
    if name == "a.parquet":
        pd.DataFrame([range(count)], columns=names).to_parquet(file)
    elif name == "a.csv":
        file.write_text(",".join(names) + "\n" + ",".join(map(str, range(count))) + "\n")
    else:
        pd.DataFrame([range(count)], columns=names).to_json(file, orient="records", lines=True)
    found = read(file, 1 << 20)
    assert found.shape == (1, count)
    assert found[names[-1]].tolist() == [count - 1]
