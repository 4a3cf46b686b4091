"""Columns of texts as codes: the same texts as row by row, and a hash that only equal texts share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from treering.storage.tables import open_table
from treering.storage.tables.hashing import hashes_of
from treering.storage.tables.plain import PlainCsvFile
from treering.storage.tables.texts import Texts, coded, joined_texts, text_hashes, texts_of


def plain(texts: Texts) -> list[str | None]:
    return [None if code < 0 else texts.different[code] for code in texts.codes.tolist()]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (np.array(["b", None, "a", "b"], object), ["b", None, "a", "b"]),
        (np.array(["b", float("nan"), pd.NA], object), ["b", None, None]),
        (np.array([None, None], object), [None, None]),
        (np.array(["1", 1, True, 1.0], object), ["1", "1", "True", "1.0"]),
        (np.array([2, 1, 2]), ["2", "1", "2"]),
        (np.array([2.5, np.nan]), ["2.5", None]),
        (np.array([True, False]), ["True", "False"]),
        (np.array(["2020-01-01", "NaT"], "datetime64[D]"), ["2020-01-01", None]),
        (np.array([], object), []),
    ],
)
def test_any_column_is_written_as_texts(column: np.ndarray, expected: list[str | None]) -> None:
    assert plain(texts_of(column)) == expected


def test_lists_in_cells_are_texts_too() -> None:
    column = np.empty(2, object)
    column[:] = [[1, 2], [1, 2]]
    assert texts_of(column).different == ["[1, 2]"]
    assert len(set(hashes_of(column).tolist())) == 1


def test_only_columns_of_texts_are_coded() -> None:
    assert isinstance(coded(np.array(["a", None], object)), Texts)
    assert isinstance(coded(np.array(["a", np.nan], object)), Texts)
    for other in (np.array([1.0]), np.array(["a", 1], object), np.array(["a", 1.5], object), np.array([None], object)):
        assert coded(other) is other


def test_some_rows_hold_only_their_own_texts() -> None:
    texts = texts_of(np.array(["a", "b", None, "c", "b"], object))
    some = texts[np.array([2, 4, 1])]
    assert (plain(some), some.different) == ([None, "b", "b"], ["b"])
    assert some.counts().tolist() == [2]
    assert plain(joined_texts([some, texts])) == [None, "b", "b", "a", "b", None, "c", "b"]
    assert texts.spread(np.array([1.0, 2.0, 3.0]), np.nan).tolist()[:2] == [1.0, 2.0]


def test_hashes_are_equal_exactly_for_equal_texts() -> None:
    rng = np.random.default_rng(0)
    letters = np.array(list("ab\0é漢\ud800"))
    texts = ["".join(rng.choice(letters, length)) for length in rng.integers(0, 40, 3000)]
    texts += ["", "\0", "\0\0", "a" * 8, "a" * 8 + "\0", "a" * 256, "a" * 257, "a" * 256 + "\0", "a" * 100_000]
    different = list(dict.fromkeys(texts))
    hashes = text_hashes(different)
    assert len(set(hashes.tolist())) == len(different)
    alone = [int(text_hashes([text])[0]) for text in different]
    assert hashes.tolist() == alone
    ascii_only = [text for text in different if text.isascii()]
    assert text_hashes(ascii_only).tolist() == [
        one for one, text in zip(alone, different, strict=True) if text.isascii()
    ]
    assert len(text_hashes([])) == 0


def test_files_give_the_same_coded_as_plain(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "word": rng.choice(np.array(["Oslo", "Rome", "ÅÄÖ", None]), 5000),
            "kind": pd.Categorical(rng.choice(["a", "b"], 5000)),
            "number": rng.normal(size=5000),
            "late": [*["1"] * 4999, "x"],
        }
    )
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_parquet(tmp_path / "t.parquet")
    for reader in (
        open_table(tmp_path / "t.csv"),
        PlainCsvFile(tmp_path / "t.csv", ","),
        open_table(tmp_path / "t.parquet"),
    ):
        (one,), (other,) = list(reader.coded_pieces()), list(reader.pieces())
        assert isinstance(one["word"], Texts)
        assert isinstance(one["kind"], Texts)
        assert isinstance(one["late"], Texts)
        assert plain(one["word"]) == other["word"].tolist()
        assert plain(one["kind"]) == other["kind"].tolist()
        assert np.array_equal(one["number"], other["number"])  # type: ignore[arg-type]  # numbers stay what they are


def test_a_heading_may_be_longer_than_a_block(tmp_path: Path) -> None:
    names = [f"column_{number:06}" for number in range(8000)]
    (tmp_path / "wide.csv").write_text(",".join(names) + "\n" + ",".join(["1"] * 8000) + "\n")
    assert list(open_table(tmp_path / "wide.csv").names) == names
