"""I15: data that was imported from other repositories and other places."""

from __future__ import annotations

from pathlib import Path

import pytest

from dvc_lab import Lab, files_in
from web import Files, served

pytestmark = pytest.mark.peer


@pytest.fixture
def source(twin: Lab) -> Lab:
    """Another repository, with data that is pushed and a file that Git tracks."""
    twin.write("data/a.txt", "one\n")
    twin.write("data/sub/b.txt", "two\n")
    twin.write("model.pkl", "model\n")
    twin.write("code/train.py", "print()\n")
    twin.dvc("remote", "add", "-d", "store", str(twin.base / "store"))
    twin.dvc("add", "-q", "data", "model.pkl")
    twin.commit("Data")
    twin.dvc("push", "-q")
    twin.git("tag", "v1")
    return twin


def change(source: Lab) -> None:
    source.write("data/a.txt", "changed\n")
    source.write("model.pkl", "better\n")
    source.write("code/train.py", "print(1)\n")
    source.dvc("add", "-q", "data", "model.pkl")
    source.commit("Better")
    source.dvc("push", "-q")


TARGETS = {
    "a folder": ("data",),
    "a file under a name of its own": ("model.pkl", "-o", "got/model"),
    "a part of a folder": ("data/sub",),
    "a revision": ("data", "--rev", "v1"),
    "code": ("code",),
    "only the pointer": ("model.pkl", "--no-download"),
}


@pytest.mark.parametrize("name", TARGETS)
def test_i15_pointers_of_imports_are_the_same(lab: Lab, source: Lab, name: str) -> None:
    (lab.root / "got").mkdir()
    two = lab.copy("other")
    lab.dvc("import", "-q", str(source.root), *TARGETS[name])
    two.ours("import", "-q", str(source.root), *TARGETS[name])
    assert files_in(two.root) == files_in(lab.root)
    for each in (lab, two):
        assert each.ours("status", "--json").json == each.dvc("status", "--json").json


def test_i15_imports_are_brought_up_to_date_alike(lab: Lab, source: Lab, first: str) -> None:
    for target in ("data", "model.pkl", "code"):
        lab.tool(first)("import", "-q", str(source.root), target)
    lab.commit("Import")
    change(source)
    two = lab.copy("other")
    assert lab.ours("status", "--json").json == lab.dvc("status", "--json").json
    lab.dvc("update", "-q", "data.dvc", "model.pkl.dvc", "code.dvc")
    two.ours("update", "-q", "data.dvc", "model.pkl.dvc", "code.dvc")
    assert files_in(two.root) == files_in(lab.root)
    assert two.read("data/a.txt") == "changed\n"
    assert two.dvc("status", "--json").json == two.ours("status", "--json").json == {}
    lab.dvc("update", "-q", "--rev", "v1", "data.dvc")
    two.ours("update", "-q", "--rev", "v1", "data.dvc")
    assert two.read("data.dvc") == lab.read("data.dvc")


def test_i15_imports_are_pulled_from_where_they_come_from(lab: Lab, source: Lab, first: str, other: str) -> None:
    for target in ("data", "model.pkl", "code"):
        lab.tool(first)("import", "-q", str(source.root), target)
    lab.dvc("remote", "add", "-d", "own", str(lab.base / "own"))
    lab.commit("Import")
    lab.tool(first)("push", "-q")
    # What is imported is not kept a second time.
    assert not list((lab.base / "own").rglob("*")) if (lab.base / "own").exists() else True
    change(source)
    fresh = lab.clone("fresh")
    fresh.tool(other)("pull", "-q")
    assert files_in(fresh.root) == files_in(lab.root)


def test_i15_files_of_other_places_are_imported_alike(lab: Lab) -> None:
    outside = lab.base / "outside"
    (outside / "folder").mkdir(parents=True)
    (outside / "file.csv").write_text("1,2\n")
    (outside / "still.csv").write_text("5,6\n")
    (outside / "folder" / "x").write_text("x\n")
    # Without a remote, DVC does not even pull what comes from elsewhere.
    lab.dvc("remote", "add", "-d", "own", str(lab.base / "own"))
    two = lab.copy("other")
    for each, tool in ((lab, "dvc"), (two, "ours")):
        each.tool(tool)("import-url", "-q", str(outside / "file.csv"))
        each.tool(tool)("import-url", "-q", str(outside / "folder"), "renamed")
        each.tool(tool)("import-url", "-q", "--no-download", str(outside / "still.csv"), "later.csv")
    assert files_in(two.root) == files_in(lab.root)
    (outside / "file.csv").write_text("3,4\n")
    assert two.ours("status", "--json").json == two.dvc("status", "--json").json == lab.dvc("status", "--json").json
    for each, tool in ((lab, "dvc"), (two, "ours")):
        each.tool(tool)("update", "-q", "file.csv.dvc")
        each.tool(tool)("pull", "-q", "later.csv.dvc")
    # With DVC, what was pulled counts as modified then; Treering writes down what it is.
    assert "later.csv.dvc" in lab.dvc("status", "--json").json
    assert two.dvc("status", "--json").json == two.ours("status", "--json").json == {}
    for each in (lab, two):
        (each.root / "later.csv.dvc").unlink()
    assert files_in(two.root) == files_in(lab.root)
    assert (two.read("file.csv"), two.read("later.csv")) == ("3,4\n", "5,6\n")


