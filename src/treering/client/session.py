"""What one process remembers between fluent calls: where runs are tracked, and the connections and journals for it.

There is one `Session` for a process, got by `session()`; a forked child begins with
a fresh one of the same settings. Nothing is opened before it is needed.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, unquote, urlsplit

from treering.client.recorder import Recorder
from treering.client.standstill import Standstill
from treering.core.errors import DeadlineExceeded, Unavailable
from treering.core.log import logger, show_log
from treering.core.settings import Settings, export_settings, find_home, read_settings
from treering.core.uri import local_path, scheme_of
from treering.storage.journal.folder import orphans

if TYPE_CHECKING:
    from treering.assembly import Services

__all__ = ["Place", "Session", "Target", "session"]

_FAREWELL = 10.0
_SALVAGE_EVERY = 60.0
_CONNECTING = 5.0
_SLASHES = "sqlite:///"
_HERE = {"", "file", "sqlite"}
Answer = TypeVar("Answer")


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

    @property
    def address(self) -> str:
        """The destination as a URI that means the same everywhere on this machine; never empty."""
        return self.destination or self.home.as_uri()

    @property
    def is_server(self) -> bool:
        """Whether it is reached over HTTP."""
        return scheme_of(self.destination) in {"http", "https"}

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine, so that it is there offline, too."""
        return scheme_of(self.destination) in _HERE if self.destination else True


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

    def attempt(self, ask: Callable[[Services], Answer]) -> Answer | None:
        """What the destination answers, if it does so soon; None if it cannot be reached, which is said once.

        Nothing is asked while it is known that it cannot be: the courier finds out when it can.

        Raises:
            TreeringError: What it answers with; Unavailable only where the settings say so.
        """
        recorder = self.recorder
        if recorder.is_cut_off:
            return None
        try:
            return ask(self._session.services(self.target, self._registry_uri, soon=True))
        except (Unavailable, DeadlineExceeded) as error:
            if not self.settings.offline_after:
                raise
            recorder.cut_off(error)
            return None

    def collect(self) -> None:
        """Deliver what children of this process left that were ended without a chance to deliver it."""
        if not self.recorder.is_cut_off:
            self._session.collect(self.target)

    def forkless(self) -> AbstractContextManager[None]:
        """For a thread in the background: while it is inside, a fork waits for it, for a short time."""
        return self._session.forkless()

    def loading(self) -> AbstractContextManager[None]:
        """As `forkless`, for what only loads modules: a fork waits for it as long as it takes."""
        return self._session.loading()

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
        self._services: dict[tuple[str, str, str], Services] = {}
        self._recorders: dict[Target, Recorder] = {}
        self._standstill = Standstill()
        self._closing: list[Callable[[], None]] = []
        self._salvaged: set[Path] = set()
        self._inherited: list[object] = []
        self.place = self.place_at(settings.tracking_uri, settings.registry_uri)
        experiment_id, _, address = settings.active_experiment.partition(" ")
        if address == self.place.target.address:
            self.experiment_id = unquote(experiment_id)

    def place_at(self, tracking_uri: str, registry_uri: str) -> Place:
        """The place that two URIs name; "" is the embedded store, and the registry beside the runs."""
        return Place(self, _target(tracking_uri, self.settings, self._start), registry_uri)

    def move(self, tracking_uri: str, registry_uri: str) -> None:
        """Track and register elsewhere from now on; what was logged before goes where it was meant to."""
        place = self.place_at(tracking_uri, registry_uri)
        if place.target != self.place.target:
            self.experiment_id = ""
        self.place = place
        # Only the address of an own choice is passed on; where none was made, a child finds what this process found.
        registry = "" if place.registry_uri == place.tracking_uri else place.registry_uri
        export_settings({"tracking_uri": place.target.address, "registry_uri": registry, "active_experiment": ""})

    def choose(self, experiment_id: str) -> None:
        """Make an experiment the active one, here and in processes that are started from here."""
        self.experiment_id = experiment_id
        export_settings({"active_experiment": f"{quote(experiment_id)} {self.place.target.address}"})

    def services(self, target: Target, registry_uri: str, *, soon: bool = False) -> Services:
        """The services of a place, opened on first use.

        Args:
            soon: Whether they ask once, and do not wait long for an answer.
        """
        with self._lock:
            self._salvage(target.home)
            return self._connect(target, registry_uri, "soon" if soon else "patient")

    def recorder(self, target: Target) -> Recorder:
        """Where to log for a destination."""
        recorder = self._recorders.get(target)
        if recorder is None:
            with self._lock:
                recorder = self._recorders.get(target)
                if recorder is None:
                    recorder = self._recorders[target] = Recorder(
                        target.home / "journal",
                        target.destination,
                        self.settings,
                        lambda: self._delivery_to(target),
                        None if target.is_server else self._standstill,
                        offline=self.settings.offline and not target.is_here,
                    )
        return recorder

    def at_close(self, action: Callable[[], None]) -> None:
        """Have `action` called before the last delivery."""
        self._closing.append(action)

    def close(self) -> None:
        """Deliver what can be in a few seconds, and say what is left."""
        for action in self._closing:
            action()
        left = []
        for target, recorder in self._recorders.items():
            if not recorder.close(_FAREWELL):
                left.append(recorder)
            elif not recorder.is_cut_off:
                self.collect(target)
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

    def forkless(self) -> AbstractContextManager[None]:
        """As `Place.forkless`."""
        return self._standstill.work()

    def loading(self) -> AbstractContextManager[None]:
        """As `Place.loading`."""
        return self._standstill.loading()

    def before_fork(self) -> None:
        """Wait for a moment in which no background thread is inside a library."""
        self._standstill.hold()
        # Held by whoever connects, which imports much.
        self._lock.acquire(timeout=_CONNECTING)

    def after_fork(self) -> None:
        """In the parent."""
        with suppress(RuntimeError):
            self._lock.release()
        self._standstill.release()

    def reset_after_fork(self) -> None:
        """In a child: keep the settings, and give up what belongs to the parent without touching it."""
        self._lock = threading.RLock()
        self._standstill = Standstill()
        # Closing the parent's database connections from here would disturb the parent.
        self._inherited.append(self._services)
        self._services = {}
        self._salvaged = set()
        for recorder in self._recorders.values():
            recorder.reset_after_fork(self._standstill)

    def collect(self, target: Target) -> None:
        """Deliver what dead processes left for `target`; what cannot be stays."""
        folder = target.home / "journal"
        if orphans(folder):

            def connected(destination: str) -> Services:
                if destination != target.destination:
                    msg = f"{destination} is not asked now."
                    raise Unavailable(msg)
                return self._delivery_to(target)

            import_module("treering.client.sync").deliver_orphans(folder, connected)

    def _delivery_to(self, target: Target) -> Services:
        with self._lock:
            return self._connect(target, "", "once")

    def _connect(self, target: Target, registry_uri: str, patience: str) -> Services:
        """Services for `target`; only a `patient` connection repeats requests, and `soon` one gives up early."""
        if self.settings.offline and not target.is_here:
            msg = (
                f"{_without_password(target.address)} is not asked, because TREERING_OFFLINE is set."
                " Unset it, or deliver what was logged with `treering sync` first."
            )
            raise Unavailable(msg)
        far = target.is_server
        uri = target.destination or str(target.home)
        key = (uri, registry_uri, patience if far else "")
        if key not in self._services:
            settings = replace(self.settings, home=str(target.home), tracking_uri=uri, registry_uri=registry_uri)
            if far and patience != "patient":
                settings = replace(settings, http_retries=0)
            if far and patience == "soon" and settings.offline_after:
                settings = replace(settings, http_timeout=min(settings.http_timeout, settings.offline_after))
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
                with self._standstill.work():
                    results = deliver_orphans(
                        home / "journal",
                        lambda destination: self._delivery_to(Target(destination, home, destination)),
                        lambda *_: self._standstill.rest(),
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
                if not logging.getLogger().handlers:
                    show_log(current.settings.log_level)
                atexit.register(_close)
                _finish_in_child_of_multiprocessing()
                if sys.platform != "win32":
                    os.register_at_fork(
                        before=_before_fork, after_in_parent=_after_fork, after_in_child=_reset_after_fork
                    )
    return current


def _close() -> None:
    if _Process.session is not None:
        _Process.session.close()


def _before_fork() -> None:
    if _Process.session is not None:
        _Process.session.before_fork()


def _after_fork() -> None:
    if _Process.session is not None:
        _Process.session.after_fork()


def _reset_after_fork() -> None:
    _Process.lock = threading.Lock()
    if _Process.session is not None:
        _Process.session.reset_after_fork()
        # Children of multiprocessing end without running what atexit knows.
        if finalizers := sys.modules.get("multiprocessing.util"):
            finalizers.register_after_fork(_Process.session, _finish_with_multiprocessing)


def _finish_in_child_of_multiprocessing() -> None:
    """The children of a fork server end without running what atexit knows, too."""
    process = sys.modules.get("multiprocessing.process")
    if process is not None and process.parent_process() is not None and "multiprocessing.util" in sys.modules:
        sys.modules["multiprocessing.util"].Finalize(None, _close, exitpriority=0)


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
