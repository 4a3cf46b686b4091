"""`with treering.monitor("iris") as mon: mon.log(...)`: what a service notes of its predictions, as lines of JSON.

Lines go to `monitoring/NAME/data/` in the folder the service runs in, as BentoML's do; nothing waits for the disk.
"""

from __future__ import annotations

import json
import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from treering.core.log import logger
from treering.serving.services.kinds.encoding import as_json

__all__ = ["Monitor", "monitor"]

_WAITING = 10_000
Role = Literal["feature", "prediction", "target"]


class Monitor:
    """Notes for one row at a time. May be used by several threads."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder
        self._columns: dict[str, dict[str, str]] = {}
        self._rows: queue.Queue[Mapping[str, Any] | None] = queue.Queue(_WAITING)
        self._local = threading.local()
        self._told = 0
        self.dropped = 0
        threading.Thread(target=self._write, name=f"monitor-{name}", daemon=True).start()

    def log(self, data: Any, name: str, role: Role = "feature", data_type: str = "numerical") -> None:
        """Note one value of the row."""
        self._columns.setdefault(name, {"name": name, "role": role, "type": data_type})
        self._row()[name] = data

    def log_batch(
        self, data_batch: Iterable[Any], name: str, role: Role = "feature", data_type: str = "numerical"
    ) -> None:
        """Note one value of each row of a batch."""
        self._columns.setdefault(name, {"name": name, "role": role, "type": data_type})
        self._batch()[name] = list(data_batch)

    def flush(self) -> None:
        """End the row, and hand it on; when too many wait, it is dropped, and counted."""
        batch, row = self._batch(), self._row()
        self._local.row, self._local.batch = {}, {}
        rows: list[dict[str, Any]] = [row] if row else []
        if batch:
            if len({len(one) for one in batch.values()}) > 1:
                logger.warning("The columns of the monitor %s have different lengths; they are not kept.", self.name)
                return
            rows = [{**row, **dict(zip(batch, values, strict=True))} for values in zip(*batch.values(), strict=True)]
        now = datetime.now(UTC).isoformat()
        for one in rows:
            try:
                self._rows.put_nowait({**one, "timestamp": now})
            except queue.Full:
                self.dropped += 1

    def wait(self) -> None:
        """Until all that was handed on is written."""
        self._rows.join()

    def _row(self) -> dict[str, Any]:
        if not hasattr(self._local, "row"):
            self._local.row, self._local.batch = {}, {}
        found: dict[str, Any] = self._local.row
        return found

    def _batch(self) -> dict[str, list[Any]]:
        self._row()
        found: dict[str, list[Any]] = self._local.batch
        return found

    def _write(self) -> None:
        while True:
            row = self._rows.get()
            try:
                if len(self._columns) > self._told:
                    self._told = len(self._columns)
                    self._append("schema", json.dumps({"columns": list(self._columns.values())}).encode())
                if row is not None:
                    self._append("data", as_json(row))
            except (OSError, NotImplementedError, TypeError) as error:
                logger.warning("The monitor %s could not write: %s", self.name, error)
            finally:
                self._rows.task_done()

    def _append(self, kind: str, line: bytes) -> None:
        folder = self._folder / self.name / kind
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{kind}.{os.getpid()}.log").open("ab") as file:
            file.write(line + b"\n")


@contextmanager
def monitor(
    name: str,
    monitor_class: Callable[[str, Path], Monitor] | None = None,
    monitor_options: Mapping[str, Any] | None = None,
) -> Iterator[Monitor]:
    """Notes of one request; they are handed on at the end.

    Args:
        monitor_class: Another one than `Monitor`, made with the name and a folder.
        monitor_options: `log_path`, the folder.
    """
    folder = Path((monitor_options or {}).get("log_path", "monitoring"))
    found = _MONITORS.named(name, lambda: (monitor_class or Monitor)(name, folder))
    yield found
    found.flush()


class _Monitors:
    """One for a name, whoever writes."""

    def __init__(self) -> None:
        self._found: dict[str, Monitor] = {}
        self._making = threading.Lock()

    def named(self, name: str, make: Callable[[], Monitor]) -> Monitor:
        with self._making:
            if name not in self._found:
                self._found[name] = make()
            return self._found[name]


_MONITORS = _Monitors()
