from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from treering.core.errors import NotFound
from treering.pipelines.executors import EXECUTORS, StageCommand
from treering.pipelines.executors.local import LocalExecutor, shell_command
from treering.pipelines.stop import Stop

ENVIRON = {"PATH": os.environ["PATH"]}


def command(folder: Path, *lines: str, **more: Any) -> StageCommand:
    return StageCommand("stage", lines, str(folder), {**ENVIRON, **more.pop("environ", {})}, **more)


def captured(folder: Path, *lines: str, **more: Any) -> tuple[int, bytes, bytes]:
    out: dict[bool, bytes] = {False: b"", True: b""}

    def take(data: bytes, is_error: bool) -> None:
        out[is_error] += data

    status = LocalExecutor().run(command(folder, *lines, output=take, **more))
    return status, out[False], out[True]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # One that nobody has waited for counts as gone.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        time.sleep(0.02)
    pytest.fail("it never came to be")


def test_the_table_has_this_machine() -> None:
    assert isinstance(EXECUTORS.load("local")(), LocalExecutor)


def test_commands_run_in_their_folder_one_after_the_other(tmp_path: Path) -> None:
    assert captured(tmp_path, "pwd; X=1", "echo ${X:-none}") == (0, f"{tmp_path}\nnone\n".encode(), b"")


def test_the_first_that_fails_ends_it_with_its_status(tmp_path: Path) -> None:
    told: list[str] = []
    status, out, error = captured(tmp_path, "echo a", "echo b >&2; exit 7", "echo c", told=told.append)
    assert (status, out, error) == (7, b"a\n", b"b\n")
    assert told == ["echo a", "echo b >&2; exit 7"]


def test_a_command_that_a_signal_ends_has_a_status_below_zero(tmp_path: Path) -> None:
    assert captured(tmp_path, "kill -9 $$")[0] == -signal.SIGKILL


def test_the_environment_is_the_one_that_is_given(tmp_path: Path) -> None:
    assert captured(tmp_path, 'echo "$DVC_STAGE-$HOME"', environ={"DVC_STAGE": "train"})[1] == b"train-\n"


@pytest.mark.parametrize(
    ("shell", "words"),
    [
        ("/bin/bash", ["/bin/bash", "--noprofile", "--norc", "-c", "x"]),
        ("/usr/bin/zsh", ["/usr/bin/zsh", "--no-rcs", "-c", "x"]),
        ("/bin/dash", ["/bin/dash", "-c", "x"]),
        ("", ["/bin/sh", "-c", "x"]),
    ],
)
def test_the_users_shell_reads_none_of_its_files(shell: str, words: list[str]) -> None:
    assert shell_command("x", {"SHELL": shell}) == words


def test_a_shell_or_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="stage"):
        LocalExecutor().run(command(tmp_path, "x", environ={"SHELL": "/no/such/shell"}))
    with pytest.raises(NotFound, match="wdir"):
        LocalExecutor().run(command(tmp_path / "nothing", "x"))


def test_a_lot_of_output_comes_whole(tmp_path: Path) -> None:
    program = f"{sys.executable} -c \"import sys; sys.stdout.write('x' * 3000000); sys.stderr.write('y' * 2000000)\""
    status, out, error = captured(tmp_path, program)
    assert (status, len(out), len(error)) == (0, 3000000, 2000000)


def test_what_is_left_in_the_background_does_not_hold_us(tmp_path: Path) -> None:
    (tmp_path / "pid").write_text("")
    status, out, _ = captured(tmp_path, "sleep 600 & echo $! > pid; echo done")
    assert (status, out) == (0, b"done\n")
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def test_asking_to_stop_ends_all_that_was_started(tmp_path: Path) -> None:
    stop = Stop()
    found: list[tuple[int, bytes, bytes]] = []
    line = "sleep 600 & echo $! > child.part; mv child.part child; sleep 600; echo never"
    worker = threading.Thread(target=lambda: found.append(captured(tmp_path, line, "echo never", stop=stop)))
    worker.start()
    wait_until((tmp_path / "child").exists)
    stop.ask()
    worker.join()
    assert found[0][0] != 0
    assert found[0][1] == b""
    wait_until(lambda: not alive(int((tmp_path / "child").read_text())))


def test_nothing_is_begun_after_the_stop(tmp_path: Path) -> None:
    stop = Stop()
    stop.ask()
    assert captured(tmp_path, "touch begun", stop=stop)[0] != 0
    assert not (tmp_path / "begun").exists()


def test_processes_are_told_while_they_run(tmp_path: Path) -> None:
    seen: list[int] = []
    captured(tmp_path, "true", "true", started=seen.append)
    assert [bool(number) for number in seen] == [True, False, True, False]


def test_without_capturing_the_output_goes_where_ours_goes(tmp_path: Path) -> None:
    program = (
        "import os\nfrom treering.pipelines.executors import StageCommand\n"
        "from treering.pipelines.executors.local import LocalExecutor\n"
        f"print(LocalExecutor().run(StageCommand('s', ('echo out; echo err >&2; cat',), {str(tmp_path)!r}, dict(os.environ))))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, input="in\n", check=True)
    assert done.stdout == "out\nin\n0\n"
    assert done.stderr == "err\n"
