"""The example project, made as DVC's get-started makes it: run by both tools in turns, in parallel, and from a fresh clone."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from dvc_lab import Lab, files_in
from emulators import openssh
from example_project import DATA, STAGES, write_example

pytestmark = pytest.mark.peer


@pytest.fixture
def example(lab: Lab) -> Lab:
    """The project with its data tracked; nothing has run."""
    write_example(lab.root)
    lab.dvc("add", "-q", DATA)
    lab.commit("Begin")
    return lab.with_variables(PATH=f"{Path(sys.executable).parent}:{lab.environ['PATH']}")


def ran(told: str) -> list[str]:
    return re.findall(r"Running stage '([^']+)'", told)


def test_both_make_the_same_of_it(example: Lab) -> None:
    two, three = example.copy("two"), example.copy("three")
    assert ran(example.dvc("repro").out) == list(STAGES)
    assert ran(two.ours("repro").out) == list(STAGES)
    three.treering("repro", "-j", "3", "-q")
    assert files_in(two.root) == files_in(example.root)
    assert files_in(three.root) == files_in(example.root)


def test_they_take_turns_stage_by_stage(example: Lab, first: str, other: str) -> None:
    two = example.copy("two")
    for number, stage in enumerate(STAGES):
        example.tool((first, other)[number % 2])("repro", "-q", stage)
        two.dvc("repro", "-q", stage)
        assert example.read("dvc.lock") == two.read("dvc.lock")
    example.write("params.yaml", example.read("params.yaml").replace("rate: 0.5", "rate: 0.25"))
    for tool in (other, first):
        assert list(example.tool(tool)("status", "--json").json) == ["train"]
    assert ran(example.tool(first)("repro").out) == ["train", "evaluate"]
    assert ran(example.tool(other)("repro").out) == []
    assert (
        example.tool(other)("metrics", "show", "--json").json == example.tool(first)("metrics", "show", "--json").json
    )


@pytest.fixture(
    params=["local", pytest.param("s3", marks=pytest.mark.cloud), pytest.param("sftp", marks=pytest.mark.cloud)]
)
def remote(request: pytest.FixtureRequest, example: Lab, tmp_path: Path) -> Iterator[Lab]:
    """The project with a remote, which is the default one."""
    if request.param == "local":
        example.dvc("remote", "add", "-d", "store", str(example.base / "store"))
        yield example
    elif request.param == "s3":
        address = request.getfixturevalue("s3")
        bucket = f"example-{abs(hash(str(tmp_path))) % 10**8}"
        example.dvc("remote", "add", "-d", "store", f"s3://{bucket}/store")
        example.dvc("remote", "modify", "store", "endpointurl", address)
        secrets = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_DEFAULT_REGION": "us-east-1"}
        session = boto3.Session("x", "y", region_name="us-east-1")
        session.client("s3", endpoint_url=address).create_bucket(Bucket=bucket)
        yield example.with_variables(**secrets)
    else:
        folder = tmp_path / "sshd"
        folder.mkdir()
        with openssh(folder) as server:
            known = Path(example.environ["HOME"], ".ssh")
            known.mkdir(parents=True, exist_ok=True)
            (known / "known_hosts").write_text(server.known_hosts.read_text())
            url = f"ssh://{server.user}@127.0.0.1:{server.port}{tmp_path}/store"
            example.dvc("remote", "add", "-d", "store", url)
            example.dvc("remote", "modify", "store", "keyfile", str(server.key))
            yield example


def test_a_colleague_pulls_it_and_has_nothing_to_run(remote: Lab) -> None:
    remote.ours("repro", "-q")
    remote.commit("Run")
    remote.ours("push", "-q", "--run-cache")
    fresh = remote.clone("fresh")
    fresh.ours("pull", "-q")
    assert files_in(fresh.root) == files_in(remote.root)
    for tool in (fresh.ours, fresh.dvc):
        assert tool("status", "--json").json == {}
        assert ran(tool("repro").out) == []
    again = remote.clone("again")
    assert ran(again.ours("repro", "--pull").out) == []
    assert files_in(again.root) == files_in(remote.root)
