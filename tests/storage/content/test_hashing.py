from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from treering.storage.content.hashing import BLOCK, copy_hashing, hash_bytes, hash_file


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 17])
def test_a_copy_is_hashed_on_the_way_whatever_its_size(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    (tmp_path / "a").write_bytes(data)
    with (tmp_path / "a").open("rb") as source, (tmp_path / "b").open("wb") as target:
        copied = copy_hashing(source.fileno(), target.fileno())
    assert copied == (hashlib.md5(data).hexdigest(), size)
    assert (tmp_path / "b").read_bytes() == data
    assert hash_file(tmp_path / "a") == copied.digest == hash_bytes(data)


def test_a_pipe_that_gives_little_at_once_is_copied_whole(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    data = os.urandom(40_000)
    os.write(writing, data)
    os.close(writing)
    with (tmp_path / "b").open("wb") as target:
        assert copy_hashing(reading, target.fileno()).digest == hashlib.md5(data).hexdigest()
    os.close(reading)


def test_a_write_that_fails_in_a_big_copy_is_told_and_leaves_no_thread(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(6 * BLOCK))
    with (
        (tmp_path / "a").open("rb") as source,
        (tmp_path / "a").open("rb") as no_target,
        pytest.raises(OSError, match="Bad file"),
    ):
        copy_hashing(source.fileno(), no_target.fileno())


def legacy(data: bytes) -> str:
    return hash_bytes(data, legacy=True)


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def test_dvc_2_turned_line_ends_of_text_only() -> None:
    assert legacy(b"a\r\nb\r\n") == md5(b"a\nb\n")
    assert legacy(b"") == md5(b"")
    assert legacy(b"a\0\r\n") == md5(b"a\0\r\n")
    # Just 30 of 100 bytes may be no text; one more makes it binary.
    for strange, looks_like_text in ((30, True), (31, False)):
        data = b"\xff" * strange + b"x" * (98 - strange) + b"\r\n"
        assert legacy(data) == md5(data.replace(b"\r\n", b"\n") if looks_like_text else data)


def test_dvc_2_looked_at_each_mebibyte_for_itself(tmp_path: Path) -> None:
    text, binary = b"x" * (BLOCK - 2) + b"\r\n", b"\0" * (BLOCK - 2) + b"\r\n"
    data = text + binary + b"y\r\n"
    expected = md5(text.replace(b"\r\n", b"\n") + binary + b"y\n")
    (tmp_path / "a").write_bytes(data)
    assert legacy(data) == hash_file(tmp_path / "a", legacy=True) == expected


def test_a_line_end_across_two_mebibytes_stays() -> None:
    data = b"x" * (BLOCK - 1) + b"\r" + b"\ny"
    assert legacy(data) == md5(data)
