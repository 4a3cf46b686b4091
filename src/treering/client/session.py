"""What one process remembers between fluent calls: where runs are tracked, and the connections and journals for it.

There is one `Session` for a process, got by `session()`; a forked child begins with
a fresh one of the same settings. Nothing is opened before it is needed.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from treering.client.recorder import Recorder
from treering.core.log import logger
from treering.core.settings import Settings, find_home, read_settings
from treering.core.uri import local_path, scheme_of
from treering.tracking.base import Tracking

if TYPE_CHECKING:
    from treering.assembly import Services

__all__ = ["Place", "Session", "Target", "session"]

_FAREWELL = 10.0
_SALVAGE_EVERY = 60.0
_SLASHES = "sqlite:///"


@dataclass(frozen=True, slots=True)
class Target:
    """Where runs are tracked.

    Attributes:
        uri: As the user gave it; "" for the embedded store.
        home: Whose `journal` folder keeps what is not delivered yet.
        destination: The URI that means the same in every process on `home`; "" is the store in `home`.
    """

    uri: str
    home: Path
    destination: str


class Place:
    """One tracking destination, with the registry that goes with it; got from `Session`."""

    def __init__(self, session: Session, target: Target, registry_uri: str) -> None:
        self.target = target
        self._session = session
        self._registry_uri = registry_uri

    @property
    def tracking_uri(self) -> str:
        """Where runs are tracked, as a URI; never empty."""
        return self.target.uri or self.target.home.as_uri()

    @property
    def registry_uri(self) -> str:
        """Where models are registered."""
        return self._registry_uri or self.tracking_uri

    @property
    def settings(self) -> Settings:
        """The session's settings."""
        return self._session.settings

    @property
    def recorder(self) -> Recorder:
        """Where to log."""
        return self._session.recorder(self.target)

    def services(self) -> Services:
        """The services of the destination, opened on first use."""
        return self._session.services(self.target, self._registry_uri)

    def read(self) -> Services:
        """The services, after all that this process has logged there was delivered.

        Raises:
            TreeringError: If it cannot be delivered now; it is kept and delivered later.
        """
        services = self.services()
        self.recorder.flush()
        return services


