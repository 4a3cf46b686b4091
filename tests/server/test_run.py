"""The server as a process of its own: how it starts, refuses to start, ends and comes back."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from urllib3.exceptions import InsecureRequestWarning

from server_process import PATIENCE, Launch, Server, wait_until
from treering.client.channel import Channel
from treering.core.errors import InvalidInput, Unavailable
from treering.core.settings import Settings
from treering.serving.ports import bind

MEMORY = ("--backend-store-uri", "memory://", "--port", "0")


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_it_says_when_it_is_ready_and_ends_when_it_is_told(launch: Launch, sign: signal.Signals) -> None:
    server = launch(*MEMORY).wait_ready()
    assert server.ask("/api/v1/server")["database"] == "memory"
    assert server.end(sign) == (0, "")


def test_requests_that_run_are_finished(launch: Launch) -> None:
    server = launch(*MEMORY).wait_ready()
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), PATIENCE) as connection:
        body = b'{"name": "late"}'
        head = (
            f"POST /api/v1/experiments HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        connection.sendall(head.encode() + body[:5])
        # Another answer shows that the head of this one has arrived.
        assert server.ask("/api/v1/server")
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: refuses(host, int(port)))
        connection.sendall(body[5:])
        assert b"200 OK" in connection.recv(1000)
    assert server.process.wait(PATIENCE) == 0


def test_a_connection_that_says_nothing_does_not_hold_up_the_end(launch: Launch) -> None:
    server = launch(*MEMORY).wait_ready()
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), PATIENCE):
        assert server.ask("/api/v1/server")
        assert server.end(signal.SIGTERM)[0] == 0


def test_a_port_in_use_is_named(launch: Launch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = launch("--backend-store-uri", "memory://", "--port", str(port))
        output, errors = server.process.communicate(timeout=PATIENCE)
    assert (server.process.returncode, output) == (1, "")
    assert f"Port {port} of 127.0.0.1 is in use by another program" in errors
    assert "--port 0" in errors
    assert "Traceback" not in errors


def test_two_servers_cannot_take_one_port() -> None:
    with bind("127.0.0.1", 0) as first, pytest.raises(Unavailable, match="in use"):
        bind("127.0.0.1", first.getsockname()[1])


@pytest.mark.parametrize(("host", "port"), [("no.such.host.invalid", 0), ("192.0.2.1", 0), ("127.0.0.1", 70000)])
def test_an_address_that_is_none_is_refused(host: str, port: int) -> None:
    with pytest.raises(InvalidInput, match="Check --host"):
        bind(host, port)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--port", "70000"], 2, "70000"),
        (["--workers", "4", "--backend-store-uri", "sqlite://"], 1, "memory of one process"),
        (["--tls-cert", "x.pem"], 1, "--tls-cert and --tls-key belong together"),
        (["--tls-cert", "missing.pem", "--tls-key", "missing.key"], 1, "missing.pem"),
        (["--backend-store-uri", "nosql://x"], 1, "no metadata database called 'nosql'"),
        (["--registry-store-uri", "sqlite:///other.db"], 1, "--registry-store-uri"),
    ],
)
def test_what_cannot_be_served_is_refused(launch: Launch, arguments: list[str], status: int, words: str) -> None:
    server = launch(*MEMORY, *arguments)
    output, errors = server.process.communicate(timeout=PATIENCE)
    assert (server.process.returncode, output) == (status, "")
    assert words in errors
    assert "Traceback" not in errors


def test_it_speaks_https(launch: Launch, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    server = launch(*MEMORY, "--tls-cert", str(certificate), "--tls-key", str(key)).wait_ready()
    assert server.url.startswith("https://")
    context = ssl.create_default_context(cafile=str(certificate))
    assert server.ask("/api/v1/server", context=context)["database"] == "memory"
    with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
        Channel(server.url, Settings(http_retries=0)).get_json("/api/v1/server", {})
    trusting = Channel(server.url, Settings(tracking_ca_file=str(certificate)))
    assert trusting.get_json("/api/v1/server", {})["database"] == "memory"
    careless = Channel(server.url, Settings(tracking_insecure_tls=True))
    with pytest.warns(InsecureRequestWarning):
        assert careless.get_json("/api/v1/server", {})["database"] == "memory"
    with pytest.raises(InvalidInput, match="contradict each other"):
        Channel(server.url, Settings(tracking_ca_file=str(certificate), tracking_insecure_tls=True))


def test_it_answers_to_loopback_only_unless_told(launch: Launch) -> None:
    server = launch(*MEMORY).wait_ready()
    request = urllib.request.Request(server.url + "/api/v1/server", headers={"host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=PATIENCE)
    with caught.value as answer:
        assert answer.status == 403
    open_to_it = launch(*MEMORY, "--allowed-hosts", "evil.example").wait_ready()
    request = urllib.request.Request(open_to_it.url + "/api/v1/server", headers={"host": "evil.example"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        assert answer.status == 200


def test_kill_loses_nothing_that_was_acknowledged(launch: Launch) -> None:
    server = launch("--port", "0").wait_ready()
    experiment = server.ask("/api/v1/experiments", {"name": "kept"})["experiment_id"]
    acknowledged: list[str] = []
    wanted = threading.Event()

    def write() -> None:
        while True:
            try:
                run = server.ask("/api/v1/runs", {"experiment_id": experiment})["run_id"]
                server.ask("/api/v1/runs/log", {"batches": [{"run_id": run, "params": {"p": run}}]})
            except OSError:
                return
            acknowledged.append(run)
            if len(acknowledged) >= 20:
                wanted.set()

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    assert wanted.wait(PATIENCE)
    server.process.kill()
    for writer in writers:
        writer.join(PATIENCE)
    again = launch("--port", "0").wait_ready()
    page = again.ask("/api/v1/runs/search", {"experiment_ids": [experiment], "max_results": 10000})
    kept = {run["run_id"]: run["params"] for run in page["runs"]}
    assert {run: kept.get(run) for run in acknowledged} == {run: {"p": run} for run in acknowledged}


def refuses(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), 1).close()
    except OSError:
        return True
    return False


def worker_pids(server: Server) -> set[int]:
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == server.process.pid and b"spawn_main" in (folder / "cmdline").read_bytes():
                found.add(int(folder.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="/proc tells which processes there are")
def test_several_workers_share_the_port_the_data_and_the_counts(launch: Launch) -> None:
    server = launch("--port", "0", "--workers", "2").wait_ready()
    wait_until(lambda: len(worker_pids(server)) == 2)
    names = {f"experiment {number}" for number in range(20)}
    for name in names:
        server.ask("/api/2.0/mlflow/experiments/create", {"name": name})
    for _ in range(20):  # whichever worker answers
        found = server.ask("/api/2.0/mlflow/experiments/search", {"max_results": 100})["experiments"]
        assert names <= {one["name"] for one in found}
    counted = re.compile(r'treering_requests_total\{endpoint="mlflow.experiments.create",status="200"\} 20\.0')
    assert counted.search(server.read("/metrics"))


@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="/proc tells which processes there are")
def test_a_worker_that_is_killed_is_replaced_and_a_killed_parent_takes_its_workers_along(launch: Launch) -> None:
    server = launch("--port", "0", "--workers", "2").wait_ready()
    wait_until(lambda: len(worker_pids(server)) == 2)
    before = worker_pids(server)
    os.kill(min(before), signal.SIGKILL)
    wait_until(lambda: len(worker_pids(server)) == 2 and worker_pids(server) != before)
    assert server.ask("/api/2.0/mlflow/experiments/search", {"max_results": 1})["experiments"]
    workers = worker_pids(server)
    server.process.kill()
    server.process.wait()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
