"""What every artifact store must do: subclass `ObjectStoreSuite` and give it a `store` fixture."""

from __future__ import annotations

import contextlib
import hashlib
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from treering.core.errors import Conflict, InvalidInput, NotFound, TreeringError
from treering.storage.objects.base import CHUNK_SIZE, ObjectStore, Resumable

__all__ = ["ObjectStoreSuite", "ResumableSuite"]

_CLIMBING = ["../secret", "a/../../secret", "/etc/passwd", "a\\..\\b", "C:/x", "a\0b", ".."]


class ObjectStoreSuite:
    """The promises of `treering.storage.objects.base.ObjectStore`.

    A subclass provides a fixture `store`, a store that is empty for each test.
    """

    def test_what_was_written_is_read(self, store: ObjectStore) -> None:
        """Bytes come back as they went in, and their number is told."""
        data = b"tree\0ring" * 7
        assert store.write("a/b.bin", [data[:10], data[10:]]) == len(data)
        assert b"".join(store.read("a/b.bin")) == data

    def test_an_empty_file_is_a_file(self, store: ObjectStore) -> None:
        """No bytes are still something."""
        assert store.write("empty", []) == 0
        assert b"".join(store.read("empty")) == b""
        assert store.stat("empty").size == 0

    def test_a_part_is_read(self, store: ObjectStore) -> None:
        """Offset and length cut, also beyond the end."""
        store.write("x", [b"0123456789"])
        assert b"".join(store.read("x", 3)) == b"3456789"
        assert b"".join(store.read("x", 3, 4)) == b"3456"
        assert b"".join(store.read("x", 8, 100)) == b"89"
        assert b"".join(store.read("x", 50)) == b""
        assert b"".join(store.read("x", 3, 0)) == b""

    def test_large_files_come_in_chunks(self, store: ObjectStore) -> None:
        """No chunk is larger than `CHUNK_SIZE`."""
        block = bytes(range(256)) * 4096
        store.write("big", (block for _ in range(3)))
        sizes = []
        total = bytearray()
        for chunk in store.read("big"):
            sizes.append(len(chunk))
            total += chunk
        assert max(sizes) <= CHUNK_SIZE
        assert bytes(total) == block * 3

    def test_a_second_write_replaces(self, store: ObjectStore) -> None:
        """The last whole write wins."""
        store.write("x", [b"old, and longer"])
        store.write("x", [b"new"])
        assert b"".join(store.read("x")) == b"new"

    def test_a_write_that_fails_leaves_what_was(self, store: ObjectStore) -> None:
        """A source that raises half-way changes nothing and leaves nothing behind."""

        def torn() -> Iterator[bytes]:
            yield b"half"
            message = "the source broke"
            raise RuntimeError(message)

        store.write("kept", [b"before"])
        for key in ("kept", "fresh"):
            with pytest.raises(RuntimeError, match="the source broke"):
                store.write(key, torn())
        assert b"".join(store.read("kept")) == b"before"
        assert [info.path for info in store.list()] == ["kept"]

    def test_listing_shows_one_level(self, store: ObjectStore) -> None:
        """Folders and files, sorted, with paths from the root."""
        for key in ("b.txt", "a/x", "a/deep/y", "a/deep/z", "ab"):
            store.write(key, [b"12"])
        assert [(info.path, info.is_dir, info.size) for info in store.list()] == [
            ("a", True, None),
            ("ab", False, 2),
            ("b.txt", False, 2),
        ]
        assert [info.path for info in store.list("a")] == ["a/deep", "a/x"]
        assert [info.path for info in store.list("a/")] == ["a/deep", "a/x"]
        assert store.list("nowhere") == []
        assert store.list("b.txt") == []

    def test_walking_shows_all_files(self, store: ObjectStore) -> None:
        """At any depth, files only."""
        for key in ("b", "a/x", "a/deep/y"):
            store.write(key, [b"1"])
        assert sorted(info.path for info in store.walk()) == ["a/deep/y", "a/x", "b"]
        assert [info.path for info in store.walk("a/deep")] == ["a/deep/y"]
        assert list(store.walk("nowhere")) == []

    def test_stat_tells_files_from_folders(self, store: ObjectStore) -> None:
        """The root always exists."""
        store.write("a/x", [b"123"])
        assert store.stat("a/x").size == 3
        assert not store.stat("a/x").is_dir
        assert store.stat("a").is_dir
        assert store.stat("").is_dir

    def test_deleting_a_file_and_a_folder(self, store: ObjectStore) -> None:
        """The count is of files; nothing is left to list."""
        for key in ("a/x", "a/deep/y", "b"):
            store.write(key, [b"1"])
        assert store.delete("b") == 1
        assert store.delete("a") == 2
        assert store.list() == []

    def test_what_is_missing_is_named(self, store: ObjectStore) -> None:
        """Reading raises before the first chunk is asked for."""
        for act in (store.read, store.stat, store.delete):
            with pytest.raises(NotFound, match="nothing-here"):
                act("nothing-here")
        store.write("folder/x", [b"1"])
        with pytest.raises(NotFound):
            store.read("folder")

    def test_a_name_longer_than_a_disk_allows(self, store: ObjectStore) -> None:
        """It is stored or refused, and where it is refused it is not there."""
        name = "n" * 300
        store.write("short", [b"1"])
        try:
            store.write(name, [b"2"])
        except InvalidInput:
            for act in (store.read, store.stat, store.delete):
                with pytest.raises(NotFound):
                    act(name)
            assert store.list(name) == []
            assert [info.path for info in store.walk()] == ["short"]
        else:
            assert b"".join(store.read(name)) == b"2"

    @pytest.mark.parametrize("key", _CLIMBING)
    def test_paths_that_climb_are_refused(self, store: ObjectStore, key: str) -> None:
        """Whatever is asked."""
        for act in (store.read, store.stat, store.list, store.delete, store.local_path):
            with pytest.raises(InvalidInput, match="Invalid path"):
                act(key)
        with pytest.raises(InvalidInput, match="Invalid path"):
            store.write(key, [b"x"])

    def test_a_nameless_file_is_refused(self, store: ObjectStore) -> None:
        """The root is no file."""
        with pytest.raises(InvalidInput):
            store.write("", [b"x"])

    def test_a_file_is_no_folder(self, store: ObjectStore) -> None:
        """A file can't be both."""
        store.write("a", [b"x"])
        with pytest.raises(Conflict):
            store.write("a/b", [b"y"])
        store.write("c/d", [b"x"])
        with pytest.raises(Conflict):
            store.write("c", [b"y"])
        assert b"".join(store.read("a")) == b"x"

    @pytest.mark.parametrize("key", ["with space.txt", "ümläut/日本語.txt", "a#b?c=d%20e+f&g", "dots.../..hidden"])
    def test_odd_names_are_names(self, store: ObjectStore, key: str) -> None:
        """Names come back as they were given."""
        store.write(key, [b"1"])
        assert b"".join(store.read(key)) == b"1"
        assert [info.path for info in store.walk()] == [key]

    def test_many_threads_write_at_once(self, store: ObjectStore) -> None:
        """To different files and to one."""
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: store.write(f"many/{n}", [b"%d" % n]), range(40)))
            list(pool.map(lambda n: store.write("one", [bytes([n]) * 5000, bytes([n]) * 5000]), range(40)))
        assert len(list(store.walk("many"))) == 40
        assert len(set(b"".join(store.read("one")))) == 1


