"""I11, I12: `.dvcignore` leaves out the same files, and `.gitignore` files become the same bytes."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import pytest

from dvc_lab import Lab, files_in, no_differences
from treering.core.errors import InvalidInput
from treering.versioning.ignore import Ignore
from treering.versioning.ignore_patterns import escape

pytestmark = pytest.mark.peer

FILES = (
    *("data/a.txt", "data/b.tmp", "data/keep.tmp", "data/tmp/x", "data/logs/1.log", "data/logs/deep/2.log"),
    *("data/build/out", "data/src/build/out", "data/src/build.txt", "data/with space ", "data/#hash", "data/!bang"),
    *("data/sub/a.txt", "data/sub/skip/me", "data/x/y/z/deep.bin", "data/.hidden", "data/[w]", "data/UPPER.TMP"),
)
CORPUS = {
    "files by ending": "*.tmp\n",
    "negation": "*.tmp\n!keep.tmp\n",
    "negation of a file in a folder that is out": "tmp/\n!tmp/x\n",
    "folders alone": "build/\n",
    "a name in the middle": "/data/src/build\n",
    "two stars in front": "**/logs\n",
    "two stars behind": "data/logs/**\n",
    "two stars between": "data/**/deep.bin\n",
    "space at the end": "with space \n",
    "comments and escapes": "# comment\n\\#hash\n\\!bang\n\n",
    "brackets": "\\[w\\]\n[ab].txt\n",
    "question mark": "?.txt\n",
    "anchored": "/data/sub\n",
    "hidden": ".*\n!.dvc\n",
    "crlf": "*.tmp\r\nlogs\r\n",
    "all but": "data/*\n!data/sub\n",
    "order": "!a.txt\na.txt\n!data/a.txt\n",
}


@pytest.mark.parametrize("name", CORPUS)
def test_i11_the_same_files_are_left_out(lab: Lab, name: str) -> None:
    for path in FILES:
        lab.write(path, path)
    lab.write(".dvcignore", CORPUS[name])
    two = lab.copy("other")
    lab.dvc("add", "-q", "data", code=None)
    two.ours("add", "-q", "data", code=None)
    assert (lab.root / "data.dvc").exists() == (two.root / "data.dvc").exists()
    if (lab.root / "data.dvc").exists():
        assert two.read("data.dvc") == lab.read("data.dvc")
    asked = [*FILES, "data", "data/logs", "data/none"]
    words = ("check-ignore", "-d", "-n", *asked)
    expected, got = lab.dvc(*words, code=None), lab.ours(*words, code=None)
    if (got.code, got.out) != (expected.code, expected.out):
        no_differences({words[:3]: (expected, got)})


# What random rules are put together from, and the tree that they are for.
PIECES = (
    *(
        "a",
        "b",
        "ab",
        "a.b",
        "x y",
        "*",
        "**",
        "?",
        "a*",
        "*b",
        "[ab]",
        "[!a]",
        "[a-c]*",
        "\\a",
        "\\*",
        "#",
        "\\#a",
        "é",
        ".a",
    ),
)
PLACES = ("a", "b", "ab", "a.b", "x y", "*", "é", ".a", "#a", "ba", "c", "[ab]")
WALKED = """\
import json, os
from dvc.fs import localfs
from dvc.ignore import DvcIgnoreFilter
found = {}
for name in os.listdir(base):
    root = os.path.join(base, name)
    try:
        rules = DvcIgnoreFilter(localfs, root)
        found[name] = sorted(
            os.path.relpath(os.path.join(at, one), root) for at, _, files in rules.walk(localfs, root) for one in files
        )
    except Exception as error:
        found[name] = repr(error)
