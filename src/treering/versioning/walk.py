"""What lies in a folder now: one row for each file, in the order in which a list of files has them.

The rows are columns, because there may be a million of them. Symbolic links to
files are followed; those to folders are passed over, as DVC does.
"""

from __future__ import annotations

import errno
import os
import stat
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from treering.core.errors import InvalidInput, NotFound, PermissionDenied
from treering.versioning.errors import RulesInside

__all__ = ["IGNORE_FILE", "Entries", "Lister", "Rows", "list_all", "scan"]

IGNORE_FILE = ".dvcignore"

Entries = tuple[list[os.DirEntry[str]], list[os.DirEntry[str]]]
"""What lies directly in a folder: folders, and the rest."""

Lister = Callable[[str, str], Entries | None]
"""Takes a folder's path, and the same relative to what the lister knows; gives what counts in it, None if nothing does."""


@dataclass(slots=True)
class Rows:
    """The files of a folder, sorted by path; all columns are equally long.

    Attributes:
        paths: Relative to the folder, with `/`.
        mtimes: In nanoseconds.
        links: The numbers of the rows that are symbolic links; the other columns are of what they lead to.
        shared: The numbers of the rows whose files have other names, too.
        folder_links: Paths of symbolic links to folders, which were passed over.
    """

    paths: list[str] = field(default_factory=list)
    mtimes: array[int] = field(default_factory=lambda: array("q"))
    inodes: array[int] = field(default_factory=lambda: array("Q"))
    sizes: array[int] = field(default_factory=lambda: array("q"))
    links: set[int] = field(default_factory=set)
    shared: set[int] = field(default_factory=set)
    folder_links: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.paths)

    def names(self) -> bytes:
        """All paths as one text.

        Raises:
            InvalidInput: If a name is no UTF-8, which no list of files can hold.
        """
        try:
            return "\0".join(self.paths).encode()
        except UnicodeEncodeError as error:
            bad = next(path for path in self.paths if not _is_text(path))
            msg = (
                f"The name of the file {os.fsencode(bad)!r} is no UTF-8, so it cannot be tracked. Rename or ignore it."
            )
            raise InvalidInput(msg) from error


def scan(root: str, lister: Lister | None = None, folder: str = "") -> Rows:
    """Find all files below a folder.

    Args:
        lister: Passes over what `.dvcignore` says.
        folder: What the lister calls the root.

    Raises:
        NotFound: If a symbolic link leads nowhere.
        InvalidInput: If a `.dvcignore` lies in it, or what is neither file nor folder, as a pipe.
    """
    lister = lister or list_all
    rows = Rows()
    top = f"{folder}/" if folder else ""
    frames = [(_sorted(rows, _listed(lister, root, folder), ""), "")]
    put_path, put_mtime = rows.paths.append, rows.mtimes.append
    put_inode, put_size = rows.inodes.append, rows.sizes.append
    while frames:
        entries, prefix = frames[-1]
        for name, entry in entries:
            if name[-1] == "/":
                inner = prefix + name
                frames.append((_sorted(rows, _listed(lister, entry.path, top + inner[:-1]), inner), inner))
                break
            try:
                found = entry.stat()
            except OSError as error:
                # Somebody removed it since the folder was read; a link that leads nowhere is the user's mistake.
                if error.errno not in (errno.ENOENT, errno.ELOOP):
                    raise
                _refuse_broken_link(entry)
                continue
            if found.st_mode & 0o170000 != stat.S_IFREG:
                msg = f"{entry.path!r} is neither a file nor a folder, so it cannot be tracked. Remove it, or name it in {IGNORE_FILE}."
                raise InvalidInput(msg)
            if entry.is_symlink():
                rows.links.add(len(rows.paths))
            if found.st_nlink != 1:
                rows.shared.add(len(rows.paths))
            put_path(prefix + name)
            put_mtime(found.st_mtime_ns)
            put_inode(found.st_ino)
            put_size(found.st_size)
        else:
            frames.pop()
    return rows


def list_all(path: str, _folder: str) -> Entries | None:
    """List a folder as it is; None if it is gone."""
    folders: list[os.DirEntry[str]] = []
    files: list[os.DirEntry[str]] = []
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                (folders if entry.is_dir() else files).append(entry)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as error:
        msg = f"The folder {path!r} may not be read: {error.strerror}. Change its permissions, or ignore it."
        raise PermissionDenied(msg) from error
    return folders, files


def _listed(lister: Lister, path: str, folder: str) -> Entries | None:
    try:
        return lister(path, folder)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        msg = f"A symbolic link in {path!r} leads to itself, which does not exist. Remove or repair it."
        raise NotFound(msg) from error


def _sorted(rows: Rows, entries: Entries | None, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """What lies directly in a folder, sorted as paths are: behind a folder's name there is always a `/`."""
    if entries is None:
        return iter(())
    folders, files = entries
    found = [(entry.name, entry) for entry in files]
    for entry in folders:
        if entry.is_symlink():
            rows.folder_links.append(prefix + entry.name)
        else:
            found.append((entry.name + "/", entry))
    found.sort()
    for name, entry in found:
        if name >= IGNORE_FILE:
            if name == IGNORE_FILE:
                msg = f"{entry.path!r} lies in a tracked folder, where it has no effect. Move it above the folder."
                raise RulesInside(msg)
            break
    return iter(found)


def _refuse_broken_link(entry: os.DirEntry[str]) -> None:
    if entry.is_symlink() and os.path.lexists(entry.path):
        msg = f"The symbolic link {entry.path!r} leads to {os.readlink(entry.path)!r}, which does not exist. Remove or repair it."
        raise NotFound(msg)


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