class Session:
    """One process's tracking state; shared by its threads.

    Attributes:
        settings: As the environment gave them.
        experiment_id: The active experiment, "" for none chosen.
        run_id: The run that the next `start_run` resumes, "" for none.
        place: Where runs are tracked now.
    """

    def __init__(self, settings: Settings, start: Path) -> None:
        self.settings = settings
        self.experiment_id = ""
        self.run_id = settings.run_id
        self._start = start
        self._lock = threading.RLock()
        self._services: dict[tuple[str, str, bool], Services] = {}
        self._recorders: dict[Target, Recorder] = {}
        self._closing: list[Callable[[], None]] = []
        self._salvaged: set[Path] = set()
        self._inherited: list[object] = []
        self.place = self.place_at(settings.tracking_uri, settings.registry_uri)

    def place_at(self, tracking_uri: str, registry_uri: str) -> Place:
        """The place that two URIs name; "" is the embedded store, and the registry beside the runs."""
        return Place(self, _target(tracking_uri, self.settings, self._start), registry_uri)

    def move(self, tracking_uri: str, registry_uri: str) -> None:
        """Track and register elsewhere from now on; what was logged before goes where it was meant to."""
        place = self.place_at(tracking_uri, registry_uri)
        if place.target != self.place.target:
            self.experiment_id = ""
        self.place = place

    def services(self, target: Target, registry_uri: str) -> Services:
        """The services of a place, opened on first use."""
        with self._lock:
            self._salvage(target.home)
            return self._connect(target, registry_uri, patient=True)

    def recorder(self, target: Target) -> Recorder:
        """Where to log for a destination."""
        recorder = self._recorders.get(target)
        if recorder is None:
            with self._lock:
                recorder = self._recorders.get(target)
                if recorder is None:
                    recorder = self._recorders[target] = Recorder(
                        target.home / "journal", target.destination, self.settings, lambda: self._delivery_to(target)
                    )
        return recorder

    def at_close(self, action: Callable[[], None]) -> None:
        """Have `action` called before the last delivery."""
        self._closing.append(action)

    def close(self) -> None:
        """Deliver what can be in a few seconds, and say what is left."""
        for action in self._closing:
            action()
        left = [recorder for recorder in self._recorders.values() if not recorder.close(_FAREWELL)]
        self._recorders.clear()
        for recorder in left:
            where = recorder.destination or str(recorder.folder.parent)
            sys.stderr.write(
                f"treering: some of what was logged could not be delivered to {_without_password(where)} yet."
                f" It is kept in {recorder.folder}; the next program that uses Treering here delivers it,"
                " or run: treering sync\n"
            )
        for services in self._services.values():
            services.close()
        self._services.clear()

    def reset_after_fork(self) -> None:
        """In a child: keep the settings, and give up what belongs to the parent without touching it."""
        self._lock = threading.RLock()
        # Closing the parent's database connections from here would disturb the parent.
        self._inherited.append(self._services)
        self._services = {}
        self._salvaged = set()
        for recorder in self._recorders.values():
            recorder.reset_after_fork()

    def _delivery_to(self, target: Target) -> Tracking:
        with self._lock:
            return self._connect(target, "", patient=False).tracking

    def _connect(self, target: Target, registry_uri: str, *, patient: bool) -> Services:
        """Services for `target`; an impatient connection does not repeat requests, for its user does."""
        far = scheme_of(target.destination) in {"http", "https"}
        uri = target.destination or str(target.home)
        key = (uri, registry_uri, patient or not far)
        if key not in self._services:
            settings = replace(self.settings, home=str(target.home), tracking_uri=uri, registry_uri=registry_uri)
            if far and not patient:
                settings = replace(settings, http_retries=0)
            # Not imported at the top: logging needs neither a database driver nor an HTTP client.
            connect = import_module("treering.client.connect").connect
            self._services[key] = connect(settings, self._start)
        return self._services[key]

    def _salvage(self, home: Path) -> None:
        if home in self._salvaged or not (home / "journal").is_dir():
            return
        self._salvaged.add(home)
        threading.Thread(target=self._deliver_orphans, args=(home,), name="treering-salvage", daemon=True).start()

    def _deliver_orphans(self, home: Path) -> None:
        deliver_orphans = import_module("treering.client.sync").deliver_orphans
        pause = threading.Event()
        while True:
            try:
                results = deliver_orphans(
                    home / "journal", lambda destination: self._delivery_to(Target(destination, home, destination))
                )
            except Exception:  # noqa: BLE001  # a worker's border
                logger.exception("Journals of earlier programs could not be delivered.")
                return
            if not any(result.error for result in results):
                return
            pause.wait(_SALVAGE_EVERY)


class _Process:
    """Holds the one session of this process."""

    session: Session | None = None
    lock = threading.Lock()


def session() -> Session:
    """This process's session."""
    current = _Process.session
    if current is None:
        with _Process.lock:
            current = _Process.session
            if current is None:
                current = _Process.session = Session(read_settings(), Path.cwd())
                atexit.register(_close)
                if sys.platform != "win32":
                    os.register_at_fork(after_in_child=_reset_after_fork)
    return current


def _close() -> None:
    if _Process.session is not None:
        _Process.session.close()


def _reset_after_fork() -> None:
    _Process.lock = threading.Lock()
    if _Process.session is not None:
        _Process.session.reset_after_fork()
        # Children of multiprocessing end without running what atexit knows.
        if finalizers := sys.modules.get("multiprocessing.util"):
            finalizers.register_after_fork(_Process.session, _finish_with_multiprocessing)


def _finish_with_multiprocessing(_: Session) -> None:
    sys.modules["multiprocessing.util"].Finalize(None, _close, exitpriority=0)


def _target(uri: str, settings: Settings, start: Path) -> Target:
    home = find_home(settings, start)
    scheme = scheme_of(uri)
    if not uri:
        return Target(uri, home, "")
    if scheme == "file":
        return Target(uri, local_path(uri), "")
    if uri.startswith(_SLASHES) and not uri.startswith(_SLASHES + "/") and ":memory:" not in uri:
        return Target(uri, home, f"{_SLASHES}{(start / uri.removeprefix(_SLASHES)).as_posix()}")
    return Target(uri, home, uri)


def _without_password(uri: str) -> str:
    password = urlsplit(uri).password
    return uri.replace(f":{password}@", ":***@") if password else uri
