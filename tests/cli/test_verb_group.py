"""Treering's own groups take what DVC's verbs take, in click's way."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import click
import pytest

from treering.cli.commands.data import data
from treering.cli.commands.exp import exp
from treering.cli.commands.pipeline import pipeline
from treering.cli.commands.repro import repro
from treering.cli.dvc.declared.options import LEVELS, REMOTE_OF_SOURCE, RUN_CACHE
from treering.cli.dvc.verb import Argument, Option, Verb
from treering.cli.main import main
from treering.cli.verb_group import Row, VerbGroup, command_of, row

MADE = Verb(
    "made",
    "Made for the test.",
    "made_for_the_test:does",
    (
        Argument("target", "One.", "?"),
        *LEVELS,
        Option("--no-relink", "Not.", name="relink", const=False),
        Option("-j --jobs", "Many.", takes="<number>", kind=int, default=2),
        Option("-S --set", "Set.", takes="<x>", how="append"),
        Option("--targets", "Some.", takes="<paths>", how="several"),
        Option(
            "--untracked", "Which.", takes="<which>", how="perhaps", default="no", const="all", choices=("no", "all")
        ),
        *REMOTE_OF_SOURCE,
        RUN_CACHE,
    ),
    ("mk",),
)
PRESETS = {
    "target": None, "level": None, "relink": True, "jobs": 2, "set": [], "targets": None, "untracked": "no",
    "config": None, "remote": None, "remote_config": None, "run_cache": False, "quiet": False,
}  # fmt: skip


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the verb was called with; it gives back the number that it was told to."""
    seen: list[Any] = []

    def does(call: Any) -> int:
        seen.append(call)
        return call.options.jobs if call.options.jobs > 2 else 0

    monkeypatch.setitem(sys.modules, "made_for_the_test", SimpleNamespace(does=does))
    return seen


def called(item: Row, *arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        command_of("made", item).main(list(arguments), "made")
    assert isinstance(caught.value.code, int)
    return caught.value.code


@pytest.mark.parametrize(
    ("arguments", "changed"),
    [
        ([], {}),
        (["x"], {"target": "x"}),
        (["--local"], {"level": "local"}),
        (["--project"], {"level": "repo"}),
        (["--no-relink"], {"relink": False}),
        (["-j", "1"], {"jobs": 1}),
        (["-S", "a=1", "-S", "b=2"], {"set": ["a=1", "b=2"]}),
        (["--targets", "a", "--targets", "b"], {"targets": ["a", "b"]}),
        (["--untracked"], {"untracked": "all"}),
        (["--untracked=no"], {"untracked": "no"}),
        (["--remote-config", "a=b=c"], {"remote_config": {"a": "b=c"}}),
        (["--run-cache"], {"run_cache": True}),
        (["--run-cache", "--no-run-cache"], {"run_cache": False}),
        (["-q"], {"quiet": True}),
    ],
    ids=str,
)
def test_a_verb_finds_what_was_given(calls: list[Any], arguments: list[str], changed: dict[str, Any]) -> None:
    assert called(row(MADE), *arguments) == 0
    options = vars(calls[0].options)
    assert options.pop("verb") == MADE
    assert options == {**PRESETS, **changed}
    assert calls[0].ours
    assert calls[0].quiet == options["quiet"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--global", "--local"], "--global and --local exclude each other"),
        (["--remote-config", "a"], "'a' is not of the form name=value"),
        (["-j", "x"], "not a valid integer"),
        (["--untracked=some"], "'some' is not one of"),
        (["--nosuch"], "No such option"),
    ],
    ids=str,
)
def test_wrong_usage_is_status_2(
    calls: list[Any], capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert called(row(MADE), *arguments) == 2
    assert told in capsys.readouterr().err
    assert not calls


def test_a_verb_that_fails_is_status_1(calls: list[Any]) -> None:
    assert called(row(MADE), "-j", "255") == 1
    assert calls


def test_rows_add_and_leave_out(calls: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    item = row(MADE, Option("--more", "More."), without=("--set",), text="Another line.")
    assert called(item, "--more") == 0
    assert calls[0].options.more
    assert not hasattr(calls[0].options, "set")
    assert called(item, "--help") == 0
    text = capsys.readouterr().out
    assert "Another line." in text
    assert "-S" not in text
    assert "[TARGET]  One." in text


def test_a_group_knows_aliases_and_does_not_list_them(calls: list[Any]) -> None:
    group = VerbGroup("group", "A group.", {"made": row(MADE)})
    context = click.Context(group)
    assert group.list_commands(context) == ["made"]
    command = group.get_command(context, "mk")
    assert command is not None
    assert command.name == "made"
    assert group.get_command(context, "nosuch") is None
    with pytest.raises(SystemExit):
        group.main(["mk", "x"])
    assert calls[0].options.target == "x"


def commands(group: click.Command, path: str) -> list[tuple[str, click.Command]]:
    if not isinstance(group, click.Group):
        return [(path, group)]
    context = click.Context(group)
    inner = [(name, group.get_command(context, name)) for name in group.list_commands(context)]
    return [found for name, command in inner if command for found in commands(command, f"{path} {name}")]


OURS = [
    found for name, group in (("data", data), ("pipeline", pipeline), ("exp", exp)) for found in commands(group, name)
]


@pytest.mark.parametrize(("path", "command"), OURS, ids=[path for path, _ in OURS])
def test_no_option_stands_twice(path: str, command: click.Command) -> None:
    flags = [flag for param in command.params for flag in (*param.opts, *param.secondary_opts) if flag.startswith("-")]
    assert sorted(set(flags)) == sorted(flags), path


def test_the_promised_commands_are_there() -> None:
    # As the design of the command line lists them.
    promised = (
        "data add|data status|data diff|data checkout|data commit|data push|data pull|data fetch|data list|data get|"
        "data import|data import-url|data update|data remove|data move|data gc|data remote add|data cache dir|"
        "data verify|data du|data unprotect|data check-ignore|pipeline run|pipeline status|pipeline dag|"
        "pipeline stage add|pipeline freeze|pipeline unfreeze|pipeline params diff|pipeline metrics show|"
        "pipeline metrics diff|pipeline plots show|pipeline plots diff|exp run|exp queue start|exp show|exp diff|"
        "exp apply|exp branch|exp save|exp list|exp remove|exp push|exp pull"
    )
    assert set(promised.split("|")) <= {path for path, _ in OURS}


def test_repro_is_pipeline_run() -> None:
    run = pipeline.get_command(click.Context(pipeline), "run")
    assert run is not None
    assert [param.opts for param in repro.params] == [param.opts for param in run.params]


@pytest.mark.parametrize("words", [["data", "add", "--help"], ["repro", "--help"], ["data", "remote", "add", "--help"]])
def test_they_are_commands_of_treering(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main.main(words)
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith(f"Usage: treering {' '.join(words[:-1])}")


def test_words_are_completed() -> None:
    assert [item.value for item in data.shell_complete(click.Context(data), "chec")] == ["check-ignore", "checkout"]
