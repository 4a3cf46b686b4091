"""Types of arguments and answers: what fits, and what is said of what does not."""

from __future__ import annotations

import base64
import io
from collections.abc import Generator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from PIL.Image import Image as Picture

from treering.core.errors import InvalidInput
from treering.serving.services.kinds.base import Upload
from treering.serving.services.kinds.choosing import kind_of, pieces
from treering.serving.services.kinds.encoding import as_json
from treering.serving.services.validators import BadValue, ContentType, DataframeSchema, DType, Shape

Matrix = Annotated[np.ndarray, Shape((-1, 4)), DType("float32")]


@pytest.fixture
def scratch(tmp_path: Path) -> Any:
    return lambda: str(tmp_path)


def test_an_array_gets_the_type_and_shape_that_its_annotation_says(scratch: Any) -> None:
    found = kind_of(Matrix).load([[1, 2, 3, 4], [5, 6, 7, 8.5]], scratch)
    assert found.dtype == np.float32
    assert found.tolist() == [[1, 2, 3, 4], [5, 6, 7, 8.5]]


def test_an_array_that_lacks_its_first_axis_is_given_it(scratch: Any) -> None:
    assert kind_of(Matrix).load([1, 2, 3, 4], scratch).shape == (1, 4)
    assert kind_of(Matrix).load([1, 2, 3, 4, 5, 6, 7, 8], scratch).shape == (2, 4)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ([[1, 2, 3]], r"shape \(any, 4\), got \(1, 3\)"),
        # Eight numbers would fit, and would be four others than were meant.
        ([[1, 2], [3, 4], [5, 6], [7, 8]], r"got \(4, 2\)"),
        ([[1, 2, 3, 4], [1]], "not of one length"),
        ([["1", 2, 3, 4]], "got texts"),
        ([[None, 2, 3, 4]], "ragged, or hold null"),
        ({"a": 1}, "ragged, or hold null, objects"),
    ],
)
def test_what_is_no_such_array_is_refused(raw: object, said: str, scratch: Any) -> None:
    with pytest.raises(BadValue, match=said):
        kind_of(Matrix).load(raw, scratch)


def test_whole_numbers_are_not_cut(scratch: Any) -> None:
    kind = kind_of(Annotated[np.ndarray, DType("int8")])
    assert kind.load([1.0, 2.0], scratch).dtype == np.int8
    with pytest.raises(BadValue, match="whole numbers"):
        kind.load([1.5], scratch)
    with pytest.raises(BadValue, match="from -128 to 127"):
        kind.load([300], scratch)


def test_the_element_type_of_a_generic_array_is_honoured(scratch: Any) -> None:
    assert kind_of(np.typing.NDArray[np.float32]).load([1], scratch).dtype == np.float32


def test_a_frame_has_the_columns_that_are_asked_for(scratch: Any) -> None:
    kind = kind_of(Annotated[pd.DataFrame, DataframeSchema(columns=["a", "b"])])
    assert list(kind.load([{"b": 1, "a": 2}], scratch).columns) == ["a", "b"]
    with pytest.raises(BadValue, match="columns 'b' are missing"):
        kind.load([{"a": 2}], scratch)
    with pytest.raises(BadValue, match="no columns 'c'"):
        kind.load([{"a": 2, "b": 1, "c": 3}], scratch)
    with pytest.raises(BadValue, match="list of rows"):
        kind.load(3, scratch)


def test_a_frame_goes_out_as_rows_or_columns() -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    assert kind_of(pd.DataFrame).dump(frame) == [{"a": 1}, {"a": 2}]
    assert kind_of(Annotated[pd.DataFrame, DataframeSchema("columns")]).dump(frame) == {"a": [1, 2]}


def test_a_table_comes_as_csv_and_parquet(scratch: Any) -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    stored = io.BytesIO()
    frame.to_parquet(stored)
    kind = kind_of(pd.DataFrame)
    parquet = Upload("", "application/vnd.apache.parquet", stored.getvalue())
    assert kind.load(Upload("", "text/csv", b"a\n1\n2\n"), scratch).equals(frame)
    assert kind.load(parquet, scratch).equals(frame)
    with pytest.raises(BadValue, match=r"no application/vnd\.apache\.parquet"):
        kind.load(parquet._replace(content=b"PAR1 nothing"), scratch)


