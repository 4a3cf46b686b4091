"""I1, I4, I5, I6, I8, I9: adding, the names of content, links and a shared cache."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from dvc_lab import Lab, files_in, no_differences, oid_path

pytestmark = pytest.mark.peer

EMPTY = "d751713988987e9331980363e24189ce.dir"


def is_clean(lab: Lab) -> None:
    """Both say that nothing changed."""
    for tool in (lab.dvc, lab.ours):
        assert tool("status", "--json").json == {}


@pytest.mark.parametrize("target", ["model.pkl", "data", "sub/x.csv data model.pkl"])
def test_i1_what_one_added_is_up_to_date_for_the_other(stocked: Lab, first: str, other: str, target: str) -> None:
    stocked.tool(first)("add", *target.split())
    is_clean(stocked)
    assert "up to date" in stocked.tool(other)("status").out
    assert stocked.tool(other)("status", "-q").told == ""
    stocked.commit("Add")
    ask = stocked.tool(other)
    assert "No changes." in ask("data", "status").out
    assert ask("diff", "HEAD").out == stocked.tool(first)("diff", "HEAD").out
    assert ask("data", "status", "--json").json == stocked.tool(first)("data", "status", "--json").json


def test_i4_i5_adding_what_the_other_added_changes_nothing(stocked: Lab, first: str, other: str) -> None:
    stocked.tool(first)("add", "-q", "data", "model.pkl", "sub/x.csv")
    stocked.commit("Add")
    for tool in (other, first):
        stocked.tool(tool)("add", "-q", "data", "model.pkl", "sub/x.csv")
        assert stocked.changes() == ""


def test_i4_i5_both_write_the_same_bytes(stocked: Lab) -> None:
    two = stocked.copy("other")
    for lab, tool in ((stocked, "dvc"), (two, "ours")):
        lab.tool(tool)("add", "-q", "data", "model.pkl", "sub/x.csv")
        lab.write("data/new", "new\n")
        (lab.root / "data" / "a.txt").unlink()
        lab.write("model.pkl", "changed\n")
        lab.tool(tool)("add", "-q", "data", "model.pkl")
    assert files_in(two.root) == files_in(stocked.root)


def test_i4_comments_and_what_people_added_to_a_pointer_stay(stocked: Lab, first: str) -> None:
    stocked.dvc("add", "-q", "model.pkl")
    text = stocked.read("model.pkl.dvc")
    stocked.write("model.pkl.dvc", f"# ours\n{text.rstrip()}  # the model\n  desc: best\nmeta:\n  x: [1, 2]\n")
    stocked.write("model.pkl", "another\n")
    two = stocked.copy("other")
    stocked.tool(first)("add", "-q", "model.pkl")
    two.dvc("add", "-q", "model.pkl")
    assert stocked.read("model.pkl.dvc") == two.read("model.pkl.dvc")


# What stands in `x.dvc`, and what is asked of it. The file `x` is there, with "one\n" in it, and nothing else.
ONE = "5bbf5a52328e7439ae6e719dfe712200"
POINTERS = {
    "no hash": "outs:\n- path: x\n",
    "no hash, of DVC 3": "outs:\n- hash: md5\n  path: x\n",
    "capitals": f"outs:\n- md5: {ONE.upper()}\n  path: x\n  hash: md5\n",
    "no size": f"outs:\n- {{path: x, hash: md5, md5: {ONE}}}\n",
    "another hash": f"outs:\n- md5: {ONE[::-1]}\n  size: 4\n  hash: md5\n  path: x\n",
    "of DVC 2": f"outs:\n- md5: {ONE}\n  size: 4\n  path: x\n",
    "not cached": f"outs:\n- md5: {ONE}\n  size: 4\n  hash: md5\n  path: x\n  cache: false\n",
    "flags": f"outs:\n- md5: {ONE}\n  hash: md5\n  path: x\n  persist: true\n  push: false\n  remote: store\n  type: model\n",
    "frozen": f"frozen: true\nouts:\n- md5: {ONE}\n  hash: md5\n  path: x\n",
    "folder": f"wdir: .\nouts:\n- md5: {ONE}\n  hash: md5\n  path: x\n",
    "dependency": f"md5: abc\ndeps:\n- md5: {ONE}\n  hash: md5\n  path: y\nouts:\n- md5: {ONE}\n  hash: md5\n  path: x\n",
    "two outputs": f"outs:\n- md5: {ONE}\n  hash: md5\n  path: x\n- md5: {ONE}\n  hash: md5\n  path: y\n",
    "always changed": f"always_changed: true\nouts:\n- md5: {ONE}\n  hash: md5\n  path: x\n",
    "no outputs": "outs: []\n",
    "a list": "- outs\n",
    "twice the same key": f"outs:\n- md5: {ONE}\n  md5: {ONE}\n  path: x\n",
    "a number for a path": f"outs:\n- md5: {ONE}\n  path: 1\n",
    "text for a size": f"outs:\n- md5: {ONE}\n  size: four\n  path: x\n",
    "a foreign key": f"outs:\n- md5: {ONE}\n  path: x\nmine: 1\n",
}


def test_i1_pointers_by_hand_are_understood_alike(lab: Lab) -> None:
    """Rule 1.14 of the statuses, for pointers: no hash is `modified`."""
    lab.write("x", "one\n")
    lab.write(".gitignore", "/x\n/y\n")
    lab.write(".dvc/config", "['remote \"store\"']\n    url = ../../store\n")
    different = {}
    for name, text in POINTERS.items():
        lab.write("x.dvc", text)
        # Of a hash in capitals, DVC says in the one that it is the file's, and in the other that it is not.
        for call in ("status --json", *(["data status --json"] if name != "capitals" else [])):
            expected, got = lab.dvc(*call.split(), code=None), lab.ours(*call.split(), code=None)
            if got.code != expected.code or (not got.code and got.json != expected.json):
                different[name, call] = (expected, got)
    no_differences(different)


def furnish(root: Path, kind: str) -> None:
    """A folder `d` of one kind of contents."""
    folder = root / "d"
    folder.mkdir()
    if kind == "names":
        for name in (
            "with space",
            "quo'te\"",
            "back\\slash",
            "a-b",
            "a.b",
            "aB",
            "é",
            "\uffee",
            "😀",
            "#x",
            "!y",
            "~z",
            "[w]",
        ):
            (folder / name).write_text(name)
        (folder / "a").mkdir()
        (folder / "a" / "b").write_text("b")
    elif kind == "empty files":
        (folder / "one").touch()
        (folder / "two").touch()
    elif kind == "empty folder":
        pass
    elif kind == "nested empty folders":
        (folder / "x" / "y").mkdir(parents=True)
    elif kind == "links":
        (root / "target").write_text("target\n")
        (folder / "inner").write_text("inner\n")
        (folder / "to-inner").symlink_to("inner")
        (folder / "to-outer").symlink_to("../target")
    elif kind == "programs":
        (folder / "run").write_text("#!/bin/sh\n")
        (folder / "run").chmod(0o755)
    elif kind == "lines":
        (folder / "dos").write_bytes(b"a\r\nb\r\n")
        (folder / "mac").write_bytes(b"a\rb\r")
        (folder / "mixed").write_bytes(b"a\r\nb\n\0")
    elif kind == "large":
        (folder / "large").write_bytes(os.urandom(3 << 20) + b"\r\n")


@pytest.mark.parametrize(
    "kind",
    ["names", "empty files", "empty folder", "nested empty folders", "links", "programs", "lines", "large"],
)
def test_i6_folders_get_the_same_names(stocked: Lab, kind: str) -> None:
    furnish(stocked.root, kind)
    two = stocked.copy("other")
    stocked.dvc("add", "-q", "d")
    two.ours("add", "-q", "d")
    assert two.read("d.dvc") == stocked.read("d.dvc")
    assert objects(two) == objects(stocked)
    if "folder" in kind:
        assert EMPTY in two.read("d.dvc")
    is_clean(stocked)
    is_clean(two)


def objects(lab: Lab) -> dict[str, bytes]:
    cache = lab.root / ".dvc" / "cache" / "files" / "md5"
    return {str(file.relative_to(cache)): file.read_bytes() for file in cache.glob("??/*")}


def test_i6_a_program_keeps_its_permission(stocked: Lab, first: str, other: str) -> None:
    stocked.write("run.sh", "#!/bin/sh\n").chmod(0o755)
    stocked.tool(first)("add", "-q", "run.sh")
    assert "isexec: true" in stocked.read("run.sh.dvc")
    (stocked.root / "run.sh").unlink()
    stocked.tool(other)("checkout", "-q")
    assert os.access(stocked.root / "run.sh", os.X_OK)
    is_clean(stocked)


def test_i6_a_file_of_more_than_two_gigabytes_gets_the_same_name(stocked: Lab) -> None:
    # Almost all of it is a hole, which costs no disk as long as nothing is copied.
    big = stocked.root / "big"
    with big.open("wb") as stream:
        stream.truncate((2 << 30) + 5)
        stream.seek((1 << 30) + 7)
        stream.write(b"middle")
    stocked.ours("add", "-q", "--no-commit", "big")
    pointer = stocked.read("big.dvc")
    stocked.dvc("add", "-q", "--no-commit", "big")
    assert stocked.read("big.dvc") == pointer


LINKS = ("copy", "hardlink", "symlink", "reflink,copy")


@pytest.mark.parametrize("kind", LINKS)
def test_i8_links_of_one_are_clean_for_the_other(stocked: Lab, first: str, other: str, kind: str) -> None:
    stocked.dvc("config", "cache.type", kind)
    stocked.tool(first)("add", "-q", "data", "model.pkl")
    before = objects(stocked)
    is_clean(stocked)
    for path in ("data", "model.pkl"):
        remove(stocked.root / path)
    stocked.tool(other)("checkout", "-q")
    is_clean(stocked)
    assert link_of(stocked, "model.pkl") == link_of(stocked, "data/a.txt") == {"reflink,copy": "copy"}.get(kind, kind)
    assert objects(stocked) == before
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o444 for file in all_objects(stocked))


def test_i8_links_are_changed_to_another_kind_and_back(stocked: Lab, first: str, other: str) -> None:
    stocked.tool(first)("add", "-q", "data", "model.pkl")
    before = objects(stocked)
    for kind in ("symlink", "hardlink", "copy", "symlink", "copy"):
        stocked.tool(other)("config", "cache.type", kind)
        stocked.tool(other)("checkout", "-q", "--relink")
        assert link_of(stocked, "data/deep/er/b.bin") == link_of(stocked, "model.pkl") == kind
        is_clean(stocked)
    stocked.write("model.pkl", "edited\n")
    assert objects(stocked) == before
    for tool in (first, other):
        assert list(stocked.tool(tool)("status", "--json").json) == ["model.pkl.dvc"]


def test_i8_what_was_a_link_can_be_edited_after_unprotect(stocked: Lab, first: str, other: str) -> None:
    stocked.dvc("config", "cache.type", "hardlink")
    stocked.tool(first)("add", "-q", "data")
    before = objects(stocked)
    stocked.tool(other)("unprotect", "data")
    assert link_of(stocked, "data/a.txt") == "copy"
    stocked.write("data/a.txt", "edited\n")
    assert objects(stocked) == before
    stocked.tool(first)("add", "-q", "data")
    is_clean(stocked)


def link_of(lab: Lab, path: str) -> str:
    file = lab.root / path
    if file.is_symlink():
        assert file.readlink().is_absolute()
        return "symlink"
    return "hardlink" if file.stat().st_nlink > 1 else "copy"


def all_objects(lab: Lab) -> list[Path]:
    return list((lab.root / ".dvc" / "cache" / "files" / "md5").glob("??/*"))


def remove(path: Path) -> None:
    if path.is_dir():
        for inner in path.iterdir():
            remove(inner)
        path.rmdir()
    else:
        path.unlink()


def test_i9_objects_that_others_wrote_are_taken_as_they_are(stocked: Lab, first: str, other: str) -> None:
    stocked.tool(first)("add", "-q", "data", "model.pkl")
    before = objects(stocked)
    for file in all_objects(stocked):
        file.chmod(0o644)
    for path in ("data", "model.pkl"):
        remove(stocked.root / path)
    stocked.tool(other)("checkout", "-q")
    is_clean(stocked)
    assert objects(stocked) == before


def test_i9_a_damaged_object_that_is_writable_is_not_checked_out(stocked: Lab, first: str) -> None:
    stocked.tool(first)("add", "-q", "model.pkl")
    (damaged,) = all_objects(stocked)
    damaged.chmod(0o644)
    damaged.write_text("damaged\n")
    (stocked.root / "model.pkl").unlink()
    for tool in ("ours", "dvc"):
        assert stocked.tool(tool)("checkout", "-q", code=None).code != 0
        assert not (stocked.root / "model.pkl").exists()


def test_i9_two_repositories_share_a_cache_at_once(stocked: Lab) -> None:
    two = stocked.copy("other")
    shared = str(stocked.base / "shared")
    for lab in (stocked, two):
        lab.dvc("config", "--local", "cache.dir", shared)
        lab.dvc("config", "--local", "cache.shared", "group")
        for number in range(200):
            lab.write(f"many/{number % 7}/{number}", str(number))
    running = [stocked.start("dvc", "add", "-q", "many"), two.start("ours", "add", "-q", "many")]
    for process in running:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    assert stocked.read("many.dvc") == two.read("many.dvc")
    for lab in (stocked, two):
        remove(lab.root / "many")
    stocked.ours("checkout", "-q")
    two.dvc("checkout", "-q")
    is_clean(stocked)
    is_clean(two)
    assert files_in(stocked.root / "many") == files_in(two.root / "many")
    objects_there = [file for file in Path(shared).glob("files/md5/??/*") if file.is_file()]
    assert len(objects_there) == 201
    assert {stat.S_IMODE(file.stat().st_mode) for file in objects_there} <= {0o444, 0o664, 0o644}
    assert oid_path(Path(shared), "cfcd208495d565ef66e7dff9f98764da").read_text() == "0"