# The least that S3 takes for a part that is not the last.
_PIECE = 5 << 20
_IDENTITY = "0123456789abcdef0123456789abcdef"


class ResumableSuite(ObjectStoreSuite):
    """As `ObjectStoreSuite`, for a store that keeps the promises of `treering.storage.objects.base.Resumable`, too."""

    def test_pieces_become_a_file(self, store: ObjectStore) -> None:
        """In any order, and not before the end."""
        assert isinstance(store, Resumable)
        pieces = [bytes([number]) * (_PIECE if number < 3 else 7) for number in (1, 2, 3)]
        begun = store.resume("a/b c", _IDENTITY, _PIECE)
        assert not begun.tags
        tags = {number: store.put_piece("a/b c", begun.upload, number, [pieces[number]]) for number in (2, 0, 1)}
        assert list(store.walk()) == []
        assert store.list("a") == []
        store.settle("a/b c", begun.upload, 2 * _PIECE + 7, [tags[0], tags[1], tags[2]])
        assert b"".join(store.read("a/b c")) == b"".join(pieces)
        assert [info.path for info in store.walk()] == ["a/b c"]

    def test_what_has_come_is_told(self, store: ObjectStore) -> None:
        """To whoever asks, by the digest of the bytes; a piece that comes again replaces what was."""
        assert isinstance(store, Resumable)
        first = store.resume("x", _IDENTITY, _PIECE)
        tag = store.put_piece("x", first.upload, 0, [b"1" * _PIECE])
        found = store.resume("x", _IDENTITY, _PIECE)
        assert found.tags[0].partition(";")[0] == tag.partition(";")[0]
        kind, _, digest = tag.partition(";")[0].partition(":")
        ones = b"1" * _PIECE
        known = {"crc32": f"{zlib.crc32(ones):08x}", "md5": hashlib.md5(ones, usedforsecurity=False).hexdigest()}
        assert digest == known[kind]
        again = store.put_piece("x", found.upload, 0, [b"2" * 1000, b"2" * (_PIECE - 1000)])
        last = store.put_piece("x", found.upload, 1, [b"3"])
        store.settle("x", found.upload, _PIECE + 1, [again, last])
        assert b"".join(store.read("x")) == b"2" * _PIECE + b"3"
        assert not store.resume("x", _IDENTITY, _PIECE).tags

    def test_one_may_begin_anew(self, store: ObjectStore) -> None:
        """Then nothing of before counts."""
        assert isinstance(store, Resumable)
        first = store.resume("x", _IDENTITY, _PIECE)
        store.put_piece("x", first.upload, 0, [b"1" * _PIECE])
        anew = store.resume("x", _IDENTITY, _PIECE, fresh=True)
        assert not anew.tags
        tag = store.put_piece("x", anew.upload, 0, [b"short"])
        store.settle("x", anew.upload, 5, [tag])
        assert b"".join(store.read("x")) == b"short"

    def test_an_upload_that_was_ended_is_gone(self, store: ObjectStore) -> None:
        """Who sends the same file at the same time may be told so, and nothing is lost."""
        assert isinstance(store, Resumable)
        one = store.resume("x", _IDENTITY, _PIECE)
        tag = store.put_piece("x", one.upload, 0, [b"1"])
        store.settle("x", one.upload, 1, [tag])
        with contextlib.suppress(NotFound):
            store.settle("x", one.upload, 1, [tag])
        assert b"".join(store.read("x")) == b"1"

    @pytest.mark.parametrize("key", _CLIMBING)
    def test_pieces_do_not_climb(self, store: ObjectStore, key: str) -> None:
        """Nor does an upload's name."""
        assert isinstance(store, Resumable)
        with pytest.raises(InvalidInput, match="Invalid path"):
            store.resume(key, _IDENTITY, _PIECE)
        with pytest.raises(InvalidInput, match="Invalid path"):
            store.put_piece(key, "x", 0, [b"1"])
        with pytest.raises(InvalidInput, match="Invalid path"):
            store.settle(key, "x", 1, [])
        with pytest.raises(TreeringError):
            store.settle("x", f"../../{_IDENTITY}", 0, ["md5:x"])

    def test_pieces_do_not_make_a_file_a_folder(self, store: ObjectStore) -> None:
        """As with whole files."""
        assert isinstance(store, Resumable)
        store.write("a/b", [b"1"])
        with pytest.raises(Conflict):
            store.resume("a/b/c", _IDENTITY, _PIECE)
