"""Tasks in a file of SQLite, which all workers of a service share: what was submitted, and what came of it.

waiting ─▶ running ─▶ completed | failed
    └─────────┴─────▶ canceled
"""

from __future__ import annotations

import sqlite3
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from treering.core.errors import DamagedData
from treering.serving.hosting import Answer

__all__ = ["Task", "TaskStore"]

_KEPT = 24 * 3600.0
_SILENT = 20.0
_BUSY = 30.0
_TABLE = """
create table if not exists tasks (
    id text primary key, method text not null, status text not null,
    content_type text not null, body blob not null,
    created real not null, started real, ended real,
    owner text not null default '', beat real not null default 0,
    answer blob
);
create index if not exists tasks_by_status on tasks (status, created);
"""
_SEEN = "id, method, status, content_type, body, created, started, ended, answer"


class Task(NamedTuple):
    """One task.

    Attributes:
        status: waiting, running, completed, failed or canceled.
        created: Seconds since 1970, as all times here.
    """

    id: str
    method: str
    status: str
    content_type: str
    body: bytes
    created: float
    started: float | None
    ended: float | None
    packed: bytes | None

    @property
    def ended_well_or_not(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in {"completed", "failed", "canceled"}

    @property
    def answer(self) -> Answer | None:
        """What its method answered."""
        return None if self.packed is None else msgspec.msgpack.decode(self.packed, type=Answer)


class TaskStore:
    """The file. May be used by several threads, and by several processes.

    Raises:
        DamagedData: If the file is no file of tasks.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._path = path
        try:
            self._rows = sqlite3.connect(path, timeout=_BUSY, isolation_level=None, check_same_thread=False)
            self._rows.execute("pragma journal_mode = wal")
            self._rows.execute("pragma synchronous = normal")
            self._rows.executescript(_TABLE)
        except sqlite3.DatabaseError as error:
            msg = f"{path} is no file of tasks: {error}. Move it away, or name another."
            raise DamagedData(msg) from error

    def submit(self, method: str, content_type: str, body: bytes) -> Task:
        """Keep a new task; old ones, whose results nobody fetched for a day, are forgotten."""
        task = uuid.uuid4().hex
        with self._transaction() as rows:
            rows.execute("delete from tasks where ended < ?", (time.time() - _KEPT,))
            rows.execute(
                "insert into tasks (id, method, status, content_type, body, created) values (?, ?, 'waiting', ?, ?, ?)",
                (task, method, content_type, body, time.time()),
            )
        found = self.find(task)
        assert found is not None  # noqa: S101 -- it was just written
        return found

    def find(self, task: str) -> Task | None:
        """A task by its id."""
        with self._lock:
            row = self._rows.execute(f"select {_SEEN} from tasks where id = ?", (task,)).fetchone()  # noqa: S608 -- constants
        return None if row is None else Task(*row)

    def claim(self, owner: str, methods: Sequence[str]) -> Task | None:
        """Take the oldest waiting task of some methods, so that nobody else does; None if there is none."""
        marks = ", ".join("?" * len(methods))
        now = time.time()
        with self._transaction() as rows:
            row = rows.execute(
                f"update tasks set status = 'running', owner = ?, started = ?, beat = ? where id = ("  # noqa: S608 -- marks
                f"select id from tasks where status = 'waiting' and method in ({marks}) order by created limit 1"
                f") returning {_SEEN}",
                (owner, now, now, *methods),
            ).fetchone()
        return None if row is None else Task(*row)

    def finish(self, task: str, owner: str, answer: Answer) -> None:
        """Keep what came of a task, unless it was cancelled meanwhile."""
        status = "completed" if answer.status < 400 else "failed"  # noqa: PLR2004 -- HTTP's
        with self._transaction() as rows:
            rows.execute(
                "update tasks set status = ?, ended = ?, answer = ? where id = ? and owner = ? and status = 'running'",
                (status, time.time(), msgspec.msgpack.encode(answer), task, owner),
            )

    def cancel(self, task: str) -> bool:
        """Cancel a task that has not ended; whoever runs it sees it at the next look. False if it had ended."""
        with self._transaction() as rows:
            changed: int = rows.execute(
                "update tasks set status = 'canceled', ended = ? where id = ? and status in ('waiting', 'running')",
                (time.time(), task),
            ).rowcount
        return changed > 0

    def still_running(self, owner: str, tasks: Iterable[str]) -> set[str]:
        """Those of an owner's tasks that nobody cancelled; the owner is known to live from this."""
        with self._transaction() as rows:
            rows.execute("update tasks set beat = ? where owner = ? and status = 'running'", (time.time(), owner))
            found = rows.execute("select id from tasks where owner = ? and status = 'running'", (owner,)).fetchall()
        return {row[0] for row in found} & set(tasks)

    def bury(self, answer: Answer) -> int:
        """Give tasks whose worker has not been heard of for long this answer; how many there were."""
        with self._transaction() as rows:
            buried: int = rows.execute(
                "update tasks set status = 'failed', ended = ?, answer = ? where status = 'running' and beat < ?",
                (time.time(), msgspec.msgpack.encode(answer), time.time() - _SILENT),
            ).rowcount
        return buried

    def abandon(self, owner: str, answer: Answer) -> None:
        """Give an owner's running tasks this answer, since it ends."""
        with self._transaction() as rows:
            rows.execute(
                "update tasks set status = 'failed', ended = ?, answer = ? where status = 'running' and owner = ?",
                (time.time(), msgspec.msgpack.encode(answer), owner),
            )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._rows.close()

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        with self._lock:
            self._rows.execute("begin immediate")
            try:
                yield self._rows
            except BaseException:
                self._rows.execute("rollback")
                raise
            self._rows.execute("commit")
