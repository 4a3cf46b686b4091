"""Writing a small file so that it is never seen half: into a new one beside it, which then takes its name."""

from __future__ import annotations

import contextlib
import errno
import os
import stat

from treering.core.errors import NotFound, PermissionDenied, StorageFull, TreeringError

__all__ = ["write_whole"]

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}


def write_whole(file: str | os.PathLike[str], data: bytes) -> None:
    """Replace a file, or make it; what a symbolic link points at is replaced, not the link. Its mode stays.

    Raises:
        StorageFull: If the disk is full; the old file stands as it was. So with the following.
        PermissionDenied: If the folder may not be written.
        NotFound: If there is no such folder.
    """
    path = os.path.realpath(file)
    folder, name = os.path.split(path)
    # The module tempfile takes longer to load than this takes to run.
    part = os.path.join(folder, f".{name[:64]}.{os.urandom(8).hex()}.part")
    try:
        with open(part, "xb") as opened:
            opened.write(data)
        _keep_mode(path, part)
        os.replace(part, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise _failed(path, error) from error


def _keep_mode(path: str, part: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.chmod(part, stat.S_IMODE(os.stat(path).st_mode))


def _failed(path: str, error: OSError) -> TreeringError | OSError:
    if error.errno in _FULL:
        msg = f"No space is left to write {path!r}; nothing was changed. Free some space and try again."
        return StorageFull(msg)
    if error.errno in _REFUSED:
        msg = f"{path!r} may not be written: {error.strerror}. Change the permissions of its folder."
        return PermissionDenied(msg)
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        msg = f"{path!r} cannot be written, because its folder does not exist. Make the folder first."
        return NotFound(msg)
    return error
