"""Laboratories for tests beside real DVC: an empty repository, and one with data and a remote."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dvc_lab import Lab, laboratory
from emulators import FileServer, moto, openssh

TOOLS = ("dvc", "ours")
PLACES = ("local", pytest.param("s3", marks=pytest.mark.cloud), pytest.param("ssh", marks=pytest.mark.cloud))


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """What real DVC's `init` makes, committed; not to be changed."""
    lab = laboratory(tmp_path_factory.mktemp("blank"))
    lab.dvc("init", "--quiet")
    lab.commit("Begin")
    shutil.rmtree(lab.root / ".dvc" / "tmp")
    return lab


@pytest.fixture
def lab(blank: Lab, tmp_path: Path) -> Lab:
    """A repository of one's own, with nothing in it, on the branch main."""
    return blank.copied_to(tmp_path / "lab")


@pytest.fixture
def twin(blank: Lab, tmp_path: Path) -> Lab:
    """Another one, just like `lab`, for what is compared step by step."""
    return blank.copied_to(tmp_path / "two")


@pytest.fixture
def stocked(lab: Lab) -> Lab:
    """With files that are not added yet, a remote on this disk, and the folder `data` of files of many kinds."""
    lab.dvc("remote", "add", "-d", "store", str(lab.base / "store"))
    lab.commit("Configure")
    lab.write("data/a.txt", "one\n")
    lab.write("data/deep/er/b.bin", bytes(range(256)) * 5)
    lab.write("data/empty", b"")
    lab.write("model.pkl", "model\n")
    lab.write("sub/x.csv", "a,b\n1,2\n")
    return lab


@pytest.fixture(params=TOOLS)
def first(request: pytest.FixtureRequest) -> str:
    """One of the two tools; `other` is the other one."""
    tool: str = request.param
    return tool


@pytest.fixture
def other(first: str) -> str:
    """The tool that `first` is not."""
    return next(tool for tool in TOOLS if tool != first)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an S3 of nobody's."""
    with moto(tmp_path_factory.mktemp("s3")) as address:
        yield address


@pytest.fixture(scope="session")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileServer]:
    """A machine that answers over SFTP: this one."""
    with openssh(tmp_path_factory.mktemp("ssh")) as server:
        yield server


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> Callable[[Lab], Lab]:
    """Gives a repository the default remote `store`: on this disk, in S3, or on a machine reached by SSH.

    What comes back is the repository with the variables that are needed to reach it.
    """
    if request.param == "local":
        return on_disk
    server = request.getfixturevalue(request.param)
    return (lambda lab: lab.with_bucket(server)) if request.param == "s3" else (lambda lab: over_ssh(lab, server))


def on_disk(lab: Lab) -> Lab:
    """A folder beside the repository."""
    lab.dvc("remote", "add", "-q", "-f", "-d", "store", str(lab.base / "store"))
    return lab


def over_ssh(lab: Lab, server: FileServer) -> Lab:
    """A folder that is reached over SFTP."""
    # Both ask for it; whom they trust stands in the user's own files.
    home = Path(lab.environ["HOME"], ".ssh")
    home.mkdir()
    shutil.copy(server.known_hosts, home / "known_hosts")
    lab.dvc("remote", "add", "-f", "-d", "store", f"ssh://127.0.0.1{lab.base}/store")
    for option, value in (("port", server.port), ("user", server.user), ("keyfile", server.key)):
        lab.dvc("remote", "modify", "store", option, str(value))
    return lab
