"""Objects by their content's name, in DVC's layout, in a folder of this machine's disk.

An object is written beside the others under another name and moved to its own when
it is whole, so that a program which dies half-way leaves no half object. One with
the permissions 0444 was checked when it got them and is trusted; any other is
hashed before it is used, and put aside, not deleted, when it is not what its name says.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from treering.core.errors import DamagedData, NotFound, PermissionDenied, StorageFull, TreeringError
from treering.storage.content.hashing import Hasher, copy_hashing, hash_bytes, hash_file, write_whole
from treering.storage.content.layout import OBJECTS, object_key
from treering.storage.content.links import DEFAULT_KINDS, LinkKind, clone
from treering.storage.content.manifest import Manifest, load_manifest, manifest_chunks
from treering.storage.content.oid import DIR_SUFFIX, EMPTY_FILE, Oid

__all__ = ["GROUP_FOLDER", "PROTECTED", "Cache", "failed_write", "writing"]

PROTECTED = 0o444
"""The permissions of an object that was checked."""

GROUP_FOLDER = 0o2775
"""The permissions of a folder that everybody in its group may write into."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
# Neither name has two letters, so no program that looks for objects takes them for a prefix.
_STAGING = ".treering-new"
_ASIDE = ".treering-damaged"
_PREFIX = 2
_FORGOTTEN = 24 * 3600.0
# Above this share of a cache, listing its folders is cheaper than asking for one object after the other.
_LISTING_SHARE = 8


