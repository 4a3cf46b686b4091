from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from treering.core.errors import InvalidInput, NotSupported
from treering.storage.content import links
from treering.storage.content.links import DEFAULT_KINDS, Linker, LinkKind, link_kinds, make_link


@pytest.fixture
def source(tmp_path: Path) -> str:
    path = tmp_path / "object"
    path.write_bytes(b"content")
    path.chmod(0o444)
    return str(path)


def test_the_kinds_are_read_from_the_configuration() -> None:
    assert link_kinds("hardlink,symlink") == (LinkKind.HARDLINK, LinkKind.SYMLINK)
    assert link_kinds([" Copy "]) == (LinkKind.COPY,)
    assert link_kinds([]) == DEFAULT_KINDS
    with pytest.raises(InvalidInput, match="reflink, hardlink, symlink, copy"):
        link_kinds("softlink")


def test_a_copy_is_the_users_own_file(source: str, tmp_path: Path) -> None:
    make_link(LinkKind.COPY, source, str(tmp_path / "copy"))
    assert (tmp_path / "copy").read_bytes() == b"content"
    umask = os.umask(0)
    os.umask(umask)
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o666 & ~umask


def test_a_hard_link_and_a_symbolic_one_are_the_object(source: str, tmp_path: Path) -> None:
    make_link(LinkKind.HARDLINK, source, str(tmp_path / "hard"))
    make_link(LinkKind.SYMLINK, source, str(tmp_path / "soft"))
    assert (tmp_path / "hard").samefile(source)
    assert str((tmp_path / "soft").readlink()) == source


@pytest.mark.parametrize("kind", [LinkKind.COPY, LinkKind.HARDLINK, LinkKind.SYMLINK])
def test_no_link_replaces_what_stands_there(source: str, tmp_path: Path, kind: LinkKind) -> None:
    (tmp_path / "there").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        make_link(kind, source, str(tmp_path / "there"))
    assert (tmp_path / "there").read_bytes() == b"mine"


def refusing(number: int, made: list[str]) -> object:
    def refuse(source: str, target: str) -> None:
        made.append(target)
        raise OSError(number, os.strerror(number), source)

    return refuse


def test_the_next_kind_is_tried_where_the_disk_cannot_and_the_first_is_not_asked_again(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setitem(links._MAKERS, LinkKind.HARDLINK, refusing(errno.EXDEV, asked))
    linker = Linker([LinkKind.HARDLINK, LinkKind.COPY])
    assert linker.link(source, str(tmp_path / "1")) is LinkKind.COPY
    assert linker.link(source, str(tmp_path / "2")) is LinkKind.COPY
    assert len(asked) == 1
    assert (tmp_path / "2").read_bytes() == b"content"


def test_a_file_with_as_many_names_as_the_disk_allows_is_copied_and_the_next_is_linked(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linker = Linker([LinkKind.HARDLINK])
    with monkeypatch.context() as patch:
        patch.setitem(links._MAKERS, LinkKind.HARDLINK, refusing(errno.EMLINK, []))
        assert linker.link(source, str(tmp_path / "1")) is LinkKind.COPY
    assert linker.link(source, str(tmp_path / "2")) is LinkKind.HARDLINK


def test_a_full_disk_is_no_reason_to_try_another_kind(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(links._MAKERS, LinkKind.REFLINK, refusing(errno.ENOSPC, []))
    with pytest.raises(OSError, match="No space"):
        Linker(DEFAULT_KINDS).link(source, str(tmp_path / "1"))


def test_where_no_kind_can_be_made_the_error_names_the_setting(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(links._MAKERS, LinkKind.HARDLINK, refusing(errno.EXDEV, []))
    with pytest.raises(NotSupported, match=r"cache\.type"):
        Linker([LinkKind.HARDLINK]).link(source, str(tmp_path / "1"))


def test_a_copy_that_fails_half_way_leaves_nothing(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int, writing: int) -> None:
        os.write(writing, b"con")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(links, "copy_bytes", fail)
    with pytest.raises(OSError, match="No space"):
        make_link(LinkKind.COPY, source, str(tmp_path / "half"))
    assert not (tmp_path / "half").exists()
