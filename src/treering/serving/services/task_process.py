"""One task in a process of its own: `python -m treering.serving.services.task_process REQUEST ANSWER`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from treering.core.log import show_log
from treering.core.variables import process_variables
from treering.serving.hosting import Answer
from treering.serving.services.answers import answered, refused, refused_with
from treering.serving.services.arguments import ARGUMENTS
from treering.serving.services.bodies import Reader
from treering.serving.services.contexts import Exchange
from treering.serving.services.dependencies import elsewhere
from treering.serving.services.finding import found_service
from treering.serving.services.running import Running
from treering.serving.services.slots import session_folder

__all__ = ["Order", "TaskProcess", "main"]


class Order(msgspec.Struct):
    """What is to be done."""

    what: Mapping[str, Any]
    method: str
    content_type: str
    body: bytes


class TaskProcess:
    """A task that runs elsewhere, and is killed when it is cancelled, with the processes that it started."""

    def __init__(self, order: Order) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="treering-task-")
        folder = Path(self._folder.name)
        (folder / "request").write_bytes(msgspec.msgpack.encode(order))
        self._answer = folder / "answer"
        command = [sys.executable, "-P", "-m", __name__, str(folder / "request"), str(self._answer)]
        self._process = subprocess.Popen(  # noqa: S603 -- our own program
            command, stdin=subprocess.DEVNULL, env=process_variables(), start_new_session=True
        )

    def wait(self) -> Answer:
        """Its answer; that it ended without one is an answer too."""
        try:
            status = self._process.wait()
            if self._answer.exists():
                return msgspec.msgpack.decode(self._answer.read_bytes(), type=Answer)
            how = f"by signal {-status}" if status < 0 else f"with status {status}"
            return refused_with(500, f"The process of the task ended {how} and left no answer.")
        finally:
            self._folder.cleanup()

    def kill(self) -> None:
        """End it now."""
        if self._process.poll() is not None:
            return
        if hasattr(os, "killpg"):
            os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()


def main(arguments: Sequence[str]) -> int:
    """Do what the first file says, and write the answer into the second."""
    show_log("INFO")
    order = msgspec.msgpack.decode(Path(arguments[0]).read_bytes(), type=Order)
    what = order.what
    ARGUMENTS.given = dict(what.get("arguments", {}))
    service = found_service(str(what["service"]), what.get("folder", "."))
    if name := what.get("name"):
        service = service.all_services()[name]
    elsewhere(what.get("elsewhere", {}))
    method = service.apis[order.method]
    running = Running(service, session_folder(str(what.get("session", ""))) / service.name)
    try:
        with Exchange() as exchange:
            try:
                given = Reader(method.input).arguments(order.content_type, order.body, exchange.folder)
                answer = answered(method.output, running.call(method, given, exchange), order.content_type)
            except Exception as error:  # noqa: BLE001 -- the border of a request
                answer = refused(error, f"{service.name}.{method.name}")
        part = Path(f"{arguments[1]}.part")
        part.write_bytes(msgspec.msgpack.encode(answer))
        part.replace(arguments[1])
    finally:
        running.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