class Cache:
    """A folder of objects, which need not exist before the first write. It may be used by several threads.

    Args:
        root: The folder, as `cache.dir`.
        kinds: How files of the workspace are made of objects, in the order of preference.
        shared: Whether everybody in the folder's group may write into it (`cache.shared = group`).
    """

    def __init__(self, root: Path, *, kinds: Sequence[LinkKind] = DEFAULT_KINDS, shared: bool = False) -> None:
        self.root = root
        self.kinds = tuple(kinds)
        self.shared = shared
        self._objects = os.path.join(root, *OBJECTS.split("/")) + os.sep
        self._staging = self._objects + _STAGING + os.sep
        self._own = os.urandom(6).hex()
        # Threads may ask for the next one at the same time.
        self._numbers = count(1)
        self._made: set[str] = set()
        # None until it is known whether the process may make files with just the permissions it asks for.
        self._masked: bool | None = None

    def path(self, oid: Oid) -> Path:
        """Where the object lies, or would lie."""
        return Path(self.file_name(oid))

    def file_name(self, oid: Oid) -> str:
        """As `path`, as text, for those who ask for thousands.

        Raises:
            InvalidInput: If the name is no MD5.
        """
        return os.path.join(self.root, *object_key(oid).split("/"))

    def name_of(self, digest: str) -> str:
        """Where the object of a plain file lies, whose MD5 is known to be one: it is not looked at again."""
        return f"{self._objects}{digest[:2]}{os.sep}{digest[2:]}"

    def has(self, oid: Oid) -> bool:
        """Whether there is such an object; whether it is sound is another question."""
        return os.access(self.file_name(oid), os.F_OK)

    def has_many(self, oids: Collection[Oid]) -> set[Oid]:
        """Those of the objects that are there."""
        groups: dict[str, list[Oid]] = {}
        for oid in oids:
            groups.setdefault(os.path.dirname(self.file_name(oid)), []).append(oid)
        found: set[Oid] = set()
        listing = len(oids) >= len(groups) * 2
        for folder, group in groups.items():
            if not listing:
                found.update(oid for oid in group if self.has(oid))
                continue
            there = _names(folder)
            found.update(oid for oid in group if oid.value[2:] in there)
            # A folder tells how full the others are: names are spread evenly.
            listing = len(there) <= len(group) * _LISTING_SHARE
        return found

    def missing(self, manifest: Manifest, *, legacy: bool = False) -> list[int]:
        """The numbers of those rows whose objects are not here."""
        rows: dict[str, list[int]] = {}
        for at, (_, digest) in enumerate(manifest):
            rows.setdefault(digest[:2], []).append(at)
        digests = manifest.digests
        found: list[int] = []
        listing = len(manifest) >= len(rows) * 2
        for prefix, group in rows.items():
            folder = os.path.join(self.root, prefix) if legacy else self._objects + prefix
            there = _names(folder) if listing else None
            for at in group:
                name = digests[at * 16 + 1 : at * 16 + 16].hex()
                if name not in there if there is not None else not os.access(f"{folder}{os.sep}{name}", os.F_OK):
                    found.append(at)
            listing = listing and there is not None and len(there) <= len(group) * _LISTING_SHARE
        return sorted(found)

    def state(self) -> tuple[str, int]:
        """What changes when an object comes or goes: a digest of the times of its folders, and the newest of those.

        Looking at a few hundred folders tells that nothing happened to a million objects.
        """
        folders = sorted((entry.name, entry.stat()) for entry in _entries(self._objects) if len(entry.name) == _PREFIX)
        told = "".join(f"{name}{found.st_ino}.{found.st_mtime_ns}/" for name, found in folders)
        return hash_bytes(told.encode()), max((found.st_mtime_ns for _, found in folders), default=0)

    def put_bytes(self, data: bytes, suffix: str = "") -> Oid:
        """Store some bytes.

        Args:
            suffix: ".dir" for the list of a folder's files.
        """
        oid = Oid(hash_bytes(data) + suffix)
        self.put_known(data, oid.value)
        return oid

    def put_known(self, data: bytes, value: str) -> bool:
        """Store bytes whose name was computed from them just now; False if they were there.

        Raises:
            StorageFull: If there is no room; nothing is left then.
        """
        name = self.name_of(value)
        if os.access(name, os.F_OK) and self.is_sound(Oid(value)):
            return False
        staged = self.staging()
        try:
            self.write_staged(staged, data)
            self._settle(staged, name)
        except OSError as error:
            with suppress(OSError):
                os.unlink(staged)
            raise failed_write(error, name) from error
        return True

    def write_staged(self, staged: str, data: bytes) -> None:
        """Write a new, protected file, which is to become an object. Raises OSError, and may leave a part of it then."""
        descriptor = os.open(staged, _NEW, PROTECTED)
        try:
            if os.write(descriptor, data) != len(data):
                os.lseek(descriptor, 0, os.SEEK_SET)
                write_whole(descriptor, data)
            if self._masked is not False:
                self._protect(descriptor, staged)
        finally:
            os.close(descriptor)

    def take_link(self, path: str, value: str, before: os.stat_result) -> bool:
        """Make an object of a user's own file, without a copy: afterwards both are one, and write-protected.

        Args:
            value: What the file contains, which was found out just now.
            before: What it looked like before that; it was changed meanwhile if it looks different now.

        Returns:
            False where that cannot be, or the file is not the user's alone; it is to be copied then.
        """
        name = self.name_of(value)
        if os.access(name, os.F_OK) and self.is_sound(Oid(value)):
            return True
        if before.st_nlink != 1 or os.path.islink(path):
            return False
        staged = self.staging()
        try:
            os.link(path, staged)
            os.chmod(staged, PROTECTED)
            now = os.stat(staged)
            if _likeness(now) != _likeness(before):
                os.chmod(staged, stat.S_IMODE(before.st_mode))
                os.unlink(staged)
                return False
            self._settle(staged, name)
        except OSError:
            with suppress(OSError):
                os.unlink(staged)
            return False
        return True

    def put_file(self, path: str | os.PathLike[str], oid: Oid | None = None) -> Oid:
        """Store a file's bytes, which are read once: they are hashed while they are copied.

        Args:
            oid: What it contains, as far as is known; where the object is there already, nothing is read.

        Returns:
            What it contained.

        Raises:
            OSError: If the file cannot be read.
            StorageFull: If there is no room; nothing is left then.
        """
        if oid is not None and not oid.legacy and self.is_sound(oid):
            return oid
        staged = self.staging()
        reading = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            with writing(os.fspath(path), staged):
                return self._take(reading, staged)
        finally:
            os.close(reading)

    def _take(self, reading: int, staged: str) -> Oid:
        descriptor = os.open(staged, _NEW, 0o600)
        try:
            if LinkKind.REFLINK in self.kinds and clone(reading, descriptor):
                digest = hash_file(staged)
            else:
                digest = copy_hashing(reading, descriptor).digest
            if any(kind.is_shared for kind in self.kinds):
                # The workspace's copy is about to become a link to this one.
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self.adopt(staged, Oid(digest))
        return Oid(digest)

    def put_manifest(self, manifest: Manifest) -> Oid:
        """Store the list of a folder's files. Its files are to be stored before it: who finds the list relies on them."""
        hasher = Hasher()
        staged = self.staging()
        with writing("a list of files", staged):
            descriptor = os.open(staged, _NEW, 0o600)
            try:
                for chunk in manifest_chunks(manifest):
                    hasher.update(chunk)
                    write_whole(descriptor, chunk)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            oid = Oid(hasher.hexdigest() + DIR_SUFFIX)
            self.adopt(staged, oid)
        return oid

    def staging(self) -> str:
        """A name for a file that is to become an object; on the cache's disk, and this process's own."""
        number = next(self._numbers)
        if self._staging not in self._made:
            self._folder(self._staging)
            self.clear_leftovers()
        return f"{self._staging}{self._own}-{number}"

    def adopt(self, staged: str, oid: Oid, *, verify: bool = False) -> None:
        """Make an object of a whole file that was written under a name from `staging`.

        Args:
            verify: Whether its bytes are still to be compared with its name.

        Raises:
            DamagedData: If they are others; the file is gone then.
        """
        if verify and (found := hash_file(staged, legacy=oid.legacy)) != oid.value.removesuffix(DIR_SUFFIX):
            os.unlink(staged)
            msg = f"{oid.value} came with other bytes than its name says (they are {found}). Fetch it again, or from elsewhere."
            raise DamagedData(msg)
        name = self.file_name(oid)
        with writing(name, staged):
            if os.access(name, os.F_OK) and self.is_sound(oid):
                os.unlink(staged)
                return
            os.chmod(staged, PROTECTED)
            self._settle(staged, name)

    def is_sound(self, oid: Oid) -> bool:
        """Whether there is the object, and it can be relied on.

        One that is not write-protected is hashed; it is protected then, or put aside.
        """
        name = self.file_name(oid)
        try:
            found = os.stat(name)
        except (FileNotFoundError, NotADirectoryError):
            return False
        # A power cut may leave an empty file where one was just made.
        empty = found.st_size == 0 and oid.value != EMPTY_FILE
        if stat.S_IMODE(found.st_mode) == PROTECTED and not empty:
            return True
        return self.verify(oid)

    def verify(self, oid: Oid) -> bool:
        """Hash an object, whatever its permissions; False if it is missing, or is not what its name says.

        A good one is write-protected afterwards. A damaged one is put aside, where it is in nobody's way.
        """
        name = self.file_name(oid)
        try:
            found = hash_file(name, legacy=oid.legacy)
        except (FileNotFoundError, NotADirectoryError):
            return False
        if found != oid.value.removesuffix(DIR_SUFFIX):
            self._put_aside(name, oid)
            return False
        if stat.S_IMODE(os.stat(name).st_mode) != PROTECTED:
            # An object of another user's in a shared cache keeps its permissions.
            with suppress(PermissionError):
                os.chmod(name, PROTECTED)
        return True

    def read_bytes(self, oid: Oid) -> bytes:
        """An object's bytes, compared with its name.

        Raises:
            NotFound: If it is not here.
            DamagedData: If it is not what its name says; it was put aside then.
        """
        try:
            with open(self.file_name(oid), "rb") as file:
                data = file.read()
        except (FileNotFoundError, NotADirectoryError) as error:
            msg = f"There is no object {oid.value} in the cache {self.root}. Fetch it from a remote."
            raise NotFound(msg) from error
        if hash_bytes(data, legacy=oid.legacy) != oid.value.removesuffix(DIR_SUFFIX):
            self._put_aside(self.file_name(oid), oid)
            msg = f"The object {oid.value} in the cache {self.root} was damaged, and was put aside. Fetch it from a remote."
            raise DamagedData(msg)
        return data

    def read_manifest(self, oid: Oid) -> Manifest:
        """The list of a folder's files. Raises as `read_bytes`."""
        return load_manifest(self.read_bytes(oid), oid.value)

    def remove(self, oid: Oid) -> bool:
        """Delete an object; False if it was not there."""
        try:
            os.unlink(self.file_name(oid))
        except FileNotFoundError:
            return False
        return True

    def walk(self) -> Iterator[tuple[Oid, int, float]]:
        """All objects, with size in bytes and time of change in seconds; those of DVC 2 last."""
        for folder, legacy in ((self._objects, False), (os.fspath(self.root), True)):
            for prefix in _entries(folder):
                if len(prefix.name) == _PREFIX and prefix.is_dir():
                    yield from _objects_in(prefix, legacy=legacy)

    def put_aside(self) -> set[str]:
        """The names of objects that were damaged, and are kept apart."""
        return {name.rpartition("-")[0] for name in _names(self._objects + _ASIDE)}

    def clear_leftovers(self) -> int:
        """Remove what programs that died left half-written, a day after; returns how many bytes that was."""
        before = time.time() - _FORGOTTEN
        freed = 0
        for entry in _entries(self._staging):
            with suppress(FileNotFoundError):
                found = entry.stat()
                if found.st_mtime >= before:
                    continue
                if entry.is_dir():
                    freed += sum(inner.stat().st_size for inner in _entries(entry.path))
                    _remove_folder(entry.path)
                else:
                    os.unlink(entry.path)
                    freed += found.st_size
        return freed

    def _settle(self, staged: str, name: str) -> None:
        try:
            os.replace(staged, name)
        except FileNotFoundError:
            self._folder(os.path.dirname(name), again=True)
            os.replace(staged, name)

    def _protect(self, descriptor: int, staged: str) -> None:
        if self._masked is None:
            self._masked = stat.S_IMODE(os.fstat(descriptor).st_mode) != PROTECTED
        if self._masked:
            # Not all disks know permissions.
            with suppress(PermissionError):
                os.chmod(staged, PROTECTED)

    def _folder(self, name: str, *, again: bool = False) -> None:
        if name in self._made and not again:
            return
        missing = []
        while not os.path.isdir(name):
            missing.append(name)
            name = os.path.dirname(name.rstrip(os.sep)) or os.curdir
        for folder in reversed(missing):
            with suppress(FileExistsError):
                os.mkdir(folder)
                if self.shared:
                    os.chmod(folder, GROUP_FOLDER)
        self._made.update(missing[:1] or [name])

    def _put_aside(self, name: str, oid: Oid) -> None:
        folder = self._objects + _ASIDE
        self._folder(folder)
        with suppress(FileNotFoundError):
            os.replace(name, os.path.join(folder, f"{oid.value}-{self._own}"))


