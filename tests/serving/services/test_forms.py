"""Forms, and what goes between processes."""

from __future__ import annotations

import contextlib
import io
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.filepost import encode_multipart_formdata

from treering.serving.services.forms import form_of, written
from treering.serving.services.kinds.base import Upload
from treering.serving.services.packing import packed, unpacked
from treering.serving.services.validators import BadValue

_NAMES = st.text(st.characters(exclude_categories=["C"], exclude_characters='"\\'), min_size=1, max_size=20)


def test_a_form_of_another_program_is_read() -> None:
    body, kind = encode_multipart_formdata({"a": "1", "f": ("näme.txt", b"x\r\n--y", "text/plain"), "g": b"\xff"})
    found = form_of(kind, body)
    assert found["a"] == ["1"]
    assert found["f"] == [Upload("näme.txt", "text/plain", b"x\r\n--y")]
    assert found["g"] == [Upload("", "", b"\xff")]


@given(st.dictionaries(_NAMES, st.lists(st.binary(max_size=200), min_size=1, max_size=3), max_size=5))
def test_a_form_that_is_written_is_read_as_it_was(fields: dict[str, list[bytes]]) -> None:
    boundary = "0123456789abcdef0123456789abcdef"
    form = {name: [Upload("file.bin", "image/png", one) for one in values] for name, values in fields.items()}
    assert form_of(f"multipart/form-data; boundary={boundary}", written(form, boundary)) == form


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("multipart/form-data", b"", "names no boundary"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx", "does not end"),
        ("multipart/form-data; boundary=b", b"--b\r\nx\r\n--b--", "no end of its head"),
        ("multipart/form-data; boundary=b", b"--b\r\na: b\r\n\r\nx\r\n--b--", "has no name"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\n\r\n" * 2000 + b"--b--", "more than 1000 parts"),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 2000), "no form"),
        ("application/x-www-form-urlencoded", b"\xff", "no form"),
    ],
)
def test_a_form_that_is_broken_is_refused(kind: str, body: bytes, said: str) -> None:
    with pytest.raises(BadValue, match=said):
        form_of(kind, body)


def test_arrays_and_frames_go_between_processes_as_they_are() -> None:
    values = {"x": np.arange(6, dtype="<f4").reshape(2, 3), "t": np.array(["2026-01-02"], "M8[D]"), "n": None}
    found = unpacked(packed(values))
    assert found["x"].dtype == np.float32
    assert np.array_equal(found["x"], values["x"])
    assert np.array_equal(found["t"], values["t"])
    assert found["n"] is None
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    assert pd.DataFrame(unpacked(packed(frame))).equals(frame)
    assert unpacked(packed({"f": Upload("n", "k", b"c")}))["f"] == Upload("n", "k", b"c")


class _Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("it ran",)


def test_nothing_that_is_packed_runs_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadValue):
        unpacked(pickle.dumps(_Bomb()))
    objects = np.array([_Bomb()], dtype=object)
    with pytest.raises((BadValue, TypeError, NotImplementedError)):
        unpacked(packed({"x": objects}))
    stored = io.BytesIO()
    np.save(stored, objects, allow_pickle=True)
    with pytest.raises(BadValue):
        unpacked(stored.getvalue())
    assert capsys.readouterr().out == ""


@given(st.binary(max_size=60))
def test_any_bytes_are_values_or_refused(body: bytes) -> None:
    with contextlib.suppress(BadValue):
        unpacked(body)
