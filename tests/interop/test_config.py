"""C1, C2, C3: the config, exit statuses, and nothing in files of DVC's that it does not know."""

from __future__ import annotations

import shutil

import pytest

from dvc_lab import Lab, no_differences

pytestmark = pytest.mark.peer

WRONG_USAGE = 254
# One after the other, in a working tree of each tool; $B stands for a folder beside it.
EDITS = (
    "remote add store s3://bucket/data",
    "remote add -d Near ../near",
    "remote add --local Far $B/far",
    "remote add --global shared ~/shared",
    "remote modify store endpointurl http://localhost:9000",
    "remote modify --local store secret_access_key a,b#c",
    "remote modify store profile it's",
    "remote modify near jobs 4",
    "remote rename near nearer",
    "remote default",
    "remote default store",
    "remote default --local far",
    "config core.autostage true",
    "config cache.type hardlink,symlink",
    "config cache.dir ../shared-cache",
    "config --global core.checksum_jobs 3",
    "config feature.unknown true",
    "config core.autostage",
    "config core.nothing",
    "config -u core.autostage",
    "config -u core.autostage",
    "config core.wrong value",
    "config no-such-form value",
    "config cache.shared everybody",
    "config -l",
    "config -l --local",
    "config -l --show-origin --project",
    "remote list",
    "remote add store s3://again",
    "remote add -f store s3://again",
    "remote modify none url x",
    "remote modify store no_such_option x",
    "remote remove none",
    "remote remove nearer",
    "remote default -u",
    "cache dir",
    "cache dir ../another",
    "cache dir -u",
    "cache dir",
    "config --system core.interactive false",
    "config -l",
)


def written(lab: Lab) -> dict[str, str]:
    files = {
        "repo": lab.root / ".dvc" / "config",
        "local": lab.root / ".dvc" / "config.local",
        "global": lab.base / "global" / "config",
        "system": lab.base / "system" / "config",
    }
    # An empty file says as much as none.
    texts = {level: file.read_text() if file.exists() else "" for level, file in files.items()}
    return {level: "" if text == "\n" else text for level, text in texts.items()}


def test_c1_config_and_remotes_change_alike_step_by_step(lab: Lab, twin: Lab) -> None:
    different = {}
    for edit in EDITS:
        words = [word.replace("$B", str(lab.base)) for word in edit.split()]
        mirrored = [word.replace("$B", str(twin.base)) for word in edit.split()]
        same = str(twin.base), str(lab.base)
        before = {level: text.replace(*same) for level, text in written(twin).items()}
        assert written(lab) == before, f"before {edit}"
        expected, got = twin.dvc(*mirrored, code=None), lab.ours(*words, code=None)
        words = got.out.split(), expected.out.replace(*same).split()
        if got.code != expected.code or (words[0] != words[1] and expected.code != WRONG_USAGE):
            different[edit] = (expected, got)
    no_differences(different)
    assert written(lab) == {level: text.replace(*same) for level, text in written(twin).items()}


def test_c1_each_reads_what_the_other_wrote(lab: Lab, first: str, other: str) -> None:
    tool = lab.tool(first)
    tool("remote", "add", "-d", "store", "../store")
    tool("remote", "modify", "--local", "store", "verify", "true")
    tool("config", "cache.type", "hardlink,copy")
    assert lab.tool(other)("config", "-l").out == tool("config", "-l").out
    assert "remote.store.url" in tool("config", "-l").out


# From the one that counts least.
LEVELS = ("system/config", "global/config", "project/.dvc/config", "project/.dvc/config.local")


def test_c1_nearer_levels_come_first(lab: Lab, twin: Lab) -> None:
    for number, place in enumerate(LEVELS):
        text = (
            f"[core]\n    remote = r{number}\n[cache]\n    dir = ../at{number}\n"
            f"['remote \"r{number}\"']\n    url = ../store{number}\n"
            f"['remote \"same\"']\n    url = s3://bucket/{number}\n    jobs = {number + 1}\n"
        )
        for each in (lab, twin):
            each.write(f"../{place}", text)
    for number, place in reversed(list(enumerate(LEVELS))):
        # What is relative is so to the file that says it.
        for words in (("config", "-l", "--show-origin"), ("config", "-l"), ("remote", "list"), ("cache", "dir")):
            expected, got = twin.dvc(*words), lab.ours(*words)
            assert sorted(got.out.split()) == sorted(expected.out.replace(str(twin.base), str(lab.base)).split()), words
        assert lab.ours("remote", "default").out == f"r{number}\n"
        assert f"remote.same.url=s3://bucket/{number}" in lab.ours("config", "-l").out
        for each in (lab, twin):
            each.write(f"../{place}", "")


BY_HAND = (
    "# ours\n\n[core]\n    remote = a # behind it\n['remote \"a\"']\n    url = '../a b'\n",
    "[CORE]\nRemote=a\n[ 'remote \"A\"' ]\n  URL=s3://x/y\n",
    "['remote \"a\"']\nurl = s3://x\n[core]\nremote = a\n[cache]\ntype = hardlink, copy\n",
    '["remote \\"a\\""]\nurl = s3://x\n',
    "['remote \"a\"']\nurl = %(profile)s://x\nprofile = s3\n",
    "[core]\nremote = a\nremote = b\n",
    "[core]\nno_scm = yes\n",
    "[cores]\nx = y\n",
    "x = y\n",
    "['remote \"a\"']\nuser = x\n",
    "[core]\nchecksum_jobs = 0\n",
    "[feature]\nx = y\n",
    "[hydra]\nconfig_dir = a\nconfig_module = b\n",
    "['db \"pg\"']\nurl = postgresql://x\n",
    "[core\n",
    "\ufeff[core]\nautostage = true\n",
)


