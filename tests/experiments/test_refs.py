from __future__ import annotations

import subprocess

import pytest

from treering.core.errors import InvalidInput
from treering.experiments.names import new_name
from treering.experiments.refs import ExperimentRef, StashMessage, check_name, parse_ref, read_stash_message

SHA = "bfc7853a8f4b62cffe1285d6da101d92f5c94610"


def test_a_reference_is_the_baseline_in_two_parts_and_the_name() -> None:
    ref = ExperimentRef(SHA, "stout-yapp")
    assert ref.path == "refs/exps/bf/c7853a8f4b62cffe1285d6da101d92f5c94610/stout-yapp"
    assert parse_ref(ref.path) == ref


@pytest.mark.parametrize(
    "path",
    [
        "refs/exps/celery/stash",
        "refs/exps/exec/EXEC_HEAD",
        "refs/exps/temp/head-x",
        f"refs/exps/{SHA[:2]}/{SHA[2:]}",
        f"refs/exps/{SHA[:2]}/{SHA[2:]}/a/b",
        "refs/heads/main",
    ],
)
def test_other_references_are_no_experiments(path: str) -> None:
    assert parse_ref(path) is None


def test_the_reflog_of_a_queue_is_understood() -> None:
    said = read_stash_message(f"commit: dvc-exp:{SHA}:{SHA}:silly-oafs")
    assert said == StashMessage(SHA, SHA, "silly-oafs")
    assert said.text == f"dvc-exp:{SHA}:{SHA}:silly-oafs"
    assert read_stash_message(f"dvc-exp:{SHA}:{SHA}::refs/exps/x") == StashMessage(SHA, SHA, "", "refs/exps/x")
    assert read_stash_message("WIP on main") is None


NAMES = [
    "a",
    "a-b",
    "a.b",
    "exp_1",
    "a@b",
    "é",
    "a b",
    "",
    ".a",
    "a.",
    "a.lock",
    "a..b",
    "a~",
    "a^",
    "a:",
    "a?",
    "a*",
    "[",
    "\\",
    "a@{",
    "@",
    "a\x7f",
    "a\t",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_good_where_git_finds_it_good(name: str) -> None:
    answer = subprocess.run(["git", "check-ref-format", f"refs/exps/aa/bb/{name}"], check=False).returncode
    # A lone @ is a good part of a reference, but no name that could be asked for.
    if answer == 0 and name != "@":
        assert check_name(name) == name
    else:
        with pytest.raises(InvalidInput, match="cannot be the name"):
            check_name(name)


@pytest.mark.parametrize("name", ["a/b", "-a"])
def test_a_name_has_one_part_and_looks_like_no_option(name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be the name"):
        check_name(name)


def test_a_made_up_name_is_not_taken() -> None:
    class ShortOnesTaken:
        def __contains__(self, name: object) -> bool:
            return str(name).count("-") == 1

    assert new_name(set()).count("-") == 1
    assert new_name(ShortOnesTaken()).count("-") == 2
