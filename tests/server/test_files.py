from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from treering.core.errors import InvalidInput, NotFound
from treering.server.files import content_type_of, file_answer, is_shown
from treering.storage.objects.base import CHUNK_SIZE
from treering.storage.objects.file import FileStore

DATA = bytes(range(256)) * 4


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    made = FileStore(str(tmp_path / "artifacts"))
    made.write("data.bin", [DATA])
    made.write("folder/page.html", [b"<script>alert(1)</script>"])
    made.write("paper.pdf", [b"%PDF-1.4"])
    made.write("figure.svg", [b"<svg/>"])
    made.write("empty.txt", [])
    made.write("large.bin", [bytes(CHUNK_SIZE), b"tail"])
    (tmp_path / "secret.txt").write_text("secret")
    return made


def answered(
    store: FileStore, key: str, headers: dict[str, str] | None = None, **options: Any
) -> tuple[Response, bytes]:
    async def run() -> tuple[Response, bytes]:
        answer = await file_answer(store, key, headers or {}, **options)
        body = [chunk async for chunk in answer.body_iterator] if hasattr(answer, "body_iterator") else [answer.body]
        return answer, b"".join(body)

    return asyncio.run(run())


def test_the_whole(store: FileStore) -> None:
    answer, body = answered(store, "data.bin")
    assert (answer.status_code, body) == (200, DATA)
    assert answer.headers["content-length"] == str(len(DATA))
    assert answer.headers["accept-ranges"] == "bytes"


def test_more_than_one_chunk(store: FileStore) -> None:
    answer, body = answered(store, "large.bin")
    assert body == bytes(CHUNK_SIZE) + b"tail"
    assert answer.headers["content-length"] == str(CHUNK_SIZE + 4)


def test_an_empty_file(store: FileStore) -> None:
    answer, body = answered(store, "empty.txt")
    assert (answer.status_code, body, answer.headers["content-length"]) == (200, b"", "0")


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=1000-", 1000, 1023),
        ("bytes=1000-99999", 1000, 1023),
        ("bytes=-5", 1019, 1023),
        ("bytes=-99999", 0, 1023),
    ],
)
def test_a_part(store: FileStore, asked: str, first: int, last: int) -> None:
    answer, body = answered(store, "data.bin", {"range": asked})
    assert (answer.status_code, body) == (206, DATA[first : last + 1])
    assert answer.headers["content-range"] == f"bytes {first}-{last}/1024"
    assert answer.headers["content-length"] == str(len(body))


@pytest.mark.parametrize("asked", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
def test_a_part_that_lies_outside(store: FileStore, asked: str) -> None:
    answer, body = answered(store, "data.bin", {"range": asked})
    assert (answer.status_code, body) == (416, b"")
    assert answer.headers["content-range"] == "bytes */1024"


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=-", "lines=1-2", "bytes=0-1,4-5", "bytes=a-b", "bytes=" + "9" * 40 + "-"])  # fmt: skip
def test_what_is_no_range_is_answered_with_the_whole(store: FileStore, asked: str) -> None:
    answer, body = answered(store, "data.bin", {"range": asked})
    assert (answer.status_code, body) == (200, DATA)


def test_what_runs_is_a_download_in_a_sandbox(store: FileStore) -> None:
    answer, _ = answered(store, "folder/page.html")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''page.html"
    assert answer.headers["content-security-policy"] == "sandbox"


def test_what_cannot_run_is_shown_unless_a_download_is_wanted(store: FileStore) -> None:
    assert answered(store, "empty.txt")[0].headers["content-disposition"].startswith("inline")
    assert answered(store, "empty.txt", download=True)[0].headers["content-disposition"].startswith("attachment")


def test_a_name_cannot_break_out_of_its_header(store: FileStore) -> None:
    store.write('a"\r\nx: y;é.txt', [b"x"])
    answer, _ = answered(store, 'a"\r\nx: y;é.txt')
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''a%22%0D%0Ax%3A%20y%3B%C3%A9.txt"


@pytest.mark.parametrize("key", ["../secret.txt", "/etc/passwd", "folder/../../secret.txt", "a\0b", "..\\secret.txt"])
def test_a_path_that_climbs_is_refused(store: FileStore, key: str) -> None:
    with pytest.raises(InvalidInput, match="must not climb"):
        answered(store, key)


@pytest.mark.parametrize("key", ["missing.txt", "folder", "", "data.bin/below"])
def test_what_is_no_file_is_not_found(store: FileStore, key: str) -> None:
    with pytest.raises(NotFound):
        answered(store, key)


@pytest.mark.parametrize(
    ("name", "kind", "shown"),
    [
        ("model/MLmodel", "text/plain; charset=utf-8", True),
        ("conda.yaml", "text/plain; charset=utf-8", True),
        ("train.log", "text/plain; charset=utf-8", True),
        ("table.csv", "text/csv; charset=utf-8", True),
        ("metrics.json", "application/json; charset=utf-8", True),
        ("plot.PNG", "image/png", True),
        ("plot.svg", "image/svg+xml", False),
        ("page.html", "text/html; charset=utf-8", False),
        ("page.xhtml", "application/xhtml+xml", False),
        ("script.js", "text/javascript; charset=utf-8", False),
        ("report.pdf", "application/pdf", False),
        ("model.pkl", "application/octet-stream", False),
        ("archive.csv.gz", "application/octet-stream", False),
        ("no-ending", "application/octet-stream", False),
    ],
)
def test_types(name: str, kind: str, shown: bool) -> None:
    assert content_type_of(name) == kind
    assert is_shown(kind) is shown


@pytest.mark.parametrize("key", ["folder/page.html", "figure.svg", "paper.pdf"])
def test_what_may_run_is_a_download(store: FileStore, key: str) -> None:
    answer, _ = answered(store, key)
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["content-security-policy"] == "sandbox"


def test_a_previewed_page_runs_and_fetches_nothing(store: FileStore) -> None:
    answer, _ = answered(store, "folder/page.html", preview=True)
    assert answer.headers["content-disposition"].startswith("inline;")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none';")
    assert "script-src" not in policy
    assert "http" not in policy
    assert "allow-" not in policy


def test_a_previewed_pdf_is_shown_by_the_browsers_viewer(store: FileStore) -> None:
    answer, _ = answered(store, "paper.pdf", preview=True)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("inline;")
    assert answer.headers["content-security-policy"].startswith("default-src 'none';")


def test_a_preview_of_other_kinds_is_as_strict_as_ever(store: FileStore) -> None:
    answer, _ = answered(store, "figure.svg", preview=True)
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["content-security-policy"] == "sandbox"
