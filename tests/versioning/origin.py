"""Another project to look into and import from, for tests: with data, a remote, code and a pointer below a folder."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from treering.storage.content.manifest import Manifest
from treering.storage.content.oid import Oid
from treering.versioning.gitignore import GitIgnores
from treering.versioning.pointers import Output, Pointer, write_pointer
from treering.versioning.repository import Repository, find_repository

FILES = {"a": b"a\n", "sub/b": b"bb\n", "sub/deep/c": b"ccc\n"}


@dataclass(frozen=True)
class Origin:
    """A repository under Git whose tracked data is in its cache, and by `push` in its remote."""

    root: Path
    environ: Mapping[str, str]

    @property
    def repo(self) -> Repository:
        return find_repository(self.root, self.environ)

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.root, env=self.environ, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, tag: str = "") -> str:
        self.git("add", "-A")
        self.git("commit", "-qm", "x", "--allow-empty")
        if tag:
            self.git("tag", tag)
        return self.git("rev-parse", "HEAD")

    def track(self, path: str, content: bytes | Mapping[str, bytes], *, place: bool = True, **fields: object) -> Output:
        """Put content into the cache, into the working tree if it is to be there, and a pointer beside it."""
        repo, target = self.repo, self.root / path
        files = {"": content} if isinstance(content, bytes) else dict(content)
        oids = {name: repo.cache.put_bytes(data) for name, data in files.items()}
        oid, count = oids.get(""), None
        if oid is None:
            oid = repo.cache.put_manifest(Manifest.of((name, one.value) for name, one in oids.items()))
            count = len(files)
        for name, data in files.items() if place else ():
            file = target / name if name else target
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        target.parent.mkdir(parents=True, exist_ok=True)
        out = Output(target.name, oid, size=sum(map(len, files.values())), nfiles=count, **fields)  # type: ignore[arg-type]
        write_pointer(Pointer(Path(f"{target}.dvc"), (out,)))
        with GitIgnores(self.root) as ignores:
            ignores.ignore(target)
        return out

    def push(self) -> Path:
        """Copy the cache to a remote, and configure that one."""
        remote = self.root.parent / "store"
        (self.root / ".dvc" / "config").write_text(
            f"[core]\n    remote = store\n['remote \"store\"']\n    url = {remote}\n"
        )
        for oid, _, _ in self.repo.cache.walk():
            target = remote / "files" / "md5" / oid.value[:2] / oid.value[2:]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self.repo.cache.path(oid).read_bytes())
        return remote

    def forget(self) -> None:
        """Lose the cache."""
        for oid, _, _ in list(self.repo.cache.walk()):
            self.repo.cache.remove(oid)

    def damage(self, oid: Oid) -> None:
        """Change an object in the remote."""
        (self.root.parent / "store" / "files" / "md5" / oid.value[:2] / oid.value[2:]).write_bytes(b"damaged")


def make_origin(folder: Path, environ: Mapping[str, str]) -> Origin:
    """A new one with `data` (three files), `model.bin`, `code/x.py` and `tool.sh`, committed and pushed."""
    (folder / ".dvc").mkdir(parents=True)
    (folder / ".dvc" / "config").touch()
    (folder / ".dvc" / ".gitignore").write_text("/config.local\n/tmp\n/cache\n")
    origin = Origin(folder, {**os.environ, **environ})
    origin.git("init", "-q", "--initial-branch=main")
    origin.track("data", FILES)
    origin.track("model.bin", b"model\n")
    (folder / "code").mkdir()
    (folder / "code" / "x.py").write_text("print()\n")
    (folder / "tool.sh").write_text("#!/bin/sh\n")
    (folder / "tool.sh").chmod(0o755)
    origin.push()
    origin.commit("v1")
    return origin
