from __future__ import annotations

import os
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from treering.core.errors import NotFound
from treering.pipelines.executors import EXECUTORS, Executor, StageCommand
from treering.pipelines.executors.local import LocalExecutor, shell_command
from treering.pipelines.stop import Stop
from treering.testing.executors import ExecutorSuite

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


class TestLocalExecutor(ExecutorSuite):
    @pytest.fixture
    def executor(self) -> Executor:
        return EXECUTORS.load("local")()


def test_commands_run_in_their_folder_one_after_the_other(tmp_path: Path) -> None:
    assert captured(tmp_path, "pwd; X=1", "echo ${X:-none}") == (0, f"{tmp_path}\nnone\n".encode(), b"")


def test_a_command_that_a_signal_ends_has_a_status_below_zero(tmp_path: Path) -> None:
    assert captured(tmp_path, "kill -9 $$")[0] == -signal.SIGKILL


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


def test_processes_are_told_while_they_run(tmp_path: Path) -> None:
    seen: list[int] = []
    captured(tmp_path, "true", "true", started=seen.append)
    assert [bool(number) for number in seen] == [True, False, True, False]


def test_without_capturing_the_output_goes_where_ours_goes(tmp_path: Path) -> None:
    program = (
        "import os\nfrom treering.pipelines.executors import StageCommand\n"
        "from treering.pipelines.executors.local import LocalExecutor\n"
        f"print(LocalExecutor().run(StageCommand('s', ('echo out; echo err >&2; cat',), {str(tmp_path)!r}, dict(os.environ), foreground=True)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, input="in\n", check=True)
    assert done.stdout == "out\nin\n0\n"
    assert done.stderr == "err\n"


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
def test_a_command_in_the_foreground_finds_a_terminal_of_our_size_and_may_read_it(tmp_path: Path) -> None:
    program = (
        "import os, sys\nfrom treering.pipelines.executors import StageCommand\n"
        "from treering.pipelines.executors.local import LocalExecutor\n"
        "caught = open('caught', 'wb', buffering=0)\n"
        "def output(data, is_error):\n    caught.write(data); os.write(1, data)\n"
        "line = 'test -t 1 && test -t 2 && stty size <&1; printf name?; read name; echo; echo hello $name >&2; kill -9 $$'\n"
        "status = LocalExecutor().run(StageCommand('s', (line,), os.getcwd(), dict(os.environ), output=output, foreground=True))\n"
        "print('status', status)\n"
    )
    with at_a_terminal(program, tmp_path, size=(33, 111)) as (child, terminal):
        shown = read_until(terminal, b"name?")
        os.write(terminal, b"Ada\n")
        shown += read_until(terminal, b"status -9")
        assert child.wait(60) == 0
    # Nothing that was typed is in it: the real terminal shows that.
    assert (tmp_path / "caught").read_bytes() == b"33 111\nname?\nhello Ada\n"
    assert b"33 111\r\nname?" in shown
    assert b"\r\r\n" not in shown


STOPPED_EARLY = """\
import signal, sys, time
times = []
signal.signal(signal.SIGINT, lambda *_: times.append(1))
print("ready", flush=True)
while not times:
    time.sleep(0.02)
time.sleep(0.5)
print(f"told {len(times)} times", flush=True)
sys.exit(int(sys.argv[1]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
@pytest.mark.parametrize(("status", "shown"), [(0, b"status 0"), (3, b"interrupted")])
def test_a_command_that_is_stopped_at_the_terminal_has_time_and_may_end_well(
    tmp_path: Path, status: int, shown: bytes
) -> None:
    (tmp_path / "train.py").write_text(STOPPED_EARLY)
    program = (
        "import fcntl, os, sys, termios\nfcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
        "from treering.pipelines.executors import StageCommand\n"
        "from treering.pipelines.executors.local import LocalExecutor\n"
        # In the shell's place: one that waits for it, as dash does, would itself end of the signal.
        f"line = f'exec {{sys.executable}} train.py {status}'\n"
        "try:\n"
        "    print('status', LocalExecutor().run(StageCommand('s', (line,), os.getcwd(), dict(os.environ), foreground=True)))\n"
        "except KeyboardInterrupt:\n    print('interrupted')\n"
    )
    with at_a_terminal(program, tmp_path) as (child, terminal):
        read_until(terminal, b"ready")
        os.write(terminal, b"\x03")
        assert b"told 1 times" in read_until(terminal, shown)
        assert child.wait(60) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
def test_ctrl_c_at_the_moment_the_command_has_started_is_as_later(tmp_path: Path) -> None:
    program = (
        "import os, signal\n"
        "from treering.pipelines.executors import StageCommand\n"
        "from treering.pipelines.executors.local import LocalExecutor\n"
        "def started(process):\n    process and os.kill(os.getpid(), signal.SIGINT)\n"
        "for line in ('true', 'false'):\n"
        "    try:\n"
        "        command = StageCommand('s', (line,), os.getcwd(), dict(os.environ), foreground=True, started=started)\n"
        "        print('status', LocalExecutor().run(command))\n"
        "    except KeyboardInterrupt:\n        print('interrupted')\n"
    )
    ours, theirs = os.openpty()
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, stdin=theirs, capture_output=True, text=True, check=True
    )
    os.close(theirs)
    os.close(ours)
    assert done.stdout.splitlines() == ["status 0", "interrupted"]


@contextmanager
def at_a_terminal(
    program: str, folder: Path, size: tuple[int, int] = (24, 80)
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A Python program in a session of its own, and our side of its terminal; it does not outlive the block."""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, size)
    command = [sys.executable, "-c", program]
    with subprocess.Popen(
        command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as child:
        os.close(theirs)
        try:
            yield child, ours
        finally:
            child.kill()
            os.close(ours)


def read_until(handle: int, text: bytes) -> bytes:
    found = b""
    while text not in found:
        try:
            found += os.read(handle, 1000)
        except OSError:
            pytest.fail(f"It ended and showed {found!r}.")
    return found


def test_what_goes_to_one_place_keeps_its_order(tmp_path: Path) -> None:
    program = (
        "import os\nfrom treering.pipelines.executors import StageCommand\n"
        "from treering.pipelines.executors.local import LocalExecutor\n"
        "line = 'for x in 1 2 3 4 5 6 7 8 9; do echo o$x; echo e$x >&2; done'\n"
        "LocalExecutor().run(StageCommand('s', (line,), os.getcwd(), dict(os.environ), foreground=True,"
        " output=lambda data, is_error: os.write(1, data)))\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)
    assert done.stdout.decode().split() == [f"{stream}{x}" for x in range(1, 10) for stream in "oe"]


def test_handles_are_not_leaked(tmp_path: Path) -> None:
    captured(tmp_path, "true")
    before = list(Path("/dev/fd").iterdir())
    for _ in range(5):
        captured(tmp_path, "echo x; echo y >&2")
        with pytest.raises(NotFound):
            captured(tmp_path / "nowhere", "true")
    assert len(list(Path("/dev/fd").iterdir())) == len(before)
