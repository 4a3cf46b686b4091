from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from treering.server.static import Interface


@pytest.fixture
def built(tmp_path: Path) -> Interface:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "index.html").write_text("<!doctype html><title>UI</title>")
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "assets" / "main-abc.js").write_text("run()")
    (folder / "assets" / "main-abc.js.br").write_bytes(b"brotli")
    (folder / "assets" / "main-abc.js.gz").write_bytes(b"gzip")
    (folder / "assets" / "font-abc.woff2").write_bytes(b"font")
    (folder / "assets" / "large-abc.js.br").write_bytes(b"brotli of large")
    (folder / "assets" / "large-abc.js.gz").write_bytes(gzip.compress(b"large()"))
    (folder / "figure.html").write_text("<!doctype html><title>Figure</title>")
    return Interface(folder)


@pytest.mark.parametrize("path", ["/", "/index.html", "/experiments/1/runs/abc", "/models/a.b", "/metrics-of/x"])
def test_paths_of_the_interface_are_answered_with_the_page(built: Interface, path: str) -> None:
    answer = built.answer(path)
    assert answer.status_code == 200
    assert b"<title>UI" in answer.body
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_the_page_runs_nothing_that_stands_in_it(built: Interface) -> None:
    policy = dict(
        part.strip().split(" ", 1) for part in built.answer("/").headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'self'"
    assert policy["script-src"] == "'self'"
    assert "unsafe" not in str(policy)
    assert policy["frame-ancestors"] == "'self'"


def test_files_with_a_hash_are_kept_for_ever(built: Interface) -> None:
    answer = built.answer("/assets/main-abc.js")
    assert answer.body == b"run()"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert built.answer("/assets/font-abc.woff2").headers["content-type"] == "font/woff2"
    assert built.answer("/favicon.svg").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(("accepted", "body", "coding"), [("gzip, br", b"brotli", "br"), ("gzip", b"gzip", "gzip"), ("", b"run()", None)])  # fmt: skip
def test_packed_files_are_sent_to_who_can_read_them(
    built: Interface, accepted: str, body: bytes, coding: str | None
) -> None:
    answer = built.answer("/assets/main-abc.js", accepted)
    assert answer.body == body
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize(("accepted", "coding"), [("gzip, br", "br"), ("gzip", "gzip"), ("", None), ("deflate", None)])
def test_what_is_there_packed_only_is_unpacked_for_who_cannot(
    built: Interface, accepted: str, coding: str | None
) -> None:
    answer = built.answer("/assets/large-abc.js", accepted)
    assert answer.status_code == 200
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    if coding is None:
        assert answer.body == b"large()"


def test_the_page_of_figures_reaches_nothing(built: Interface) -> None:
    answer = built.answer("/figure.html")
    assert b"Figure" in answer.body
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts;")
    for part in ("default-src 'none'", "connect-src 'none'", "script-src 'self';", "frame-ancestors 'self'"):
        assert part in policy
    assert "allow-same-origin" not in policy
    assert "unsafe-eval" not in policy
    # In a sandbox it is a stranger, who may load our scripts and nothing else.
    assert built.answer("/assets/main-abc.js").headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in built.answer("/").headers


def test_a_script_of_an_older_build_is_missing(built: Interface) -> None:
    assert built.answer("/assets/main-old.js").status_code == 404


@pytest.mark.parametrize("path", ["/../secret.txt", "/assets/../../secret.txt", "//etc/passwd", "/assets/%2e%2e/secret.txt"])  # fmt: skip
def test_nothing_outside_the_folder_is_reached(built: Interface, path: str) -> None:
    answer = built.answer(path)
    assert b"secret" not in answer.body
    assert b"root:" not in answer.body


def test_without_a_build_a_page_says_what_to_do(tmp_path: Path) -> None:
    answer = Interface(tmp_path / "none").answer("/")
    assert answer.status_code == 200
    assert b"make ui" in answer.body
