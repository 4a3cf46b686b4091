"""Remotes for tests of data: a folder, WebDAV, a web server, S3 and SSH, each with what the test can do to it from outside."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulators import openssh
from treering.storage.objects import open_store
from treering.storage.objects.base import ObjectStore
from treering.versioning.repository import Repository, find_repository
from webdav_server import Share, share

__all__ = ["Place", "configure", "folder_place", "http_place", "s3_place", "ssh_place", "webdav_place"]


@dataclass
class Place:
    """A remote.

    Attributes:
        config: Its options, in DVC's words.
        folder: Where its objects lie on this machine, if they do.
    """

    config: dict[str, str]
    folder: Path | None = None
    share: Share | None = None
    inspected: ObjectStore | None = None
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.config["url"]

    def objects(self) -> dict[str, bytes]:
        """All that is there, by key."""
        if self.folder is None:
            assert self.inspected is not None
            return {info.path: b"".join(self.inspected.read(info.path)) for info in self.inspected.walk()}
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }

    def remove(self, key: str) -> None:
        if self.folder is None:
            assert self.inspected is not None
            self.inspected.delete(key)
        else:
            (self.folder / key).unlink()

    def write(self, key: str, data: bytes) -> None:
        """Put something there, as somebody else might, or a disk that fails."""
        if self.folder is None:
            assert self.inspected is not None
            self.inspected.write(key, [data])
            return
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o444
        path.unlink(missing_ok=True)
        path.write_bytes(data)
        path.chmod(mode)


def folder_place(tmp_path: Path) -> Place:
    return Place({"url": str(tmp_path / "remote folder")}, tmp_path / "remote folder")


@contextmanager
def webdav_place(tmp_path: Path) -> Iterator[Place]:
    folder = tmp_path / "dav"
    folder.mkdir()
    with share(folder) as made:
        made.way = "basic"
        config = {"url": f"{made.webdav}/some/where", "user": made.user, "password": made.password}
        yield Place(config, folder / "some" / "where", made)


@contextmanager
def http_place(tmp_path: Path) -> Iterator[Place]:
    folder = tmp_path / "web"
    (folder / "store").mkdir(parents=True)
    with share(folder) as made:
        made.way = "header"
        config = {
            "url": f"{made.url}/store",
            "auth": "custom",
            "custom_auth_header": "X-Secret",
            "password": made.password,
        }
        yield Place(config, folder / "store", made)


def s3_place(address: str) -> Place:
    """A prefix of a bucket that keeps versions, with the words that a config has for it."""
    name = f"b{uuid.uuid4().hex[:12]}"
    config = {
        "url": f"s3://{name}/some/where",
        "endpointurl": address,
        "access_key_id": "testing",
        "secret_access_key": "testing",
        "region": "us-east-1",
    }
    said = {"endpoint_url": address, "access_key": "testing", "secret_key": "testing", "region": "us-east-1"}
    store: Any = open_store(config["url"], said)
    client = store._s3._client()
    client.create_bucket(Bucket=name)
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return Place(config, inspected=store)


@contextmanager
def ssh_place(tmp_path: Path) -> Iterator[Place]:
    here = tmp_path / "sshd"
    here.mkdir()
    with openssh(here) as server:
        folder = tmp_path / "far"
        config = {
            "url": f"ssh://127.0.0.1{folder}",
            "user": server.user,
            "port": str(server.port),
            "keyfile": str(server.key),
        }
        yield Place(config, folder, environ={"TREERING_SFTP_KNOWN_HOSTS": str(server.known_hosts)})


def configure(repo: Repository, place: Place, name: str = "store", *, default: bool = True) -> Repository:
    """Name a place in the config; returns the repository as who opens it now sees it."""
    config = repo.dvc_dir / "config"
    lines = [f"['remote \"{name}\"']", *(f'    {word} = "{value}"' for word, value in place.config.items())]
    before = config.read_text()
    if default:
        before = re.sub(r"\[core\]\n    remote = .*\n", "", before)
        lines += ["[core]", f"    remote = {name}"]
    config.write_text(before + "\n".join([*lines, ""]))
    return find_repository(repo.root, repo.environ)
