from __future__ import annotations

import subprocess
import sys

import pytest

from treering.cli.dvc.completing import candidates
from treering.cli.dvc.program import program


@pytest.mark.parametrize(
    ("words", "incomplete", "expected"),
    [
        ([], "pu", ["pull", "push"]),
        ([], "exp", ["exp", "experiments"]),
        ([], "git", []),
        (["-q"], "roo", ["root"]),
        (["remote"], "re", ["remove", "rename"]),
        (["exp", "run"], "--q", ["--queue"]),
        (["push"], "--all", ["--all-branches", "--all-commits", "--all-tags"]),
        (["push", "-j"], "", []),
        (["completion", "-s"], "", ["bash", "zsh"]),
        (["add"], "", []),
        (["add"], "da", []),
        (["nosuch"], "", []),
        (["remote", "nosuch"], "-", []),
    ],
)
def test_candidates(words: list[str], incomplete: str, expected: list[str]) -> None:
    assert candidates(words, incomplete) == expected


def test_the_script_for_bash_completes(capsys: pytest.CaptureFixture[str]) -> None:
    assert program(["completion", "-s", "bash"]) == 0
    script = capsys.readouterr().out
    code = (
        f"treering() {{ '{sys.executable}' -m treering \"$@\"; }}\n{script}\n"
        "COMP_WORDS=(dvc remote re); COMP_CWORD=2; _treering_dvc; echo ${COMPREPLY[@]}\n"
        "COMP_WORDS=(/usr/bin/treering dvc remote a); COMP_CWORD=3; _treering_dvc; echo ${COMPREPLY[@]}\n"
    )
    done = subprocess.run(["/bin/bash", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == ["remove rename", "add", ""]


def test_the_script_for_zsh_asks_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    assert program(["completion", "--shell", "zsh"]) == 0
    script = capsys.readouterr().out
    assert script.startswith("#compdef dvc")
    assert "treering dvc --complete" in script


def test_words_behind_treering_dvc_are_completed() -> None:
    words = {"COMP_WORDS": "treering dvc remote a", "COMP_CWORD": "3", "_TREERING_COMPLETE": "zsh_complete"}
    done = subprocess.run(
        [sys.executable, "-c", "from treering.cli.main import main; main()"],
        env=words,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "add" in done.stdout.split()
