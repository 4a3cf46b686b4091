"""What every place that runs commands of stages must do: subclass `ExecutorSuite` and give it an `executor` fixture."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from treering.core.errors import TreeringError
from treering.pipelines.executors import Executor, StageCommand
from treering.pipelines.stop import Stop

__all__ = ["Caught", "ExecutorSuite"]

_PATIENCE = 60.0


class Caught:
    """Takes what commands print."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self.out = b""
        self.err = b""

    def __call__(self, data: bytes, is_error: bool, /) -> None:  # noqa: FBT001 - as StageCommand.output is called
        """Take a part of it."""
        with self._guard:
            if is_error:
                self.err += data
            else:
                self.out += data


class ExecutorSuite:
    """The promises of `treering.pipelines.executors.Executor`.

    A subclass provides a fixture `executor`. `tmp_path` has to be a folder there, too.
    """

    settings: Mapping[str, Any] = {}
    """What a stage says under `meta.treering` to run there."""

    def command(self, folder: Path, *lines: str, **more: Any) -> StageCommand:
        """A command of the suite."""
        environ = {"PATH": os.defpath, **more.pop("environ", {})}
        return StageCommand("stage", lines, str(folder), environ, self.settings, **more)

    def test_commands_run_in_their_folder_in_order(self, executor: Executor, tmp_path: Path) -> None:
        """Each is told before it runs, as the user wrote it."""
        folder = tmp_path / "with 'blanks'"
        folder.mkdir()
        told: list[str] = []
        lines = ["echo 'a  b' > out", "cat out >> twice; cat out >> twice", "X=$(cat twice | wc -l); echo $X > count"]
        assert executor.run(self.command(folder, *lines, told=told.append)) == 0
        assert told == lines
        assert (folder / "twice").read_text() == "a  b\na  b\n"
        assert (folder / "count").read_text().strip() == "2"

    def test_the_first_that_fails_ends_it_with_its_status(self, executor: Executor, tmp_path: Path) -> None:
        """Nothing behind it runs."""
        told: list[str] = []
        assert executor.run(self.command(tmp_path, "true", "exit 7", "touch never", told=told.append)) == 7
        assert told == ["true", "exit 7"]
        assert not (tmp_path / "never").exists()

    def test_a_command_that_is_killed_has_failed(self, executor: Executor, tmp_path: Path) -> None:
        """However that is told."""
        assert executor.run(self.command(tmp_path, "kill -9 $$", "touch never")) != 0
        assert not (tmp_path / "never").exists()

    def test_variables_of_the_environment_arrive(self, executor: Executor, tmp_path: Path) -> None:
        """Also those with signs of the shell in them."""
        environ = {"DVC_STAGE": "train@a b", "STRANGE": "$HOME 'quoted' \"twice\"\nlines"}
        executor.run(self.command(tmp_path, 'printf "%s" "$DVC_STAGE|$STRANGE" > out', environ=environ))
        assert (tmp_path / "out").read_text() == f"{environ['DVC_STAGE']}|{environ['STRANGE']}"

    def test_all_output_comes_and_from_which_stream(self, executor: Executor, tmp_path: Path) -> None:
        """Byte for byte; all of it has come when the command has ended."""
        caught = Caught()
        count = 300_000
        line = f"head -c {count} /dev/zero | tr '\\0' x; head -c {count} /dev/zero | tr '\\0' y >&2"
        assert executor.run(self.command(tmp_path, line, output=caught)) == 0
        assert (caught.out, caught.err) == (b"x" * count, b"y" * count)

    def test_output_comes_while_the_command_runs(self, executor: Executor, tmp_path: Path) -> None:
        """Who follows a log sees it at once."""
        come = threading.Event()

        def output(data: bytes, _is_error: bool, /) -> None:  # noqa: FBT001 - as StageCommand.output is called
            if b"begun" in data:
                (tmp_path / "go").touch()
                come.set()

        line = "echo begun; while ! test -e go; do sleep 0.05; done"
        assert executor.run(self.command(tmp_path, line, output=output)) == 0
        assert come.is_set()

    def test_commands_without_our_terminal_read_nothing(self, executor: Executor, tmp_path: Path) -> None:
        """They do not wait for a user who is not there."""
        caught = Caught()
        assert executor.run(self.command(tmp_path, "cat; echo end", output=caught)) == 0
        assert caught.out == b"end\n"

    def test_asking_to_stop_ends_it(self, executor: Executor, tmp_path: Path) -> None:
        """What runs ends, and nothing else begins."""
        stop = Stop()
        lines = ["touch begun; sleep 600", "touch never"]
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(executor.run, self.command(tmp_path, *lines, stop=stop, output=Caught()))
            until = time.monotonic() + _PATIENCE
            while not (tmp_path / "begun").exists() and time.monotonic() < until:
                time.sleep(0.02)
            stop.ask()
            assert running.result(_PATIENCE) != 0
        assert (tmp_path / "begun").exists()
        assert not (tmp_path / "never").exists()

    def test_nothing_begins_after_the_stop(self, executor: Executor, tmp_path: Path) -> None:
        """Not even the first command."""
        stop = Stop()
        stop.ask()
        assert executor.run(self.command(tmp_path, "touch begun", stop=stop)) != 0
        assert not (tmp_path / "begun").exists()

    def test_a_folder_that_is_not_there_is_told(self, executor: Executor, tmp_path: Path) -> None:
        """By the stage that wanted to run in it."""
        with pytest.raises(TreeringError, match="stage"):
            executor.run(self.command(tmp_path / "nowhere", "true"))

    def test_several_threads_use_it(self, executor: Executor, tmp_path: Path) -> None:
        """Each gets the output of its own command."""

        def run(number: int) -> tuple[int, bytes]:
            caught = Caught()
            return executor.run(self.command(tmp_path, f"echo {number}; exit {number}", output=caught)), caught.out

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(run, range(8))) == [(number, b"%d\n" % number) for number in range(8)]