def test_c1_files_by_hand_are_understood_alike(lab: Lab) -> None:
    different = {}
    for text in BY_HAND:
        lab.write(".dvc/config", text)
        # `config -l` shows a file that the schema refuses, and `status` does not work with it.
        for call in ("config -l", "status"):
            expected, got = lab.dvc(*call.split(), code=None), lab.ours(*call.split(), code=None)
            # What both say about a repository without anything in it is in words of their own.
            if got.code != expected.code or (call != "status" and got.out != expected.out):
                different[text, call] = (expected, got)
    no_differences(different)


# What each state of a working tree is asked; none of it changes the state, or both tools change it alike.
ASKED = {
    "clean": (
        *("status", "status -q", "status none", "status --no-such-option", "no-such-command", "", "add", "add none"),
        *("add model.pkl/none", "checkout", "checkout none", "pull", "push", "push -r none", "fetch none", "repro"),
        *("remove none.dvc", "root --cd ..", "status --cd ..", "diff none", "check-ignore x", "gc", "freeze none"),
        *("move none b", "version", "init", "config", "remote", "metrics show", "params diff", "dag", "stage list"),
        *("exp list", "list .", "list . none", "data status", "unprotect none", "commit none"),
        *("import-url none", "cache dir", "remote modify none url x", "exp apply none", "queue status", "diff"),
    ),
    "changed": ("status", "status -q", "checkout", "data status", "diff", "commit", "add --no-commit -q"),
    "missing": ("status", "status -q", "pull", "fetch", "data status", "diff"),
    # Without a remote, DVC's `fetch` ends well though nothing can be had.
    "nowhere": ("checkout", "pull", "status", "push", "checkout --allow-missing"),
    "wrong config": ("status", "root", "config -l", "remote list", "add x", "version"),
    "wrong pointer": ("status", "checkout", "diff", "list .", "data status", "add x"),
    "conflict": ("status", "checkout", "add x"),
}


def put_into(lab: Lab, state: str) -> None:
    if state == "changed":
        lab.write("model.pkl", "changed\n")
    elif state in {"missing", "nowhere"}:
        (lab.root / "model.pkl").unlink(missing_ok=True)
        if state == "nowhere":
            shutil.rmtree(lab.root / ".dvc" / "cache", ignore_errors=True)
    elif state == "wrong config":
        lab.write(".dvc/config", "[core]\n    wrong = x\n")
    elif state == "wrong pointer":
        lab.write("model.pkl.dvc", "outs:\n- md5: abc\n  path: model.pkl\n  wrong: x\n")
    elif state == "conflict":
        pointer = lab.git("show", "HEAD:model.pkl.dvc") + "\n"
        lab.write("model.pkl.dvc", f"<<<<<<< HEAD\n{pointer}=======\n{pointer}>>>>>>> other\n")


@pytest.mark.parametrize("state", ASKED)
def test_c2_commands_end_with_the_same_status(lab: Lab, state: str) -> None:
    lab.write("model.pkl", "model\n")
    lab.dvc("add", "-q", "model.pkl")
    lab.commit()
    different = {}
    for call in ASKED[state]:
        told = []
        for tool in (lab.dvc, lab.ours):
            put_into(lab, state)
            told.append(tool(*call.split(), code=None))
        if told[0].code != told[1].code:
            different[call] = (told[0], told[1])
    no_differences(different)


def test_c2_outside_of_a_repository_both_say_so(lab: Lab) -> None:
    for call in (
        "status",
        "root",
        "add x",
        "push",
        "exp list",
        "config -l",
        "remote list",
        "remote add a b",
        "version",
    ):
        words = [*call.split(), "--cd", str(lab.base)]
        expected, got = lab.dvc(*words, code=None), lab.ours(*words, code=None)
        assert got.code == expected.code, f"{call}:\n{expected.told}\n---\n{got.told}"


def test_c2_init_ends_alike(lab: Lab, twin: Lab) -> None:
    for words in (
        ("init", "--cd", ".."), ("init",), ("init", "-f"), ("init", "sub"), ("init", "--subdir", "sub"),
        ("init", "--no-scm", "free"), ("init", "--no-scm", "-f", "sub"),
    ):  # fmt: skip
        expected, got = twin.dvc(*words, code=None), lab.ours(*words, code=None)
        assert got.code == expected.code, f"{words}:\n{expected.told}\n---\n{got.told}"
        assert lab.git("status", "--porcelain") == twin.git("status", "--porcelain"), words
        assert files_beside(lab) == files_beside(twin), words


def files_beside(lab: Lab) -> dict[str, bytes]:
    """What lies in all folders `.dvc`, but for what is temporary."""
    return {
        str(file.relative_to(lab.root)): file.read_bytes()
        for folder in lab.root.rglob(".dvc")
        for file in folder.rglob("*")
        if file.is_file() and "tmp" not in file.relative_to(folder).parts
    }
