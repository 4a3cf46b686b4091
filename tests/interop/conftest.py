"""Laboratories for tests beside real DVC: an empty repository, and one with data and a remote."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dvc_lab import Lab, laboratory
from emulators import moto

TOOLS = ("dvc", "ours")


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
