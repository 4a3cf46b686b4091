"""The workers of a job: a process for each core, all of which are handed sections until there are none left.

They are programs of their own and no copies of this process, so that neither threads nor a
script without `if __name__ == "__main__"` gets in their way. They end with this process,
however that ends.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from typing import Any

import msgspec

from treering.core.errors import TreeringError, Unavailable, error_for
from treering.core.variables import process_variables
from treering.models.scoring.job import Recipe
from treering.models.scoring.messages import Answer, Done, Failed, Rows, Task, receive, send
from treering.storage.tables.sections import Section

__all__ = ["PartOf", "cores", "together"]

_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from treering.models.scoring.worker import main; main()"
)
# What keeps libraries from starting a thread for each core in each of the processes.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "POLARS_MAX_THREADS")
_PAUSE = 0.02
_GRACE = 10.0
_KILLED = -9

PartOf = Callable[[Section], str]
"""Where the part of a section is written."""


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def together(
    recipe: Recipe, sections: Iterator[Section], part_of: PartOf, count: int
) -> Generator[Rows | Done, None, None]:
    """Score the sections in `count` processes; what is done comes in any order.

    Raises:
        TreeringError: What failed in a worker, or why one ended.
    """
    crew = _Crew(recipe, sections, part_of, count)
    try:
        yield from crew.events()
    finally:
        crew.end()


class _Crew:
    """Threads that each speak to one process."""

    def __init__(self, recipe: Recipe, sections: Iterator[Section], part_of: PartOf, count: int) -> None:
        self._recipe = recipe
        self._pieces = sections
        self._part_of = part_of
        self._count = count
        self._cutting = threading.Lock()
        self._stopped = False
        # Of the kind that Ctrl-C cannot leave locked: that of Python's own code may be, and all would wait for ever.
        self._events: queue.SimpleQueue[Rows | Done | Exception | None] = queue.SimpleQueue()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._threads = [
            threading.Thread(target=self._serve, name="treering-scoring", daemon=True) for _ in range(count)
        ]

    def events(self) -> Iterator[Rows | Done]:
        for thread in self._threads:
            thread.start()
        left = len(self._threads)
        while left:
            event = self._events.get()
            if event is None:
                left -= 1
            elif isinstance(event, Exception):
                raise event
            else:
                yield event

    def end(self) -> None:
        """Whatever runs is stopped: a section that is not done is begun anew."""
        self._stopped = True
        for process in list(self._processes):
            with suppress(OSError):
                process.kill()
        while any(thread.is_alive() for thread in self._threads):
            time.sleep(_PAUSE)
        for process in self._processes:
            process.wait(_GRACE)
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()

    def _serve(self) -> None:
        process: subprocess.Popen[bytes] | None = None
        try:
            while not self._stopped and (section := self._next()) is not None:
                first = process is None
                process = process or self._start()
                self._ask(process, Task(section, self._part_of(section), self._recipe if first else None))
            if process is not None and process.stdin is not None:
                process.stdin.close()
                process.wait()
        except (TreeringError, OSError) as error:
            self._events.put(error)
        except Exception as error:  # noqa: BLE001 -- the border of a worker: the job raises it
            self._events.put(error)
        finally:
            self._events.put(None)

    def _next(self) -> Section | None:
        with self._cutting:
            return next(self._pieces, None)

    def _ask(self, process: subprocess.Popen[bytes], task: Task) -> None:
        if process.stdin is None or process.stdout is None:
            raise TypeError(process)
        try:
            send(process.stdin, task)
        except BrokenPipeError:
            raise self._ended(process, task.section) from None
        while True:
            data = receive(process.stdout)
            if not data:
                raise self._ended(process, task.section)
            answer: Answer = msgspec.msgpack.decode(data, type=Answer)
            if isinstance(answer, Failed):
                raise error_for(answer.code, answer.message)
            self._events.put(answer)
            if isinstance(answer, Done):
                return

    def _ended(self, process: subprocess.Popen[bytes], section: Section) -> TreeringError:
        status = process.wait()
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        hint = " Signal 9 comes of a lack of memory: try fewer --workers or --chunk-rows." if status == _KILLED else ""
        msg = (
            f"A worker ended {how} while it scored {section.file} from {section.start} on; what it printed stands above.{hint}"
            " What is done is kept: go on with --resume."
        )
        return Unavailable(msg)

    def _start(self) -> subprocess.Popen[bytes]:
        variables: dict[str, str] = process_variables()
        for name in _THREADS:
            variables.setdefault(name, str(max(1, cores() // self._count)))
        # In a group of their own: Ctrl-C is for this process, which then ends them.
        apart: dict[str, Any] = {} if sys.platform == "win32" else {"process_group": 0}
        process = subprocess.Popen(  # noqa: S603 -- our own program
            [sys.executable, "-c", _PROGRAM, json.dumps(sys.path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=variables, **apart,
        )  # fmt: skip
        self._processes.append(process)
        if self._stopped:
            process.kill()
        return process