@contextmanager
def writing(what: str, staged: str) -> Iterator[None]:
    """Remove a half-written file when writing it fails, and say in Treering's words why it did."""
    try:
        yield
    except BaseException as error:
        with suppress(OSError):
            os.unlink(staged)
        if isinstance(error, OSError):
            raise failed_write(error, what) from error
        raise


def failed_write(error: OSError, what: str) -> OSError:
    """What to raise when `what` could not be written: an error of Treering's where the reason is known."""
    if isinstance(error, TreeringError):
        return error
    if error.errno in _FULL:
        return StorageFull(f"No room to write {what}: {error.strerror}. Free some space and run the command again.")
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        where = error.filename2 or error.filename or what
        return PermissionDenied(f"{where} may not be written: {error.strerror}. Change its permissions, or its disk.")
    return error


def _remove_folder(path: str) -> None:
    for inner in _entries(path):
        with suppress(FileNotFoundError):
            os.unlink(inner.path)
    os.rmdir(path)


def _likeness(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_mtime_ns, found.st_ino, found.st_size


def _objects_in(prefix: os.DirEntry[str], *, legacy: bool) -> Iterator[tuple[Oid, int, float]]:
    for entry in _entries(prefix.path):
        value = prefix.name + entry.name
        if len(value.removesuffix(DIR_SUFFIX)) == 32 and not entry.name.startswith("."):  # noqa: PLR2004 digits
            with suppress(FileNotFoundError):
                found = entry.stat()
                yield Oid(value, legacy), found.st_size, found.st_mtime


def _names(folder: str) -> set[str]:
    try:
        return set(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return set()


def _entries(folder: str | os.PathLike[str]) -> Iterable[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []
