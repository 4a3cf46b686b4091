"""Objects of DVC 2 get the name and place of DVC 3; nothing is lost, and what refers to them may follow."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from treering.storage.content.oid import Oid
from treering.versioning.checkout import checkout
from treering.versioning.migrate import migrate
from treering.versioning.pointers import read_pointer
from treering.versioning.repository import Repository

TEXT = b"one\r\ntwo\r\n"


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


@pytest.fixture
def old(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """What DVC 2 has made: a text whose line ends do not count, something else, and a folder of both."""
    monkeypatch.chdir(repo.root)
    text, other = md5(TEXT.replace(b"\r\n", b"\n")), md5(b"\0\1")
    listing = f'[{{"md5": "{text}", "relpath": "a"}}, {{"md5": "{other}", "relpath": "b"}}]'.encode()
    for value, data in ((text, TEXT), (other, b"\0\1"), (f"{md5(listing)}.dir", listing)):
        path = repo.cache.path(Oid(value, legacy=True))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o444)
    (repo.root / "folder.dvc").write_text(f"outs:\n- md5: {md5(listing)}.dir  # a comment\n  path: folder\n")
    (repo.root / "text.dvc").write_text(f"outs:\n- md5: {text}\n  path: text\n")
    return repo


def test_a_dry_run_only_tells(old: Repository) -> None:
    report = migrate(old, pointers=True, dry=True)
    assert (report.objects, report.names) == (3, None)
    assert [path.name for path in report.pointers] == ["folder.dvc", "text.dvc"]
    assert not (old.cache.root / "files").exists()


def test_objects_get_a_second_name(old: Repository) -> None:
    pointers = {path.name: path.read_text() for path in old.root.glob("*.dvc") if path.is_file()}
    report = migrate(old)
    assert not report.failed
    assert report.names is not None
    text = Oid(md5(TEXT.replace(b"\r\n", b"\n")), legacy=True)
    assert report.names[text] == Oid(md5(TEXT))
    assert old.cache.read_bytes(Oid(md5(TEXT))) == TEXT
    # It is the same file, and DVC 2 finds it as before.
    assert old.cache.path(Oid(md5(TEXT))).samefile(old.cache.path(text))
    assert {path.name: path.read_text() for path in old.root.glob("*.dvc") if path.is_file()} == pointers
    assert migrate(old).names == report.names


def test_pointers_follow(old: Repository) -> None:
    report = migrate(old, pointers=True)
    assert [path.name for path in report.pointers] == ["folder.dvc", "text.dvc"]
    assert "# a comment" in (old.root / "folder.dvc").read_text()
    assert "hash: md5" in (old.root / "text.dvc").read_text()
    out = read_pointer(old.root / "folder.dvc").outs[0]
    assert out.oid is not None
    assert not out.oid.legacy
    assert list(old.cache.read_manifest(out.oid)) == [("a", md5(TEXT)), ("b", md5(b"\0\1"))]
    checkout(old)
    assert (old.root / "folder" / "a").read_bytes() == TEXT
    assert not migrate(old, pointers=True).pointers


def test_what_is_missing_or_damaged_keeps_its_old_name(old: Repository, tmp_path: Path) -> None:
    del tmp_path
    other = old.cache.path(Oid(md5(b"\0\1"), legacy=True))
    other.chmod(0o644)
    other.write_bytes(b"\0\2")
    report = migrate(old, pointers=True)
    assert report.failed is not None
    assert sorted(oid.is_dir for oid in report.failed) == [False, True]
    assert [path.name for path in report.pointers] == ["text.dvc"]
