"""A process that stands for `dvc` ends as DVC does, whatever happens in it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from treering.cli.dvc.parser import Asked
from treering.cli.dvc.program import program, run
from treering.cli.dvc.table import all_verbs
from treering.cli.dvc.verb import Verb
from treering.core.errors import InvalidInput, StorageFull
from treering.core.log import logger
from treering.versioning.errors import CheckoutFailed, ConfigMistake, NotARepository, NotTracked, UnknownRemote


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs a verb made for the test; the exit status."""

    def ending(does: Callable[[Any], Any], failed: int = 255, **options: Any) -> int:
        monkeypatch.setitem(sys.modules, "made_for_the_test", SimpleNamespace(does=does))
        verb = Verb("made", "Made.", "made_for_the_test:does", failed=failed)
        return run(Asked(verb=verb, **{"quiet": 0, "verbose": 0, "cd": ".", **options}))

    return ending


def raising(error: BaseException) -> Callable[[Any], None]:
    def does(_call: Any) -> None:
        raise error

    return does


@pytest.mark.parametrize(
    ("error", "failed", "status"),
    [
        (ConfigMistake("x"), 255, 251),
        (ConfigMistake("x"), 1, 251),
        (UnknownRemote("x"), 255, 251),
        (UnknownRemote("x"), 1, 1),
        (KeyboardInterrupt(), 1, 252),
        (NotARepository("x"), 255, 253),
        (NotARepository("x"), 1, 253),
        (NotTracked("x"), 255, 255),
        (CheckoutFailed("x"), 255, 255),
        (InvalidInput("x"), 1, 1),
        (StorageFull("x"), 255, 255),
        (FileNotFoundError(2, "No such file", "data"), 1, 1),
        (PermissionError(13, "No", "data"), 255, 255),
        (RuntimeError("x"), 1, 255),
    ],
    ids=repr,
)
def test_each_error_has_dvcs_exit_status(
    ended: Callable[..., int], error: BaseException, failed: int, status: int
) -> None:
    assert ended(raising(error), failed) == status


def test_what_a_verb_gives_back_is_the_exit_status(ended: Callable[..., int]) -> None:
    assert ended(lambda _call: None) == 0
    assert ended(lambda _call: 1) == 1


def test_an_error_is_one_line_on_stderr(ended: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    ended(raising(NotTracked("There is no stage 'x'.")))
    assert capsys.readouterr() == ("", "ERROR: There is no stage 'x'.\n")
    ended(raising(FileNotFoundError(2, "No such file or directory", "data.csv")))
    assert capsys.readouterr().err == "ERROR: No such file or directory: data.csv\n"


def test_quiet_leaves_errors_and_what_was_asked_for(
    ended: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    def does(call: Any) -> None:
        call.say("said")
        call.warn("warned")
        call.give("given")
        call.show({"a": "é"})
        raise NotTracked("gone")  # noqa: EM101 - as short as can be

    assert ended(does, quiet=1) == 255
    assert capsys.readouterr() == ('given\n{"a": "\\u00e9"}\n', "ERROR: gone\n")


@pytest.mark.parametrize(
    ("said", "levels"),
    [({}, ["WARNING"]), ({"quiet": 1}, []), ({"verbose": 1}, ["DEBUG", "WARNING"])],
    ids=str,
)
def test_what_the_rooms_below_log_is_told_as_dvc_does(
    ended: Callable[..., int], capsys: pytest.CaptureFixture[str], said: dict[str, int], levels: list[str]
) -> None:
    def does(_call: Any) -> None:
        logger.debug("low")
        logger.warning("low")

    assert ended(does, **said) == 0
    assert capsys.readouterr() == ("", "".join(f"{level}: low\n" for level in levels))


def test_cd_goes_there_first(ended: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path.cwd())
    seen = []
    assert ended(lambda _call: seen.append(Path.cwd()), cd=str(tmp_path)) == 0
    assert seen == [tmp_path]
    assert ended(lambda _call: None, cd=str(tmp_path / "nosuch")) == 255


@pytest.mark.parametrize("arguments", [["nosuch"], ["add"], ["root", "--nosuch"], [], ["remote"]], ids=str)
def test_wrong_usage_is_254_and_shows_the_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert program(arguments) == 254
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("ERROR: ")
    assert "usage: treering dvc" in shown.err


@pytest.mark.parametrize("arguments", [["--help"], ["push", "-h"], ["remote", "--help"], ["--version"]], ids=str)
def test_help_is_status_0(arguments: list[str]) -> None:
    assert program(arguments) == 0


def test_outside_of_a_repository_it_is_253(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert program(["root"]) == 253


def test_what_is_refused_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert program(["studio", "token"]) == 1
    assert "not done: it belongs to DVC Studio" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_141() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "treering", "dvc", "completion"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait() == 141


@pytest.mark.parametrize("verb", [verb for verb in all_verbs() if not verb.does], ids=lambda verb: verb.name)
def test_what_runs_nothing_says_why(verb: Verb) -> None:
    assert verb.refused


@pytest.mark.parametrize("verb", [verb for verb in all_verbs() if verb.does], ids=lambda verb: verb.name)
def test_what_runs_a_verb_is_there(verb: Verb) -> None:
    module, _, name = verb.does.partition(":")
    assert callable(getattr(__import__(module, fromlist=[name]), name))
