from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pathspec.patterns.gitignore.base import GitIgnorePatternError
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from permissions import bound_by_permissions
from treering.core.errors import InvalidInput, PermissionDenied
from treering.versioning.ignore import Ignore, Reason
from treering.versioning.ignore_patterns import escape, read_pattern

LINES = st.lists(st.text("ab*?/!.[]^-\\#", min_size=1, max_size=6), max_size=5)
NAMES = st.text("ab.[]-", min_size=1, max_size=3).filter(lambda name: name not in {".", ".."})
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


def by_pathspec(lines: list[str], path: str, *, is_dir: bool) -> bool:
    """As DVC asks pathspec: folder by folder, the last line that matches."""
    rules = []
    for line in lines:
        try:
            regex, include = GitIgnoreSpecPattern.pattern_to_regex(line)
            if regex is not None:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", FutureWarning)
                    rules.append((re.compile(regex), include, line.endswith("/")))
        except (GitIgnorePatternError, re.error, ValueError):
            continue
    parts = path.split("/")
    for end in range(1, len(parts) + 1):
        here, folder = "/".join(parts[:end]), is_dir or end < len(parts)
        for regex, include, dirs_only in reversed(rules):
            if dirs_only and not folder:
                continue
            if regex.match(here) or (folder and regex.match(here + "/")):
                if include:
                    return True
                break
    return False


@settings(max_examples=800)
@given(LINES, PATHS, st.booleans())
def test_a_file_ignores_what_pathspec_says_that_it_ignores(lines: list[str], path: str, is_dir: bool):
    stripped = [line.strip() for line in lines if not line.strip().endswith("\\")]
    lines = stripped
    text = "\n".join(lines).encode()
    ignore = Ignore("/r", lambda name: text if name == ".dvcignore" else None)
    assert ignore.is_ignored(path, is_dir=is_dir) is by_pathspec(stripped, path, is_dir=is_dir)


