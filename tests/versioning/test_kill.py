"""A command may be killed at any moment: what was good stays, and the next command carries on."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from treering.storage.content.oid import Oid
from treering.versioning.add import add
from treering.versioning.checkout import checkout
from treering.versioning.pointers import read_pointer, write_pointer
from treering.versioning.repository import Repository
from treering.versioning.status import status

ROUNDS = 10
COUNT = 150

# Says "go", and goes on doing the same until it is killed.
ADDING = """
import os, sys
from pathlib import Path
from treering.versioning.add import add
from treering.versioning.repository import Repository
root, kinds = Path(sys.argv[1]), sys.argv[2]
os.chdir(root)
print("go", flush=True)
while True:
    add(Repository(root, dict(os.environ), {"cache": {"type": [kinds]}}), ["data"])
"""
CHECKING_OUT = """
import os, sys
from pathlib import Path
from treering.versioning.checkout import checkout
from treering.versioning.repository import Repository
root, kinds = Path(sys.argv[1]), sys.argv[2]
os.chdir(root)
versions = [(root / name).read_bytes() for name in ("first", "second")]
print("go", flush=True)
while True:
    for version in versions:
        (root / "data.dvc.part").write_bytes(version)
        (root / "data.dvc.part").replace(root / "data.dvc")
        checkout(Repository(root, dict(os.environ), {"cache": {"type": [kinds]}}), ["data"])
"""


def killed(program: str, root: Path, kinds: str, environ: Mapping[str, str], after: float) -> None:
    """Run the program and kill it some moments after it began."""
    variables = {**environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", program, str(root), kinds], env=variables, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"go\n"
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL


def content(version: int, number: int) -> bytes:
    if number == 0:
        return b"%d" % version * 2_000_000
    # Some files are the same in all versions.
    return b"the same %d" % number if number % 3 == 0 else b"version %d of %d" % (version, number)


def make(root: Path, version: int) -> None:
    for number in range(COUNT):
        path = root / "data" / f"d{number % 5}" / str(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Where files are links into the cache, they are not written to, but replaced.
        path.unlink(missing_ok=True)
        path.write_bytes(content(version, number))


def good_objects(repo: Repository) -> set[Oid]:
    """All objects that are relied on; each of them is whole."""
    found = set()
    for oid, _, _ in repo.cache.walk():
        path = repo.cache.path(oid)
        if stat.S_IMODE(path.stat().st_mode) == 0o444:
            assert hashlib.md5(path.read_bytes()).hexdigest() == oid.value.removesuffix(".dir"), oid
            found.add(oid)
    return found


def next_command(repo: Repository, kinds: str) -> Repository:
    return Repository(repo.root, repo.environ, {"cache": {"type": [kinds]}})


@pytest.mark.parametrize("kinds", ["copy", "hardlink"])
def test_adding(repo: Repository, kinds: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.root)
    moments = random.Random(11)
    objects: set[Oid] = set()
    for version in range(ROUNDS):
        make(repo.root, version)
        killed(ADDING, repo.root, kinds, repo.environ, moments.uniform(0, 0.15))
        now = good_objects(repo)
        assert objects <= now
        for number in range(COUNT):
            assert (repo.root / "data" / f"d{number % 5}" / str(number)).read_bytes() == content(version, number)
        if version % 2:
            add(next_command(repo, kinds), ["data"])
            assert status(next_command(repo, kinds)) == {}
        objects = good_objects(repo)
    assert sorted(path.name for path in repo.root.iterdir() if not path.name.startswith(".")) == ["data", "data.dvc"]


@pytest.mark.parametrize("kinds", ["copy", "hardlink", "symlink"])
def test_checking_out(repo: Repository, kinds: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.root)
    pointers = []
    for version, name in ((1, "first"), (2, "second")):
        make(repo.root, version)
        (repo.root / "data" / name).write_text(name)
        add(next_command(repo, kinds), ["data"])
        (repo.root / "data" / name).unlink()
        pointers.append(read_pointer(repo.root / "data.dvc"))
        (repo.root / name).write_bytes((repo.root / "data.dvc").read_bytes())
    (repo.root / "data" / "second").write_text("second")
    objects = good_objects(repo)
    moments = random.Random(12)
    for _ in range(ROUNDS):
        killed(CHECKING_OUT, repo.root, kinds, repo.environ, moments.uniform(0, 0.15))
        assert good_objects(repo) == objects
        for path in (repo.root / "data").rglob("*"):
            if path.is_file() and path.name.isdigit():
                assert path.read_bytes() in (content(1, int(path.name)), content(2, int(path.name)))
            else:
                assert path.is_dir() or path.name in ("first", "second")
        # Nothing was lost, so nothing has to be forced.
        for pointer, version in zip(pointers, (1, 2), strict=True):
            write_pointer(pointer)
            checkout(next_command(repo, kinds), ["data"])
            assert status(next_command(repo, kinds)) == {}
            names = {str(number) for number in range(COUNT)} | {("first", "second")[version - 1]}
            assert {path.name for path in (repo.root / "data").rglob("*") if path.is_file()} == names
    assert not list((repo.our_tmp / "stage").iterdir())
