"""I2, I3, I10, I13, I14, I17: pushing, pulling, parts of folders, garbage, damage, and what is left on remotes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dvc_lab import Lab, files_in, oid_path

pytestmark = pytest.mark.peer


@pytest.fixture
def placed(stocked: Lab, place: Callable[[Lab], Lab]) -> Lab:
    """`stocked`, with its remote on this disk, in S3, or on a machine reached by SSH."""
    lab = place(stocked)
    lab.git("commit", "--quiet", "--all", "--allow-empty", "-m", "Remote")
    return lab


def test_i2_i3_what_one_pushed_the_other_pulls(placed: Lab, first: str, other: str) -> None:
    push = placed.tool(first)
    push("add", "-q", "data", "model.pkl", "sub/x.csv")
    placed.commit("Add")
    assert "6 files pushed" in push("push").out
    assert placed.tool(other)("push").out.strip() == "Everything is up to date."
    assert placed.tool(other)("status", "-c", "--json").json == {}
    fresh = placed.clone("fresh")
    assert "6 files fetched and 5 files added" in fresh.tool(other)("pull").out
    assert files_in(fresh.root) == files_in(placed.root)
    for tool in (other, first):
        assert fresh.tool(tool)("status", "--json").json == {}
        assert fresh.changes() == ""


def test_i2_i3_a_part_is_pulled_and_then_the_rest(stocked: Lab, first: str, other: str) -> None:
    stocked.tool(first)("add", "-q", "data", "model.pkl")
    stocked.commit("Add")
    stocked.tool(first)("push", "-q")
    fresh = stocked.clone("fresh")
    fresh.tool(other)("pull", "-q", "data/deep")
    assert {path for path in files_in(fresh.root) if path.startswith(("data/", "model.pkl"))} == {
        "data/deep/er/b.bin",
        "model.pkl.dvc",
    }
    fresh.tool(first)("pull", "-q")
    assert files_in(fresh.root) == files_in(stocked.root)


def test_i2_branches_and_tags_are_pushed_whole(stocked: Lab, first: str, other: str) -> None:
    for number, name in enumerate(("one", "two", "three")):
        stocked.write("model.pkl", name)
        stocked.dvc("add", "-q", "model.pkl")
        stocked.commit(name)
        stocked.git("tag" if number == 1 else "branch", name)
    two = stocked.copy("other")
    # In the local file, which counts for all revisions: DVC reads the other one from each revision.
    two.dvc("remote", "modify", "--local", "store", "url", str(two.base / "second"))
    counts = [lab.tool(tool)("push", "-a", "-T").out for lab, tool in ((stocked, first), (two, other))]
    assert counts[0] == counts[1]
    fresh = stocked.clone("fresh")
    fresh.tool(other)("fetch", "-q", "-A")
    for name in ("one", "two", "three"):
        fresh.git("checkout", "--quiet", name if name == "two" else f"origin/{name}")
        fresh.tool(other)("checkout", "-q")
        assert fresh.read("model.pkl") == name


def test_i10_a_part_is_added_where_the_data_is_not(stocked: Lab, first: str, other: str) -> None:
    stocked.tool(first)("add", "-q", "data")
    stocked.commit("Add")
    stocked.tool(first)("push", "-q")
    results = []
    for name, tool in (("one", first), ("two", other)):
        fresh = stocked.clone(name)
        fresh.write("data/deep/new", "new\n")
        fresh.tool(tool)("add", "-q", "data/deep/new")
        results.append(fresh.read("data.dvc"))
        assert "nfiles: 4" in results[-1]
    assert results[0] == results[1]


def test_i10_a_folder_in_a_tracked_one_is_added_anew(stocked: Lab, first: str, other: str) -> None:
    stocked.write("data/deep/er/c.bin", "c")
    stocked.tool(first)("add", "-q", "data")
    stocked.commit("Add")
    two = stocked.copy("other")
    for lab, tool in ((stocked, first), (two, other)):
        (lab.root / "data" / "deep" / "er" / "c.bin").unlink()
        lab.write("data/deep/er/b.bin", "changed")
        lab.write("data/deep/new/d.bin", "d")
        # Not asked for, and so not added.
        lab.write("data/a.txt", "changed, too")
        lab.tool(tool)("add", "-q", "data/deep")
    assert stocked.read("data.dvc") == two.read("data.dvc")
    assert (
        stocked.ours("data", "status", "--granular", "--json").json
        == two.dvc("data", "status", "--granular", "--json").json
    )
    for lab in (stocked, two):
        (lab.root / "data" / "a.txt").unlink()
        assert lab.ours("checkout", "-q").code == 0
        assert lab.read("data/a.txt") == "one\n"
        assert lab.dvc("status", "--json").json == {}


def test_i3_other_branches_bring_and_remove_the_same_files(stocked: Lab, first: str, other: str) -> None:
    stocked.tool(first)("add", "-q", "data")
    stocked.commit("Add")
    stocked.git("checkout", "--quiet", "-b", "side")
    stocked.write("data/side.txt", "side\n")
    stocked.write("late.bin", "late")
    stocked.write("sub/late.csv", "1")
    stocked.tool(first)("add", "-q", "data", "late.bin", "sub/late.csv")
    stocked.commit("Side")
    states = {}
    for tool in (first, other):
        for branch in ("main", "side"):
            stocked.git("checkout", "--quiet", branch)
            stocked.tool(tool)("checkout", "-q")
            states[tool, branch] = set(files_in(stocked.root))
    assert states[other, "side"] == states[first, "side"]
    assert {"late.bin", "sub/late.csv", "data/side.txt"} <= states[other, "side"]
    assert "data/side.txt" not in states[other, "main"]
    # Each removes what it brought itself and no pointer tells of any more; of what the other one brought it does not know.
    for tool in (first, other):
        stocked.git("checkout", "--quiet", "side")
        stocked.tool(tool)("checkout", "-q")
        for path in ("late.bin", "sub/late.csv"):
            (stocked.root / path).unlink()
        stocked.tool(tool)("checkout", "-q")
        stocked.git("checkout", "--quiet", "main")
        stocked.tool(tool)("checkout", "-q")
        assert not (stocked.root / "late.bin").exists(), tool
        assert not (stocked.root / "sub" / "late.csv").exists(), tool


def test_i10_a_part_is_removed_from_a_tracked_folder(stocked: Lab, first: str, other: str) -> None:
    stocked.tool(first)("add", "-q", "data")
    stocked.commit("Add")
    two = stocked.copy("other")
    for lab, tool in ((stocked, first), (two, other)):
        (lab.root / "data" / "empty").unlink()
        lab.tool(tool)("add", "-q", "data/empty")
        assert lab.tool(tool)("status", "--json").json == {}
    assert stocked.read("data.dvc") == two.read("data.dvc")


def objects(root: Path) -> set[str]:
    return {f"{file.parent.name}{file.name}" for file in root.glob("files/md5/??/*")}


def with_history(lab: Lab) -> None:
    """Three versions of the data on two branches, all pushed."""
    for branch, text in (("main", "first"), ("side", "second"), ("main", "third")):
        lab.git("checkout", "--quiet", *([] if branch == "main" else ["-b"]), branch)
        lab.dvc("checkout", "-q", "-f")
        lab.write("data/a.txt", f"{text}\n")
        lab.write("model.pkl", f"{text} model\n")
        lab.dvc("add", "-q", "data", "model.pkl")
        lab.commit(text)
    lab.dvc("push", "-q", "-A")


@pytest.mark.parametrize(
    "scope", ["-w", "-a", "-A", "--rev HEAD~1 -n 2", "-w -T", "-w --not-in-remote", "-w --date 2020-01-01"]
)
def test_i13_both_collect_the_same_garbage(stocked: Lab, scope: str) -> None:
    with_history(stocked)
    two = stocked.copy("other")
    before = objects(stocked.root / ".dvc" / "cache")
    stocked.dvc("gc", "-q", "-f", *scope.split())
    two.ours("gc", "-q", "-f", *scope.split())
    left = objects(stocked.root / ".dvc" / "cache")
    assert objects(two.root / ".dvc" / "cache") == left
    assert left <= before
    for lab in (stocked, two):
        assert lab.dvc("status", "--json").json == lab.ours("status", "--json").json


def test_i13_what_was_collected_comes_back_from_the_remote(stocked: Lab, first: str, other: str) -> None:
    with_history(stocked)
    stocked.tool(first)("gc", "-q", "-f", "-w")
    assert stocked.tool(other)("status", "--json").json == {}
    stocked.git("checkout", "--quiet", "side")
    stocked.tool(other)("pull", "-q")
    assert stocked.read("data/a.txt") == "second\n"
    assert stocked.tool(first)("status", "--json").json == {}


def test_i13_garbage_of_a_remote_is_the_same_for_both(stocked: Lab) -> None:
    with_history(stocked)
    store, second = stocked.base / "store", stocked.base / "second"
    shutil.copytree(store, second)
    two = stocked.copy("other")
    two.dvc("remote", "modify", "store", "url", str(second))
    stocked.dvc("gc", "-q", "-f", "-w", "-c")
    two.ours("gc", "-q", "-f", "-w", "-c")
    assert objects(second) == objects(store)


def damaged(remote: Path, how: str, md5: str) -> Path:
    file = oid_path(remote, md5)
    file.chmod(0o644)
    if how == "missing":
        file.unlink()
        return file
    content = file.read_bytes()
    file.write_bytes({"changed": b"X" + content[1:], "cut": content[:-1], "empty": b""}[how])
    if how == "changed":
        file.chmod(0o444)
    return file


@pytest.mark.parametrize("what", ["a file", "a folder's list"])
@pytest.mark.parametrize("how", ["changed", "cut", "empty", "missing"])
def test_i14_a_damaged_object_of_a_remote_is_refused_and_nothing_good_is_lost(
    stocked: Lab, how: str, what: str
) -> None:
    stocked.dvc("add", "-q", "data", "model.pkl")
    stocked.commit("Add")
    stocked.dvc("push", "-q")
    remote = stocked.base / "store"
    folder = next(name for name in objects(remote) if name.endswith(".dir"))
    target = folder if what != "a file" else "5bbf5a52328e7439ae6e719dfe712200"
    assert target in objects(remote) or what == "a file"
    if what == "a file":
        target = stocked.read("model.pkl.dvc").split("md5: ")[1].split()[0]
    file = damaged(remote, how, target)
    kept = objects(remote)
    fresh = stocked.clone("fresh")
    done = fresh.ours("pull", code=None)
    assert done.code != 0
    assert target[:6] in done.err or "model.pkl" in done.err or "data" in done.err
    # Neither in the cache nor in the working tree is anything that is not what it should be.
    assert target not in objects(fresh.root / ".dvc" / "cache")
    assert not (fresh.root / ("model.pkl" if what == "a file" else "data")).exists()
    assert objects(remote) == kept
    # Where the good one still is, a push heals, and then all can be had.
    if how == "missing":
        stocked.ours("push", "-q")
        fresh.ours("pull", "-q")
        assert files_in(fresh.root) == files_in(stocked.root)
        assert file.exists()


def test_i14_a_damaged_object_of_the_cache_is_not_pushed(stocked: Lab) -> None:
    stocked.dvc("add", "-q", "model.pkl")
    (file,) = (stocked.root / ".dvc" / "cache").glob("files/md5/??/*")
    file.chmod(0o644)
    file.write_text("damaged\n")
    assert stocked.ours("push", code=None).code != 0
    assert objects(stocked.base / "store") == set()


def test_i17_what_treering_leaves_on_a_remote_is_nothing_to_dvc(stocked: Lab) -> None:
    stocked.ours("add", "-q", "data", "model.pkl")
    stocked.commit("Add")
    stocked.ours("push", "-q")
    store = stocked.base / "store"
    assert [file for file in store.rglob("*") if file.is_file() and "files/md5" not in str(file)] == []
    for words in (("push",), ("status", "-c"), ("pull",), ("gc", "-f", "-w", "-c")):
        stocked.dvc(*words)
    shutil.rmtree(stocked.root / ".dvc" / "cache")
    shutil.rmtree(stocked.root / "data")
    stocked.dvc("pull", "-q")
    assert stocked.ours("status", "--json").json == {}


def test_i17_dvcs_run_cache_on_a_remote_is_fetched(stocked: Lab) -> None:
    stocked.dvc("stage", "add", "-q", "-n", "s", "-d", "model.pkl", "-o", "out", "cp model.pkl out")
    stocked.dvc("repro", "-q")
    stocked.commit("Run")
    stocked.dvc("push", "-q", "--run-cache")
    fresh = stocked.clone("fresh")
    fresh.ours("fetch", "-q", "--run-cache")
    runs = [
        str(file.relative_to(fresh.root))
        for file in (fresh.root / ".dvc" / "cache" / "runs").rglob("*")
        if file.is_file()
    ]
    assert [stocked.read(path) for path in runs] == [fresh.read(path) for path in runs]
    assert runs
