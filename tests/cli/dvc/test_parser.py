"""Each row of DVC's option tree, which tree.json writes down from DVC 3.67.1, is understood as DVC understands it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from treering.cli.dvc.parser import SPOKEN, Asked, HelpShown, WrongUsage, parse
from treering.cli.dvc.table import ALIASES, FIRST_WORDS, GROUPS, all_verbs, find_verb

TREE: list[dict[str, Any]] = json.loads((Path(__file__).parent / "tree.json").read_text("utf-8"))
VERBS = [row for row in TREE if "group" not in row]
OPTIONS = [(row, item) for row in VERBS for item in row["takes"] if item["flags"]]


def words(row: dict[str, Any]) -> list[str]:
    return [names[0] for names in row["path"]]


def ask(*arguments: str) -> Asked:
    return parse(arguments, "dvc")


def needed(row: dict[str, Any], *but: str) -> list[str]:
    """The least that a verb has to be given, besides options of these names."""
    given = []
    for item in row["takes"]:
        if item.get("required") and item["dest"] not in but:
            given += [item["flags"][-1], "needed"]
    return [*given, *("x.y" for item in row["takes"] if not item["flags"] and item["count"] in {"", "+"})]


def name_of(value: Any) -> str:
    if "path" in value:
        return "-".join(words(value))
    return value["flags"][-1] if value["flags"] else value["dest"]


@pytest.mark.parametrize("row", VERBS, ids=name_of)
def test_each_verb_is_known_by_all_its_names(row: dict[str, Any]) -> None:
    first, *rest = row["path"]
    verb = find_verb(first[0], rest[0][0] if rest else "")
    assert verb is not None
    for word in first:
        for second in rest[0] if rest else [""]:
            assert find_verb(word, second) == verb


@pytest.mark.parametrize("row", VERBS, ids=name_of)
def test_each_verb_takes_the_same_and_no_more(row: dict[str, Any]) -> None:
    verb = find_verb(*words(row))
    assert verb is not None
    theirs = {(" ".join(item["flags"]), item["dest"]) for item in row["takes"]}
    ours = {(option.flags, option.dest) for option in verb.options} | {("", item.name) for item in verb.arguments}
    assert ours == theirs
    hidden = {option.flags for option in verb.options if option.hidden}
    assert hidden == {" ".join(item["flags"]) for item in row["takes"] if item.get("hidden")}


def test_there_are_no_other_verbs() -> None:
    theirs = {" ".join(words(row)) for row in VERBS}
    assert {verb.name for verb in all_verbs()} == theirs
    assert set(GROUPS) == {words(row)[0] for row in TREE if "group" in row}
    assert set(FIRST_WORDS) == {words(row)[0] for row in TREE}
    assert {alias for row in TREE for alias in row["path"][0][1:]} == set(ALIASES)


@pytest.mark.parametrize(("row", "item"), OPTIONS, ids=name_of)
def test_each_option_is_understood(row: dict[str, Any], item: dict[str, Any]) -> None:
    rest = needed(row, item["dest"])
    for flag in item["flags"]:
        value = item.get("choices", ["7" if item.get("int") else "a=b"])[-1]
        given = [flag] if "switch" in item else [flag, value]
        # An option that takes any number of values would take those of the verb, too.
        asked = vars(ask(*words(row), *rest, *given))[item["dest"]]
        if "switch" in item:
            assert asked == (
                not flag.startswith("--no-")
                if len(item["flags"]) > 1 and flag.startswith(("--run", "--no-run"))
                else item["switch"]
            )
            continue
        value = 7 if item.get("int") else value
        expected = {"append": [value], "several": [value], "pairs": {"a": "b"}}.get(item["takes"], value)
        assert asked == expected


@pytest.mark.parametrize("row", VERBS, ids=name_of)
def test_what_is_not_given_is_as_dvc_has_it(row: dict[str, Any]) -> None:
    asked = vars(ask(*words(row), *needed(row)))
    for item in row["takes"]:
        if not item["flags"] or item.get("required") or item["dest"] in {"message", "on_error"}:
            continue
        if "switch" in item:
            assert asked[item["dest"]] == (not item["switch"] if isinstance(item["switch"], bool) else None)
        else:
            assert asked[item["dest"]] == item.get("default", [] if item["takes"] == "append" else None)


@pytest.mark.parametrize("row", VERBS, ids=name_of)
def test_each_verb_explains_itself(row: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(HelpShown):
        ask(*words(row), "--help")
    text = capsys.readouterr().out
    for item in row["takes"]:
        for flag in item["flags"]:
            assert (flag in text) != bool(item.get("hidden")) or flag in {"--all", "--json"}


@pytest.mark.parametrize("row", VERBS, ids=name_of)
def test_a_wrong_option_is_refused_with_the_help_of_the_verb(row: dict[str, Any]) -> None:
    with pytest.raises(WrongUsage) as caught:
        ask(*words(row), "--no-such-option", *needed(row))
    if words(row) != ["stage", "add"]:
        assert "--no-such-option" in str(caught.value)
    assert caught.value.help.startswith(f"usage: dvc {' '.join(words(row))}")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "required: command"),
        (["nosuch"], "no command 'nosuch'"),
        (["remote"], "required: command"),
        (["remote", "nosuch"], "no command 'nosuch'"),
        (["add"], "required: targets"),
        (["-q", "-v", "root"], "not allowed with"),
        (["config", "--global", "--local", "a.b"], "not allowed with"),
        (["import", "--no-exec", "--no-download", "a", "b"], "not allowed with"),
        (["exp", "list", "--name-only", "--sha-only"], "not allowed with"),
        (["push", "-j", "many"], "invalid int value"),
        (["data", "status", "--untracked-files", "some"], "invalid choice"),
        (["list-url", "x", "--fs-config", "nothing"], "name=value"),
        (["stage", "add", "true"], "required: -n/--name"),
    ],
    ids=str,
)
def test_wrong_usage_says_what_is_wrong(arguments: list[str], told: str) -> None:
    with pytest.raises(WrongUsage, match=told):
        ask(*arguments)


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_a_group_lists_its_verbs(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(HelpShown):
        ask(group, "-h")
    text = capsys.readouterr().out
    for row in VERBS:
        if words(row)[0] == group and words(row)[-1] not in {"exec-run", "queue-worker"}:
            assert f"  {words(row)[1]}" in text


def test_help_lists_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(HelpShown):
        ask("--help")
    text = capsys.readouterr().out
    assert "experiments (exp)" in text
    for row in TREE:
        if words(row)[0] not in {"daemon", "dataset", "git-hook", "test-db"}:
            assert f"\n  {words(row)[0]} " in text
    assert "git-hook" not in text


def test_the_version_is_that_of_the_dvc_it_stands_for(capsys: pytest.CaptureFixture[str]) -> None:
    for flag in ("-V", "--version"):
        with pytest.raises(HelpShown):
            ask(flag)
        assert capsys.readouterr().out == f"{SPOKEN}\n"


def test_what_may_be_said_of_every_verb() -> None:
    asked = ask("-q", "--cd", "/", "--wait-for-lock", "status", "-q")
    assert (asked.quiet, asked.cd, asked.wait_for_lock) == (2, "/", True)
    assert ask("root", "-vv").verbose == 2
    assert (
        ask("--cprofile", "--cprofile-dump", "f", "exp", "--pdb", "list", "--viztracer-depth", "3").verb.name
        == "experiments list"
    )


def test_options_may_be_shortened_and_joined_as_argparse_does() -> None:
    asked = ask("push", "--all-b", "-aT", "-j4", "x")
    assert (asked.all_branches, asked.all_tags, asked.jobs, asked.targets) == (True, True, 4, ["x"])


def test_the_command_of_a_stage_keeps_its_own_options() -> None:
    asked = ask("stage", "add", "-n", "x", "-d", "a", "-d", "b", "python", "train.py", "--name", "y", "-v")
    assert (asked.name, asked.deps) == ("x", ["a", "b"])
    assert asked.command == ["python", "train.py", "--name", "y", "-v"]
