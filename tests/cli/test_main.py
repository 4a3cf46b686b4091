from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

import treering
from treering.cli.main import COMMANDS, HELP, LazyGroup, Program, main
from treering.core.errors import NotFound
from treering.core.plugins import Registry


def run(
    *arguments: str, env: dict[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from treering.cli.main import main; main()", *arguments],
        capture_output=True, text=True, check=False, env={"PATH": "", **(env or {})}, cwd=cwd,
    )  # fmt: skip


def status(program: click.Command, *arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        program.main(list(arguments))
    assert isinstance(caught.value.code, int)
    return caught.value.code


def failing(error: BaseException) -> Program:
    """A program with the command `fail`, which raises `error`."""
    program = Program(table=Registry("tests.commands", "command", {}), lines={})

    @program.command
    def fail() -> None:
        raise error

    program.get_command = lambda _context, name: fail if name == "fail" else None  # type: ignore[method-assign]
    return program


def test_help_lists_every_command_without_importing_one() -> None:
    code = (
        "import sys; from treering.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([name for name in sys.modules if name.startswith('treering.cli.commands.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name, line in HELP.items():
        assert f"  {name}" in done.stdout
        assert line in done.stdout
    assert done.stdout.rstrip().endswith("[]")


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, treering.cli.main; print([name for name in ('numpy', 'sqlalchemy', 'starlette', 'uvicorn') if name in sys.modules])"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", sorted(COMMANDS.builtins))
def test_each_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(main, name, "--help") == 0
    # `treering dvc` writes as argparse does, with a small letter.
    assert f"usage: treering {name}" in capsys.readouterr().out.replace("Usage", "usage")


def test_a_group_loads_the_command_that_is_called() -> None:
    rows = Registry[click.Command]("tests.commands", "command", {"version": "treering.cli.commands.version:version"})
    group = LazyGroup(table=rows, lines={})
    context = click.Context(group)
    command = group.get_command(context, "version")
    assert command is not None
    assert command.name == "version"
    assert group.get_command(context, "nothing") is None


def test_our_own_errors_are_words_and_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert status(failing(NotFound("No run 'x'. Check the id.")), "fail") == 1
    assert capsys.readouterr().err == "Error: No run 'x'. Check the id.\n"


def test_an_unforeseen_error_is_status_1(caplog: pytest.LogCaptureFixture) -> None:
    assert status(failing(RuntimeError("boom")), "fail") == 1
    assert "a fault of Treering's own" in caplog.text


def test_an_interruption_is_status_130() -> None:
    assert status(failing(KeyboardInterrupt()), "fail") == 130


@pytest.mark.parametrize(
    "arguments", [["nothing"], ["version", "--nothing"], ["version", "more"], ["completion", "tcsh"]]
)
def test_wrong_usage_is_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert status(main, *arguments) == 2
    assert "Usage: treering" in capsys.readouterr().err


def test_version() -> None:
    assert run("version").stdout == run("--version").stdout == f"treering {treering.__version__}\n"
    assert json.loads(run("version", "--json").stdout)["treering"] == treering.__version__


def test_config_says_where_each_value_comes_from(tmp_path: Path) -> None:
    env = {"TREERING_PORT": "5050", "MLFLOW_TRACKING_URI": "http://x", "MLFLOW_PORT": "7"}
    rows = {row["name"]: row for row in json.loads(run("config", "--json", env=env, cwd=tmp_path).stdout)}
    assert (rows["port"]["value"], rows["port"]["source"]) == (5050, "TREERING_PORT")
    assert (rows["tracking_uri"]["value"], rows["tracking_uri"]["source"]) == ("http://x", "MLFLOW_TRACKING_URI")
    assert (rows["host"]["value"], rows["host"]["source"]) == ("127.0.0.1", "default")
    assert "port" in run("config").stdout


def test_config_masks_secrets() -> None:
    env = {
        "TREERING_TRACKING_PASSWORD": "hidden1",
        "TREERING_TRACKING_TOKEN": "hidden2",
        "TREERING_BACKEND_STORE_URI": "postgresql://user:hidden3@db/x",
        "TREERING_TRACKING_URI": "https://user:hid:den4@server",
        "TREERING_WEBHOOK_SECRET_ENCRYPTION_KEY": "hidden5",
        "AZURE_STORAGE_CONNECTION_STRING": "AccountKey=hidden6",
        "TREERING_HDFS_TOKEN": "hidden7",
    }
    for arguments in (["config"], ["config", "--json"]):
        shown = run(*arguments, env=env).stdout
        assert "hid" not in shown
        assert "postgresql://user:********@db/x" in shown
        assert "https://user:********@server" in shown


@pytest.mark.parametrize(("name", "value"), [("TREERING_PORT", "many"), ("TREERING_LOG_LEVEL", "loud"), ("TREERING_JOURNAL_SYNC", "perhaps")])  # fmt: skip
def test_a_malformed_setting_is_named(name: str, value: str) -> None:
    done = run("config", env={name: value})
    assert (done.returncode, done.stdout) == (1, "")
    assert name in done.stderr
    assert value in done.stderr


def test_a_malformed_setting_does_not_hide_the_help() -> None:
    assert run("--help", env={"TREERING_PORT": "many"}).returncode == 0


@pytest.mark.parametrize("shell", ["bash", "fish", "zsh"])
def test_completion(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(main, "completion", shell) == 0
    assert "_TREERING_COMPLETE" in capsys.readouterr().out


def test_names_are_completed() -> None:
    env = {"_TREERING_COMPLETE": "zsh_complete", "COMP_WORDS": "treering ser", "COMP_CWORD": "1"}
    assert "server" in run(env=env).stdout


def test_a_reader_that_has_seen_enough_is_no_fault() -> None:
    command = [sys.executable, "-c", "from treering.cli.main import main; main()", "config"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == b""
    process.wait()
