"""I7, I16: data of DVC 2, whose names and places are others, and pointers of cloud versions."""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest

from dvc_lab import Lab, files_in

pytestmark = pytest.mark.peer

TEXT = b"a\r\nb\r\n"


def unix(content: bytes) -> str:
    """The name that DVC 2 gave a text."""
    return hashlib.md5(content.replace(b"\r\n", b"\n")).hexdigest()


def old_object(lab: Lab, name: str, content: bytes) -> None:
    file = lab.write(f".dvc/cache/{name[:2]}/{name[2:]}", content)
    file.chmod(0o444)


@pytest.fixture
def old(lab: Lab) -> Lab:
    """As DVC 2 left it: a text file, and a folder."""
    old_object(lab, unix(TEXT), TEXT)
    lab.write("text.txt.dvc", f"outs:\n- md5: {unix(TEXT)}\n  size: {len(TEXT)}\n  path: text.txt\n")
    entries = [
        {"md5": unix(TEXT), "relpath": "a.txt"},
        {"md5": unix(b"\0bin\r\n".replace(b"\r\n", b"\r\n")), "relpath": "b"},
    ]
    binary = b"\0bin\r\n"
    entries[1]["md5"] = hashlib.md5(binary).hexdigest()
    old_object(lab, entries[1]["md5"], binary)
    listed = json.dumps(entries, sort_keys=True).encode()
    name = f"{hashlib.md5(listed).hexdigest()}.dir"
    old_object(lab, name, listed)
    lab.write("folder.dvc", f"outs:\n- md5: {name}\n  size: {len(TEXT) + len(binary)}\n  nfiles: 2\n  path: folder\n")
    lab.write(".gitignore", "/text.txt\n/folder\n")
    lab.commit("Old")
    return lab


def test_i7_old_data_is_checked_out_and_clean(old: Lab, first: str, other: str) -> None:
    old.tool(first)("checkout", "-q")
    assert (old.root / "text.txt").read_bytes() == TEXT
    assert (old.root / "folder" / "a.txt").read_bytes() == TEXT
    for tool in (first, other):
        assert old.tool(tool)("status", "--json").json == {}
        assert old.tool(tool)("data", "status", "--json").json == {}
    assert old.changes() == ""


def test_i7_line_ends_are_no_change_to_old_data(old: Lab) -> None:
    old.dvc("checkout", "-q")
    (old.root / "text.txt").unlink()
    old.write("text.txt", TEXT.replace(b"\r\n", b"\n"))
    assert old.ours("status", "--json").json == old.dvc("status", "--json").json == {}


def test_i7_old_data_that_changes_becomes_new(old: Lab) -> None:
    old.dvc("checkout", "-q")
    two = old.copy("other")
    for lab, tool in ((old, "dvc"), (two, "ours")):
        for path in ("text.txt", "folder/a.txt"):
            (lab.root / path).unlink()
            lab.write(path, "changed\r\n")
        assert sorted(lab.tool(tool)("status", "--json").json) == ["folder.dvc", "text.txt.dvc"]
        lab.tool(tool)("add", "-q", "text.txt", "folder")
        assert lab.tool("dvc")("status", "--json").json == lab.tool("ours")("status", "--json").json == {}
    assert "hash: md5" in two.read("text.txt.dvc")
    for path in ("text.txt.dvc", "folder.dvc"):
        assert two.read(path) == old.read(path)


def test_i7_adding_old_data_that_did_not_change_is_alike(old: Lab) -> None:
    old.dvc("checkout", "-q")
    two = old.copy("other")
    old.dvc("add", "-q", "text.txt", "folder")
    two.ours("add", "-q", "text.txt", "folder")
    assert (two.read("text.txt.dvc"), two.read("folder.dvc")) == (old.read("text.txt.dvc"), old.read("folder.dvc"))


def test_i7_old_data_travels(old: Lab, first: str, other: str) -> None:
    old.dvc("remote", "add", "-d", "store", str(old.base / "store"))
    old.commit("Remote")
    old.tool(first)("push", "-q")
    assert (old.base / "store" / unix(TEXT)[:2] / unix(TEXT)[2:]).exists()
    fresh = old.clone("fresh")
    fresh.tool(other)("pull", "-q")
    assert (fresh.root / "folder" / "a.txt").read_bytes() == TEXT
    assert fresh.tool(first)("status", "--json").json == {}


def test_i7_a_migrated_cache_is_as_if_it_had_never_been_old(old: Lab) -> None:
    # DVC leaves the old names in the list of a folder and in pointers, where texts have line ends of DOS.
    old.ours("cache", "migrate", "--dvc-files")
    shutil.rmtree(old.root / ".dvc" / "cache" / unix(TEXT)[:2])
    old.ours("checkout", "-q")
    assert (old.root / "folder" / "a.txt").read_bytes() == (old.root / "text.txt").read_bytes() == TEXT
    assert old.dvc("status", "--json").json == old.ours("status", "--json").json == {}
    pointers = old.read("text.txt.dvc"), old.read("folder.dvc")
    old.dvc("add", "-q", "text.txt", "folder")
    assert (old.read("text.txt.dvc"), old.read("folder.dvc")) == pointers