def test_i15_files_of_the_web_are_imported_alike(lab: Lab) -> None:
    lab.dvc("remote", "add", "-d", "own", str(lab.base / "own"))
    two = lab.copy("other")
    with served(Files) as (address, _):
        Files.files["/file.csv"] = b"1,2\n"
        for each, tool in ((lab, "dvc"), (two, "ours")):
            each.tool(tool)("import-url", "-q", f"{address}/file.csv")
            each.tool(tool)("import-url", "-q", "--no-download", f"{address}/file.csv", "later.csv")
        are_alike(lab, two)
        assert "checksum:" in two.read("file.csv.dvc")
        Files.files["/file.csv"] = b"3,4\n"
        are_alike(lab, two)
        for each, tool in ((lab, "dvc"), (two, "ours")):
            each.tool(tool)("update", "-q", "file.csv.dvc")
        are_alike(lab, two)
    assert two.read("file.csv") == "3,4\n"


@pytest.mark.cloud
def test_i15_files_of_a_bucket_are_imported_alike(lab: Lab, s3: str) -> None:
    lab = lab.with_bucket(s3)
    bucket = lab.dvc("config", "remote.store.url").out.strip()
    two = lab.copy("other")
    put(lab, bucket, "file.csv", "1,2\n")
    put(lab, bucket, "folder/x", "x\n")
    for each, tool in ((lab, "dvc"), (two, "ours")):
        each.tool(tool)("import-url", "-q", "remote://store/file.csv")
        each.tool(tool)("import-url", "-q", "remote://store/folder")
    are_alike(lab, two)
    assert "etag:" in two.read("file.csv.dvc")
    put(lab, bucket, "file.csv", "3,4\n")
    are_alike(lab, two)
    for each, tool in ((lab, "dvc"), (two, "ours")):
        each.tool(tool)("update", "-q", "file.csv.dvc")
    are_alike(lab, two)
    assert (two.read("file.csv"), two.read("folder/x")) == ("3,4\n", "x\n")


def are_alike(lab: Lab, two: Lab) -> None:
    """DVC made all in `lab`, Treering in `two`: the files are the same, and each says the same of both."""
    assert files_in(two.root) == files_in(lab.root)
    told = lab.dvc("status", "--json").json
    assert two.dvc("status", "--json").json == two.ours("status", "--json").json == told


def put(lab: Lab, bucket: str, name: str, text: str) -> None:
    place, _, prefix = bucket.removeprefix("s3://").partition("/")
    lab.python(
        "from botocore.session import get_session\n"
        f"get_session().create_client('s3').put_object(Bucket={place!r}, Key={f'{prefix}/{name}'!r}, Body={text.encode()!r})"
    )


def test_i15_what_was_imported_is_imported_further_alike(lab: Lab, blank: Lab, source: Lab, tmp_path: Path) -> None:
    between = blank.copied_to(tmp_path / "between")
    between.dvc("import", "-q", str(source.root), "data")
    between.ours("import", "-q", str(source.root), "model.pkl")
    between.commit("Import")
    two = lab.copy("other")
    for each, tool in ((lab, "dvc"), (two, "ours")):
        each.tool(tool)("import", "-q", str(between.root), "data")
        each.tool(tool)("import", "-q", str(between.root), "model.pkl")
    are_alike(lab, two)
    lab.commit("Import further")
    fresh = lab.clone("fresh")
    fresh.ours("pull", "-q")
    assert files_in(fresh.root) == files_in(lab.root)


def test_i15_what_is_only_fetched_is_the_same(lab: Lab, source: Lab) -> None:
    for name, tool in (("one", "dvc"), ("two", "ours")):
        (lab.root / name).mkdir()
        for target in ("data", "model.pkl", "code/train.py", "data/sub/b.txt"):
            lab.tool(tool)("get", "-q", str(source.root), target, folder=name)
        lab.tool(tool)("get", "-q", str(source.root), "data", "--rev", "v1", "-o", "old", folder=name)
        lab.tool(tool)("get-url", "-q", str(source.root / "code"), folder=name)
    assert files_in(lab.root / "one") == files_in(lab.root / "two")


@pytest.mark.parametrize(
    "words",
    [
        ("list", "$S"), ("list", "$S", "-R"), ("list", "$S", "--dvc-only"), ("list", "$S", "data"), ("list", "$S", "code", "--rev", "v1"),
        ("list", "$S", "--json"), ("list", "$S", "-R", "--json", "--size", "--show-hash"), ("list", "$S", "-T"), ("list", "$S", "-T", "-L", "1"),
        ("du", "$S"), ("du", "$S", "data"), ("du", "$S", "-s"), ("list", "$S", "none"),
    ],
)  # fmt: skip
def test_i15_other_repositories_are_listed_alike(lab: Lab, source: Lab, words: tuple[str, ...]) -> None:
    asked = [word.replace("$S", str(source.root)) for word in words]
    expected, got = lab.dvc(*asked, code=None), lab.ours(*asked, code=None)
    assert got.code == expected.code, got.err
    # DVC leaves the order of sizes to chance.
    same = sorted if words[0] == "du" else list
    assert same(got.out.splitlines()) == same(expected.out.splitlines())