def test_a_file_lies_in_the_folder_of_its_request_whatever_it_is_called(tmp_path: Path, scratch: Any) -> None:
    found = kind_of(Path).load(Upload("../../etc/pass wd.txt", "text/plain", b"x"), scratch)
    assert found.parent == tmp_path
    assert found.read_bytes() == b"x"
    assert found.suffix == ".txt"
    with pytest.raises(BadValue, match="audio/mp3, got text/plain"):
        kind_of(Annotated[Path, ContentType("audio/mp3")]).load(Upload("a", "text/plain", b"x"), scratch)


def test_an_address_in_place_of_a_file_is_not_fetched(scratch: Any) -> None:
    with pytest.raises(BadValue, match="addresses are not fetched"):
        kind_of(Path).load("http://169.254.169.254/latest", scratch)


def test_an_image_comes_as_a_file_or_a_data_url(scratch: Any) -> None:
    stored = io.BytesIO()
    Image.new("RGB", (3, 2)).save(stored, "PNG")
    kind = kind_of(Picture)
    assert kind.load(Upload("", "image/png", stored.getvalue()), scratch).size == (3, 2)
    url = f"data:image/png;base64,{base64.b64encode(stored.getvalue()).decode()}"
    found = kind.load(url, scratch)
    assert found.size == (3, 2)
    assert kind.dump(found).content_type == "image/png"
    with pytest.raises(BadValue, match="no image that Pillow reads as jpeg"):
        kind.load(Upload("", "image/jpeg", stored.getvalue()), scratch)


def test_lists_and_dictionaries_of_files_and_arrays_are_read_one_by_one(scratch: Any) -> None:
    assert [one.read_bytes() for one in kind_of(list[Path]).load([b"a", b"b"], scratch)] == [b"a", b"b"]
    found = kind_of(dict[str, np.ndarray]).load({"x": [1, 2]}, scratch)
    assert found["x"].tolist() == [1, 2]
    with pytest.raises(BadValue) as caught:
        kind_of(list[Matrix]).load([[[1, 2, 3, 4]], "no"], scratch)
    assert caught.value.place == (1,)


def test_an_optional_array_may_be_null(scratch: Any) -> None:
    kind = kind_of(np.ndarray | None)
    assert kind.load(None, scratch) is None
    assert kind.load([1], scratch).tolist() == [1]


def test_a_struct_may_hold_arrays(scratch: Any) -> None:
    class Sample(msgspec.Struct):
        day: date
        values: np.ndarray

    found = kind_of(Sample).load({"day": "2026-01-02", "values": [1, 2]}, scratch)
    assert found.day == date(2026, 1, 2)
    assert list(found.values) == [1, 2]
    assert as_json(found) == b'{"day":"2026-01-02","values":[1,2]}'


def test_numbers_of_numpy_and_what_json_has_no_word_for_are_written() -> None:
    assert as_json({"a": np.float32(1.5), "b": np.array([np.nan, 1.0]), "c": float("inf")}) == (
        b'{"a":1.5,"b":[null,1.0],"c":null}'
    )


def test_a_type_that_nothing_can_read_is_refused_when_it_is_written() -> None:
    with pytest.raises(InvalidInput):
        kind_of(list[int] | dict[str, int] | tuple[int] | list[str])


def test_what_a_stream_yields_is_told_by_its_annotation() -> None:
    assert pieces(Generator[str, None, None]) is str
    assert pieces(int) is None


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (int, {"type": "integer"}),
        (Literal["a"], {"enum": ["a"]}),
        (Matrix, {"type": "tensor", "format": "numpy-array", "dtype": "float32", "shape": [-1, 4], "dim": -4}),
        (pd.DataFrame, {"type": "dataframe", "orient": "records"}),
        (Picture, {"type": "file", "format": "image", "pil": True}),
        (Path, {"type": "file", "format": "binary"}),
        (Annotated[Path, ContentType("audio/mp3")], {"type": "file", "format": "audio", "content_type": "audio/mp3"}),
        (bytes, {"type": "string", "format": "binary"}),
        (Any, {}),
    ],
)
def test_a_schema_is_in_the_words_that_clients_of_bentoml_know(annotation: Any, schema: dict[str, Any]) -> None:
    assert kind_of(annotation).schema() == schema
