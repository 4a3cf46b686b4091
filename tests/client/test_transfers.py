"""Folders and large files between a disk and a real server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest

from treering.assembly import Services
from treering.client.connect import connect
from treering.client.transfers import download_tree, upload_tree
from treering.core.errors import DamagedData, InvalidInput
from treering.core.settings import Settings
from treering.entities.artifact import FileInfo
from treering.storage.objects.file import FileStore
from treering.wire.native.frames import END, frame, frames

MIB = 1 << 20
ROOT = "mlflow-artifacts:/transfers"


@pytest.fixture(scope="module")
def far(start_server: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("far")
    services = connect(Settings(tracking_uri=start_server(folder / "home", "").url), folder)
    yield services
    services.close()


def test_a_folder_goes_there_and_comes_back(far: Services, tmp_path: Path) -> None:
    sent = tmp_path / "sent"
    sizes = {f"sub {number % 3}/{number}#?.bin": number * 100 for number in range(50)} | {"large": 3 * MIB + 1}
    for name, size in sizes.items():
        (sent / name).parent.mkdir(parents=True, exist_ok=True)
        (sent / name).write_bytes(os.urandom(size))
    assert upload_tree(far.open_artifacts(ROOT), sent, "folder") == 51
    got = download_tree(far, f"{ROOT}/folder", tmp_path / "got")
    assert {path.relative_to(got).as_posix() for path in got.rglob("*") if path.is_file()} == set(sizes)
    assert all((got / name).read_bytes() == (sent / name).read_bytes() for name in sizes)


def test_a_fetch_that_was_cut_off_goes_on(far: Services, tmp_path: Path) -> None:
    data = os.urandom(3 * MIB)
    far.open_artifacts(ROOT).write("cut.bin", [data])
    part = tmp_path / ".cut.bin.treering-part"
    part.write_bytes(data[:MIB])
    assert download_tree(far, f"{ROOT}/cut.bin", tmp_path).read_bytes() == data
    assert not part.exists()


def test_a_beginning_of_another_file_is_found_out(far: Services, tmp_path: Path) -> None:
    far.open_artifacts(ROOT).write("other.bin", [os.urandom(2 * MIB)])
    part = tmp_path / ".other.bin.treering-part"
    part.write_bytes(b"x" * MIB)
    with pytest.raises(DamagedData, match=r"other\.bin"):
        download_tree(far, f"{ROOT}/other.bin", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_frames_find_damage() -> None:
    body = frame("a", b"12345") + frame("b", b"") + END
    assert list(frames([body[:7], body[7:]], 10)) == [("a", b"12345"), ("b", b"")]
    with pytest.raises(DamagedData, match="damaged"):
        list(frames([body.replace(b"12345", b"12346")], 10))
    with pytest.raises(DamagedData, match="broke off"):
        list(frames([body[:-4]], 10))


class Hostile(FileStore):
    """A store that gives files names that nobody asked for."""

    names: ClassVar[list[str]] = []

    def walk(self, prefix: str = "") -> Iterator[FileInfo]:  # noqa: ARG002  # as the one that it replaces
        return iter([FileInfo(name, False, 1) for name in self.names])

    def stat(self, key: str) -> FileInfo:
        return FileInfo(key, is_dir=True)

    def read_many(self, keys: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        return iter([("../../outside", b"x") for _ in keys])

    def write_many(self, files: Iterable[tuple[str, bytes]]) -> int:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("names", "error"), [(["../../outside"], InvalidInput), (["/outside"], InvalidInput), (["a", "b"], DamagedData)]
)
def test_no_name_leads_out_of_the_folder(names: list[str], error: type[Exception], tmp_path: Path) -> None:
    store = Hostile((tmp_path / "store").as_uri())
    store.names = names
    services = SimpleNamespace(open_artifacts=lambda _: store)
    into = tmp_path / "one" / "two"
    into.mkdir(parents=True)
    with pytest.raises(error):
        download_tree(cast("Services", services), "mlflow-artifacts:/transfers/folder", into)
    assert not [path for path in tmp_path.rglob("*") if "outside" in path.name]
