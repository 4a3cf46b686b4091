"""A Linux of which nothing but this Python can run: a base for images, made in a second and without a network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

_LIBRARY = re.compile(r"(?:=> )?(/\S+) \(0x")
# What packages with compiled parts need beside what Python itself does.
_MORE = ("libstdc++.so.6", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1")
_LEFT_OUT = ("__pycache__", "test", "tests", "site-packages", "idlelib", "tkinter", "ensurepip", "config-*", "*.a")


def make_root(folder: Path) -> Path:
    """A root file system with `/usr/local/bin/python3`."""
    program = Path(os.path.realpath(sys.executable))
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (folder / "usr/local/bin").mkdir(parents=True)
    shutil.copyfile(program, folder / "usr/local/bin" / version)
    (folder / "usr/local/bin" / version).chmod(0o755)
    (folder / "usr/local/bin/python3").symlink_to(version)
    library = Path(sysconfig.get_path("stdlib"))
    shutil.copytree(
        library, folder / "usr/local/lib" / version, ignore=shutil.ignore_patterns(*_LEFT_OUT), symlinks=False
    )
    for place in _libraries([program, *(library / "lib-dynload").glob("*.so")]):
        goal = folder / place.lstrip("/")
        if not goal.exists():
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(os.path.realpath(place), goal)
            goal.chmod(0o755)
    for name in ("tmp", "proc", "dev", "etc", "bin"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "tmp").chmod(0o1777)
    (folder / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nserving:x:10001:10001::/tmp:/bin/sh\n")
    (folder / "etc/hosts").write_text("127.0.0.1 localhost\n")
    return folder


def _libraries(programs: Iterable[Path]) -> set[str]:
    said = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True, check=False).stdout
    found = set(_LIBRARY.findall(said))
    homes = {Path(one).parent for one in found}
    return found | {str(home / name) for home in homes for name in _MORE if (home / name).exists()}