print(json.dumps(found))
"""


def random_rule(chance: random.Random) -> str:
    segments = [chance.choice(PIECES) for _ in range(chance.choice((1, 1, 2, 3)))]
    begin, end = (
        chance.choice(("", "", "", "!", "/", "!/", " ")),
        chance.choice(("",) * 12 + ("/",) * 4 + ("/**", " ", "\\ ")),
    )
    return begin + "/".join(segments) + end


def random_rules(folder: Path, chance: random.Random) -> None:
    """A folder with files, and with rules in it and below it."""
    for _ in range(24):
        file = folder.joinpath(*(chance.choice(PLACES) for _ in range(chance.randrange(1, 4))))
        if not file.exists() and not any(above.is_file() for above in file.parents):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("x")
    # DVC reads the name of a folder with rules as a pattern, and takes the first backslash from rules that are not in the root.
    inner = [one for one in sorted(folder.rglob("*")) if one.is_dir() and not re.search(r"[*\[#]", str(one))]
    for place in (folder, *chance.sample(inner, k=min(len(inner), chance.randrange(3)))):
        lines = [random_rule(chance) for _ in range(chance.randrange(1, 5))]
        if place != folder:
            lines = [re.sub(r"^([ !]*/?(?:\*\*/)?)\\", r"\1", line) for line in lines]
        (place / ".dvcignore").write_text(chance.choice(("\n", "\r\n")).join(lines), newline="")


def test_i11_random_rules_leave_out_the_same(lab: Lab) -> None:
    chance = random.Random(11)
    base = lab.base / "cases"
    for number in range(300):
        random_rules(base / str(number), chance)
    expected = lab.python(f"base = {str(base)!r}\n{WALKED}").json
    assert sum(isinstance(one, list) for one in expected.values()) > 200
    for number, files in expected.items():
        root = base / number
        rules = {str(file.relative_to(root)): file.read_bytes() for file in sorted(root.rglob(".dvcignore"))}
        assert walked(root) == (files if isinstance(files, list) else "refused"), rules


def walked(root: Path) -> list[str] | str:
    try:
        return sorted(os.path.relpath(file.path, root) for _, _, found in Ignore(root).walk() for file in found)
    except InvalidInput:
        return "refused"


def test_i12_random_names_are_escaped_alike(lab: Lab) -> None:
    chance = random.Random(12)
    names = ["".join(chance.choices("ab *?[]!#\\\t-~é😀.$^{}()|+", k=chance.randrange(1, 8))) for _ in range(2000)]
    program = (
        "import json\nfrom pathspec.patterns import GitWildMatchPattern\n"
        f"print(json.dumps([GitWildMatchPattern.escape(name) for name in {names!r}]))"
    )
    assert [escape(name) for name in names] == lab.python(program).json


def test_i11_rules_of_inner_folders_and_inner_repositories_count(lab: Lab) -> None:
    for path in ("a/data/x.tmp", "a/data/y.bin", "b/data/x.tmp", "b/data/y.bin", "c/data/x.tmp"):
        lab.write(path, path)
    lab.write(".dvcignore", "*.bin\n")
    lab.write("a/.dvcignore", "*.tmp\n!y.bin\n")
    lab.write("b/.dvcignore", "/data/x.tmp\n!data/y.bin\n")
    lab.git("init", "--quiet", "c")
    lab.dvc("init", "-q", "--subdir", "c", code=None)
    two = lab.copy("other")
    lab.dvc("add", "-q", "a/data", "b/data", code=None)
    two.ours("add", "-q", "a/data", "b/data", code=None)
    assert files_in(two.root) == files_in(lab.root)
    asked = ("a/data/x.tmp", "a/data/y.bin", "b/data/x.tmp", "b/data/y.bin", "c/data/x.tmp", "c/data")
    expected, got = lab.dvc("check-ignore", "-d", *asked, code=None), lab.ours("check-ignore", "-d", *asked, code=None)
    assert (got.code, got.out) == (expected.code, expected.out)


@pytest.mark.parametrize("path", ["data/.dvcignore", "data/sub/.dvcignore"])
def test_i11_rules_inside_of_an_output_are_refused(lab: Lab, path: str) -> None:
    lab.write("data/a.txt", "a")
    lab.write(path, "*.tmp\n")
    for tool in (lab.dvc, lab.ours):
        assert tool("add", "-q", "data", code=None).code == 255
        assert not (lab.root / "data.dvc").exists()


def test_i11_an_ignored_target_cannot_be_added(lab: Lab) -> None:
    lab.write("data/a.tmp", "a")
    lab.write(".dvcignore", "*.tmp\n/gone\n")
    lab.write("gone/x", "x")
    for target in ("data/a.tmp", "gone", "gone/x"):
        expected, got = lab.dvc("add", "-q", target, code=None), lab.ours("add", "-q", target, code=None)
        assert got.code == expected.code != 0, target


NAMES = (
    "plain.bin", "with space", "we[i]rd name#.txt", "!bang", "#hash", "tr*il", "que?tion", "back\\slash", "trailing ",
    "yes", "1", "0x10", "1e3", ".5", "null.", "~", "2020-01-01", "a: b", "- x", "'q'", '"q"', "a,b", "@at", "%p", "`t",
    "x" * 90, "word " * 20 + "end", "é", "😀", ".hidden", "-dash", "a$b", "{x}", "deep/er/file", "deep/er/[x]",
)  # fmt: skip


def test_i12_names_are_escaped_alike(lab: Lab, twin: Lab) -> None:
    for lab_, tool in ((lab, "dvc"), (twin, "ours")):
        for name in NAMES:
            lab_.write(name, name)
        lab_.tool(tool)("add", "-q", "--", *NAMES)
        assert "deep/er/.gitignore" in files_in(lab_.root)
    assert files_in(twin.root) == files_in(lab.root)
    assert set(twin.git("status", "--porcelain", "-z", "--untracked-files=all").split("\0")) == set(
        lab.git("status", "--porcelain", "-z", "--untracked-files=all").split("\0")
    )


BEFORE = {
    "without a line feed": "*.pyc",
    "with comments": "# ours\n\n*.pyc\n# end\n",
    "there already": "/model.pkl\n",
    "there in another form": "model.pkl\n",
    "negated": "*.pkl\n!model.pkl\n",
    "empty": "",
    "spaces": "  *.pyc  \n\n\n",
}


@pytest.mark.parametrize("name", BEFORE)
def test_i12_lines_come_and_go_alike(lab: Lab, twin: Lab, name: str) -> None:
    for lab_, tool in ((lab, "dvc"), (twin, "ours")):
        lab_.write(".gitignore", BEFORE[name])
        lab_.commit("Begin")
        lab_.write("model.pkl", "model\n")
        lab_.write("other.bin", "other\n")
        lab_.tool(tool)("add", "-q", "other.bin", code=None)
        lab_.tool(tool)("add", "-q", "model.pkl", code=None)
    assert files_in(twin.root) == files_in(lab.root)
    for lab_, tool in ((lab, "dvc"), (twin, "ours")):
        if (lab_.root / "model.pkl.dvc").exists():
            lab_.tool(tool)("remove", "-q", "model.pkl.dvc")
        lab_.tool(tool)("remove", "-q", "other.bin.dvc")
    assert files_in(twin.root) == files_in(lab.root)


def test_i12_a_file_that_becomes_empty_goes(lab: Lab, first: str, other: str) -> None:
    lab.write("sub/model.pkl", "model\n")
    lab.tool(first)("add", "-q", "sub/model.pkl")
    assert lab.read("sub/.gitignore") == "/model.pkl\n"
    lab.tool(other)("remove", "-q", "sub/model.pkl.dvc")
    assert not (lab.root / "sub" / ".gitignore").exists()


def test_i12_line_ends_of_people_stay(lab: Lab) -> None:
    # DVC makes them its own.
    lab.write(".gitignore", "*.pyc\r\n")
    lab.write("model.pkl", "model\n")
    lab.ours("add", "-q", "model.pkl")
    assert (lab.root / ".gitignore").read_bytes().startswith(b"*.pyc\r\n")
    assert lab.git("check-ignore", "model.pkl", "x.pyc").split() == ["model.pkl", "x.pyc"]


def test_i12_after_a_failed_add_what_is_tracked_is_ignored(lab: Lab) -> None:
    # DVC takes all lines back, and leaves the pointer of what it added.
    lab.write("good", "x")
    assert lab.ours("add", "-q", "good", "none", code=None).code == lab.dvc("add", "-q", "none", code=None).code != 0
    assert (lab.root / "good.dvc").exists() == (lab.git("status", "--porcelain", "good") == "")


def test_i12_moving_moves_the_line(lab: Lab, twin: Lab) -> None:
    for lab_, tool in ((lab, "dvc"), (twin, "ours")):
        lab_.write("a.bin", "x")
        lab_.dvc("add", "-q", "a.bin")
        (lab_.root / "sub").mkdir()
        lab_.tool(tool)("move", "a.bin", "sub/b.bin")
    assert files_in(twin.root) == files_in(lab.root)
    assert lab.tool("ours")("status", "--json").json == twin.tool("dvc")("status", "--json").json == {}