@pytest.mark.parametrize(
    ("lines", "ignored", "kept"),
    [
        ("*.tmp", ["a.tmp", "x/y/a.tmp", ".tmp", "d.tmp/x"], ["a.tmpx", "tmp"]),
        ("/a", ["a", "a/b"], ["x/a"]),
        ("a/b", ["a/b", "a/b/c"], ["x/a/b"]),
        ("d/", ["d/x", "e/d/x"], ["d"]),
        ("**/q/**", ["q/x", "a/q/b/c"], ["q", "a/q"]),
        ("a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["z", "b/a/z"]),
        ("*\n!keep", ["x", "y/keep"], ["keep"]),
        ("d\n!d/x", ["d/x"], []),
        ("d/*\n!d/x", ["d/y"], ["d/x"]),
        (r"\#x" + "\n" + r"\!y", ["#x", "!y"], ["x", "y"]),
        ("# a\n\n  b  ", ["b"], ["a", "# a"]),
        ("[ab]x\n[!c]y\n[z", ["ax", "ay"], ["cx", "cy", "[z"]),
        ("é*", ["é", "éa"], ["e"]),
    ],
)
def test_the_language_is_that_of_gitignore(lines: str, ignored: list[str], kept: list[str]):
    ignore = Ignore("/r", lambda name: lines.encode() if name == ".dvcignore" else None)
    assert [path for path in [*ignored, *kept] if ignore.is_ignored(path, is_dir=False)] == ignored


@pytest.mark.parametrize("line", ["x\\", "with space\\ ", "a\\\\\\"])
def test_a_backslash_that_escapes_nothing_is_told_with_its_place(line: str):
    ignore = Ignore("/r", lambda name: f"y\n{line}\n".encode() if name == ".dvcignore" else None)
    with pytest.raises(InvalidInput, match=r"\.dvcignore, line 2"):
        ignore.is_ignored("x", is_dir=False)


def make(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def walked(ignore: Ignore, top: str = "") -> list[str]:
    return sorted(os.path.relpath(entry.path, ignore.root) for _, _, files in ignore.walk(top) for entry in files)


def test_walking_leaves_out_what_is_ignored_and_goes_nowhere_else(tmp_path: Path):
    make(
        tmp_path,
        {
            ".dvcignore": "*.tmp\n/out\nlogs/\n",
            "sub/.dvcignore": "!keep.tmp\nlocal\n",
            "a.tmp": "",
            "a.txt": "",
            "out/x": "",
            "sub/out/x": "",
            "sub/keep.tmp": "",
            "sub/b.tmp": "",
            "sub/local": "",
            "sub/deep/local": "",
            "sub/deep/keep.tmp": "",
            "sub/deep/x": "",
            "local": "",
            "logs/x": "",
            "sub/logs/x": "",
            "inner/.dvc/config": "",
            "inner/x": "",
            ".git/config": "",
            ".dvc/config": "",
            "m/.git": "",
            "m/x": "",
        },
    )
    ignore = Ignore(tmp_path)
    found = walked(ignore)
    assert found == [
        *(".dvcignore", "a.txt", "local", "m/x", "sub/.dvcignore", "sub/deep/keep.tmp", "sub/deep/x"),
        *("sub/keep.tmp", "sub/out/x"),
    ]
    assert walked(Ignore(tmp_path), "sub/deep") == ["sub/deep/keep.tmp", "sub/deep/x"]
    assert walked(Ignore(tmp_path), "inner") == []
    assert walked(Ignore(tmp_path), "out") == []
    assert walked(Ignore(tmp_path), "a.txt") == []
    fresh = Ignore(tmp_path)
    every = [file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*") if file.is_file()]
    assert sorted(path for path in every if not fresh.is_ignored(path)) == found
    assert sorted(path for path in every if not fresh.is_ignored(tmp_path / path)) == found


def test_a_directory_that_is_taken_out_is_not_entered(tmp_path: Path):
    make(tmp_path, {"a/x": "", "b/y": ""})
    seen = []
    for path, dirs, _ in Ignore(tmp_path).walk():
        seen.append(os.path.relpath(path, tmp_path))
        dirs[:] = [entry for entry in dirs if entry.name != "a"]
    assert seen == [".", "b"]


def test_links_are_given_and_not_followed(tmp_path: Path):
    make(tmp_path, {"a/x": ""})
    (tmp_path / "l").symlink_to(tmp_path / "a")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "y").symlink_to(tmp_path / "a" / "x")
    (tmp_path / "gone").symlink_to(tmp_path / "nothing")
    assert walked(Ignore(tmp_path)) == ["a/x", "a/y", "gone"]


def test_an_ignore_file_that_is_ignored_says_nothing(tmp_path: Path):
    make(tmp_path, {".dvcignore": "/sub/.dvcignore\n", "sub/.dvcignore": "x\n", "sub/x": ""})
    assert walked(Ignore(tmp_path)) == [".dvcignore", "sub/x"]


def test_a_directory_that_may_not_be_read_is_not_passed_over(tmp_path: Path):
    (tmp_path / "a").mkdir(mode=0)
    with pytest.raises(PermissionDenied, match="may not be read"):
        bound_by_permissions(lambda: walked(Ignore(tmp_path)))


def test_a_rule_for_all_folders_counts_below_the_root_as_in_dvc():
    for file, inside in ((".dvcignore", ""), ("sub/.dvcignore", "sub/")):
        ignore = Ignore("/r", lambda name, file=file: b"*/" if name == file else None)
        assert ignore.is_ignored(f"{inside}x", is_dir=True) is bool(inside)
        assert ignore.is_ignored(f"{inside}y/z", is_dir=False) is bool(inside)
        assert not ignore.is_ignored(f"{inside}x", is_dir=False)


def test_walking_outside_is_refused(tmp_path: Path):
    with pytest.raises(InvalidInput, match="outside"):
        walked(Ignore(tmp_path / "a"), "..")


def test_the_line_that_decides_is_told(tmp_path: Path):
    make(
        tmp_path,
        {
            ".dvcignore": "# these\n*.x\n!a.x\nd/\n",
            "sub/.dvcignore": "!b.x\n",
            "d/y": "",
            "in/.dvc/c": "",
        },
    )
    ignore = Ignore(tmp_path)
    assert ignore.why("c.x") == Reason(".dvcignore", 2, "*.x", ignores=True)
    assert ignore.why("a.x") == Reason(".dvcignore", 3, "!a.x", ignores=False)
    assert ignore.why("sub/b.x") == Reason("sub/.dvcignore", 1, "!b.x", ignores=False)
    assert ignore.why("d/y") == Reason(".dvcignore", 4, "d/", ignores=True)
    assert ignore.why("in/z") == Reason("in sub_repo:in", 0, "", ignores=True)
    assert ignore.why(".git") == Reason("", 0, ".git", ignores=True)
    assert ignore.why("plain") is None
    assert ignore.why("") is None


@pytest.mark.parametrize("name", ["we[i]rd name#.txt", "!bang", "#x", "a*b?", "back\\slash", "é"])
def test_an_escaped_name_matches_itself_alone(name: str):
    pattern = read_pattern(f"/{escape(name)}")
    assert pattern is not None
    assert pattern.matches(name, is_dir=False)
    assert not pattern.matches(f"{name}x", is_dir=False)


def test_neither_pathspec_nor_yaml_is_loaded_to_walk():
    script = (
        "import sys; from treering.versioning.ignore import Ignore; list(Ignore('.').walk());"
        "assert not {'pathspec', 'yaml', 'ruamel'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