def test_i7_both_migrate_to_the_same_pointers(old: Lab) -> None:
    old.dvc("checkout", "-q")
    two = old.copy("other")
    old.dvc("cache", "migrate", "--dvc-files")
    two.ours("cache", "migrate", "--dvc-files")
    for path in ("text.txt.dvc", "folder.dvc"):
        assert two.read(path) == old.read(path)
        assert "hash: md5" in two.read(path)
    # DVC gives the list of old names a second place, too, where nobody asks for it.
    new = {path: content for path, content in cached(two).items() if path.startswith("files/")}
    assert new.items() <= cached(old).items()
    assert unix(TEXT) not in "".join(new).replace("/", "")
    for lab in (old, two):
        (lab.root / "text.txt").unlink()
        for tool in (lab.ours, lab.dvc):
            tool("checkout", "-q")
            assert tool("status", "--json").json == {}


def test_i7_migrating_needs_no_working_tree(old: Lab) -> None:
    two = old.copy("other")
    two.ours("cache", "migrate", "--dvc-files")
    two.dvc("checkout", "-q")
    assert (two.root / "folder" / "a.txt").read_bytes() == (two.root / "text.txt").read_bytes() == TEXT
    assert two.dvc("status", "--json").json == two.ours("status", "--json").json == {}
    # DVC writes what it does not read again; the day that it does, both shall be the same.
    old.dvc("cache", "migrate", "--dvc-files")
    assert old.dvc("status", "--json", code=None).code != 0


def cached(lab: Lab) -> dict[str, bytes]:
    cache = lab.root / ".dvc" / "cache"
    return {str(file.relative_to(cache)): file.read_bytes() for file in cache.rglob("*") if file.is_file()}


CLOUD = """\
outs:
- path: data
  hash: md5
  files:
  - relpath: a.txt
    md5: {md5}
    size: 2
    cloud:
      store:
        etag: '"abc"'
        version_id: v1
"""


def test_i16_pointers_of_cloud_versions_are_read_and_kept(lab: Lab, first: str) -> None:
    lab.write("data.dvc", CLOUD.format(md5=hashlib.md5(b"a\n").hexdigest()))
    lab.write(".gitignore", "/data\n")
    lab.write("data/a.txt", "a\n")
    lab.commit("Cloud")
    assert lab.ours("status", "--json").json == lab.dvc("status", "--json").json
    assert (
        lab.ours("list", "-R", "--dvc-only", ".", "--json").json
        == lab.dvc("list", "-R", "--dvc-only", ".", "--json").json
    )
    lab.tool(first)("commit", "-q", "-f", "data.dvc", code=None)
    assert "version_id: v1" in lab.read("data.dvc")


@pytest.mark.cloud
@pytest.mark.parametrize("kind", ["version_aware", "worktree"])
def test_i16_the_versions_that_a_pointer_tells_of_are_pulled(lab: Lab, s3: str, kind: str) -> None:
    lab = lab.with_bucket(s3, versions=True)
    lab.dvc("remote", "modify", "store", kind, "true")
    states = []
    for number in range(2):
        lab.write("data/a.txt", f"a{number}\n")
        lab.write("data/sub/b.txt", "always\n")
        lab.write("data/later.txt" if number else "data/earlier.txt", "text\n")
        if number:
            (lab.root / "data" / "earlier.txt").unlink()
        lab.write("model.pkl", f"model {number}\n")
        lab.dvc("add", "-q", "data", "model.pkl")
        lab.dvc("push", "-q")
        states.append((lab.commit(f"Version {number}"), files_in(lab.root)))
    assert "version_id:" in lab.read("model.pkl.dvc")
    assert "files:" in lab.read("data.dvc")
    fresh = lab.clone("fresh")
    for commit, state in reversed(states):
        fresh.git("checkout", "--quiet", commit)
        fresh.ours("pull", "-q")
        assert files_in(fresh.root) == state
        assert fresh.changes() == ""
        for words in (("status", "--json"), ("data", "status", "--json"), ("list", "-R", "--dvc-only", "--json", ".")):
            assert fresh.ours(*words).json == fresh.dvc(*words).json, words
    # To such remotes, Treering writes nothing, and says so.
    fresh.write("model.pkl", "mine\n")
    fresh.ours("add", "-q", "model.pkl")
    assert "version_aware or worktree" in fresh.ours("push", code=1).err
    fresh.git("checkout", "--quiet", ".")
    fresh.ours("checkout", "-q")
    fresh.git("checkout", "--quiet", "main")
    fresh.dvc("pull", "-q")
    assert files_in(fresh.root) == states[1][1]
