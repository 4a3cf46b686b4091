"""Both local stores keep the promises of artifact stores."""

import errno
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from treering.core.errors import InvalidInput, StorageFull
from treering.storage.objects import STORES
from treering.storage.objects.base import ObjectStore
from treering.storage.objects.file import FileStore
from treering.testing.objects import ObjectStoreSuite, ResumableSuite


class TestFileStore(ResumableSuite):
    @pytest.fixture
    def store(self, tmp_path: Path) -> ObjectStore:
        return STORES.load("file")((tmp_path / "root folder").as_uri())

    def test_a_link_does_not_lead_out(self, store: FileStore, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("s")
        root = Path(store.local_path(""))
        root.mkdir()
        (root / "link").symlink_to(tmp_path)
        (root / "inner").mkdir()
        with pytest.raises(InvalidInput, match="link"):
            store.read("link/secret")
        with pytest.raises(InvalidInput, match="link"):
            store.write("link/planted", [b"x"])
        assert not (tmp_path / "planted").exists()

    def test_a_full_disk_is_named_and_leaves_nothing(self, store: FileStore) -> None:
        store.write("x", [b"old"])

        def chunks() -> Iterator[bytes]:
            yield b"new"
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with pytest.raises(StorageFull, match="No room to write 'x'"):
            store.write("x", chunks())
        assert b"".join(store.read("x")) == b"old"
        assert [path.name for path in store.local_path("").iterdir()] == ["x"]

    def test_the_bytes_lie_where_it_says(self, store: FileStore) -> None:
        store.write("a/b", [b"here"])
        assert store.local_path("a/b").read_bytes() == b"here"


class TestMemoryStore(ObjectStoreSuite):
    @pytest.fixture
    def store(self) -> ObjectStore:
        return STORES.load("memory")(f"memory://{uuid.uuid4().hex}/base")

    def test_two_stores_of_one_uri_share(self, store: ObjectStore) -> None:
        store.write("x", [b"1"])
        assert b"".join(STORES.load("memory")(store.uri).read("x")) == b"1"

    def test_another_base_sees_other_files(self, store: ObjectStore) -> None:
        store.write("x", [b"1"])
        outer = STORES.load("memory")(store.uri.removesuffix("/base"))
        assert [info.path for info in outer.walk()] == ["base/x"]
