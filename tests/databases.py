"""Throwaway database servers for the tests, started from the binaries that are installed."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

__all__ = ["Killable", "find_binary", "killable_postgresql", "mariadb_server", "missing", "postgresql_server"]

_DEADLINE = 60


def missing(what: str) -> None:
    """Skip the test, or fail it where everything is required."""
    reason = f"{what} is not installed"
    if os.environ.get("TREERING_TEST_REQUIRE_ALL") == "1":  # the one thing that tests are told so
        pytest.fail(f"{reason}, and TREERING_TEST_REQUIRE_ALL is set")
    pytest.skip(reason)


def find_binary(*names: str) -> str | None:
    """The first of these programs that is installed, also where distributions hide servers."""
    for name in names:
        hidden = sorted(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), reverse=True)
        found = (
            shutil.which(name)
            or shutil.which(name, path="/usr/sbin:/usr/libexec:/usr/local/sbin")
            or next(iter(hidden), None)
        )
        if found:
            return found
    return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _unprivileged(*users: str) -> str | None:
    """A user to run a server as: these refuse to run as root."""
    if os.geteuid() != 0:
        return None
    for user in (*users, "nobody"):
        with suppress(KeyError):
            pwd.getpwnam(user)
            return user
    return None


@contextmanager
def _folder(user: str | None) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="treering-db-"))
    try:
        if user:
            shutil.chown(folder, user)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _server(command: list[str], user: str | None, folder: Path, answers: Callable[[], None]) -> Iterator[None]:
    """A process that is waited for until it answers, and ended afterwards."""
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            user=user,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            extra_groups=[] if user else None,
        )
    try:
        deadline = time.monotonic() + _DEADLINE
        while True:
            if process.poll() is not None:
                pytest.fail(f"The server ended with {process.returncode}:\n{log.read_text(errors='replace')[-2000:]}")
            try:
                answers()
                break
            except OSError:
                if time.monotonic() > deadline:
                    pytest.fail(f"The server does not answer:\n{log.read_text(errors='replace')[-2000:]}")
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _run(command: list[str], user: str | None, folder: Path) -> None:
    done = subprocess.run(
        command, user=user, capture_output=True, text=True, check=False, cwd=folder, extra_groups=[] if user else None
    )
    if done.returncode != 0:
        pytest.fail(f"{command[0]} ended with {done.returncode}:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")


@contextmanager
def postgresql_server() -> Iterator[Callable[[], str]]:
    """A PostgreSQL server; the function makes a new, empty database and returns its URI."""
    initdb, postgres = find_binary("initdb"), find_binary("postgres")
    if not initdb or not postgres:
        missing("The PostgreSQL server")
    psycopg = pytest.importorskip("psycopg")
    user = _unprivileged("postgres")
    with _folder(user) as folder:
        data, port = folder / "data", _free_port()
        flags = ["--auth=trust", "--username=treering", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        _run([str(initdb), "-D", str(data), *flags], user, folder)
        address = f"treering@127.0.0.1:{port}"

        def execute(statement: str) -> None:
            with psycopg.connect(f"postgresql://{address}/postgres", autocommit=True) as connection:
                connection.execute(statement)

        def answers() -> None:
            try:
                execute("SELECT 1")
            except psycopg.OperationalError as error:
                raise OSError from error

        def create() -> str:
            name = f"treering_{os.urandom(8).hex()}"
            execute(f"CREATE DATABASE {name}")
            return f"postgresql://{address}/{name}"

        settings = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "fsync": "off"}
        settings |= {"full_page_writes": "off", "synchronous_commit": "off", "max_connections": 200}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with _server([str(postgres), "-D", str(data), *options], user, folder, answers):
            yield create


class Killable:
    """A PostgreSQL server with one database, which keeps what it has answered when it is killed."""

    def __init__(self, command: list[str], user: str | None, folder: Path, answers: Callable[[], None]) -> None:
        self.uri = ""
        self._arguments = (command, user, folder, answers)
        self._running: list[Any] = []

    def start(self) -> None:
        """Start it, or start it again."""
        # A killed server leaves children that end a moment later, and only then may another begin.
        (self._arguments[2] / "data" / "postmaster.pid").unlink(missing_ok=True)
        running = _server(*self._arguments)
        running.__enter__()
        self._running.append(running)

    def kill(self) -> None:
        """SIGKILL the server and all its processes."""
        pid = int((self._arguments[2] / "data" / "postmaster.pid").read_text().splitlines()[0])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for one in (pid, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        self.close()
        deadline = time.monotonic() + _DEADLINE
        while any(Path(f"/proc/{child}").exists() for child in children) and time.monotonic() < deadline:
            time.sleep(0.01)

    def close(self) -> None:
        """End it if it runs."""
        while self._running:
            self._running.pop().__exit__(None, None, None)


@contextmanager
def killable_postgresql() -> Iterator[Killable]:
    """A PostgreSQL server that the test kills and starts again."""
    initdb, postgres = find_binary("initdb"), find_binary("postgres")
    if not initdb or not postgres:
        missing("The PostgreSQL server")
    psycopg = pytest.importorskip("psycopg")
    user = _unprivileged("postgres")
    with _folder(user) as folder:
        port = _free_port()
        flags = ["--auth=trust", "--username=treering", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        _run([str(initdb), "-D", str(folder / "data"), *flags], user, folder)
        uri = f"postgresql://treering@127.0.0.1:{port}/postgres"

        def answers() -> None:
            try:
                with psycopg.connect(uri, autocommit=True) as connection:
                    connection.execute("SELECT 1")
            except psycopg.OperationalError as error:
                raise OSError from error

        settings = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": ""}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        server = Killable([str(postgres), "-D", str(folder / "data"), *options], user, folder, answers)
        server.uri = uri
        server.start()
        try:
            yield server
        finally:
            server.close()


@contextmanager
def mariadb_server() -> Iterator[Callable[[], str]]:
    """A MariaDB server; the function makes a new, empty database and returns its URI."""
    install, daemon = find_binary("mariadb-install-db", "mysql_install_db"), find_binary("mariadbd", "mysqld")
    if not install or not daemon:
        missing("The MariaDB server")
    pymysql = pytest.importorskip("pymysql")
    user = _unprivileged("mysql")
    with _folder(user) as folder:
        data, port = folder / "data", _free_port()
        # Without --user both programs run as whom they were started.
        _run(
            [
                str(install),
                "--no-defaults",
                f"--datadir={data}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
            user,
            folder,
        )

        def execute(statement: str) -> None:
            with pymysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True) as connection:
                connection.cursor().execute(statement)

        def answers() -> None:
            try:
                execute("SELECT 1")
            except pymysql.err.OperationalError as error:
                raise OSError from error

        def create() -> str:
            name = f"treering_{os.urandom(8).hex()}"
            # The server's default character set is left as it is: the tables must choose their own.
            execute(f"CREATE DATABASE {name}")
            return f"mysql://root@127.0.0.1:{port}/{name}"

        settings = {"datadir": data, "port": port, "bind-address": "127.0.0.1", "socket": folder / "socket"}
        settings |= {"pid-file": folder / "pid", "innodb-flush-log-at-trx-commit": 0, "innodb-flush-method": "nosync"}
        settings |= {"skip-name-resolve": 1, "innodb-buffer-pool-size": "64M", "max-connections": 200}
        options = [f"--{name}={value}" for name, value in settings.items()]
        with _server([str(daemon), "--no-defaults", *options], user, folder, answers):
            yield create
