"""Images: the same for the same bundle, on any base, and one that starts and answers from its unpacked file system alone."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import stat
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bundles.root_files import make_root
from treering.bundles import manifest as manifests
from treering.bundles.build import Plan, build
from treering.bundles.images import packing
from treering.bundles.images.bases import read_base
from treering.bundles.images.dockerfile import DockerPlan, build_image, dockerfile_of, write_context
from treering.bundles.images.layers import Item, items_of, write_layer
from treering.bundles.images.packing import BUNDLE, ImagePlan, write_oci
from treering.bundles.store import BundleStore
from treering.core.errors import AlreadyExists, DamagedData, InvalidInput, NotFound, NotSupported

PACKAGES = (
    *("click", "h11", "httptools", "msgspec", "numpy", "numpy.libs", "prometheus_client", "starlette", "anyio", "idna"),
    *("urllib3", "uvicorn", "uvloop", "yaml", "zstandard", "typing_extensions.py", "sniffio"),
)


@pytest.fixture
def no_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    def install(_folder: Path, _made: object, target: Path, _how: object) -> None:
        (target / "numpy").mkdir(parents=True)
        (target / "numpy/__init__.py").write_text("x = 1\n")

    monkeypatch.setattr(packing, "_install", install)
    monkeypatch.setattr(packing, "_program", lambda: iter([Item("opt", mode=0o755)]))


@pytest.fixture
def packages_of_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What serving needs, as it is installed for the tests: no index is asked."""

    def install(_folder: Path, _made: object, target: Path, _how: object) -> None:
        target.mkdir()
        home = Path(sysconfig.get_path("platlib"))
        for name in PACKAGES:
            if (home / name).is_dir():
                shutil.copytree(home / name, target / name, ignore=shutil.ignore_patterns("__pycache__", "tests"))
            elif (home / name).exists():
                shutil.copyfile(home / name, target / name)

    monkeypatch.setattr(packing, "_install", install)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "usr/bin").mkdir(parents=True)
    (folder / "usr/bin/sh").write_text("#!\n")
    (folder / "usr/bin/sh").chmod(0o755)
    (folder / "bin").symlink_to("usr/bin")
    return folder


def read(layout: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Manifest and configuration of the image in a layout, each held against its digest."""

    def blob(described: dict[str, Any]) -> bytes:
        data = (layout / "blobs/sha256" / described["digest"].removeprefix("sha256:")).read_bytes()
        assert f"sha256:{hashlib.sha256(data).hexdigest()}" == described["digest"]
        assert len(data) == described["size"]
        return data

    manifest = json.loads(blob(json.loads((layout / "index.json").read_text())["manifests"][0]))
    config = json.loads(blob(manifest["config"]))
    for one, diff_id in zip(manifest["layers"], config["rootfs"]["diff_ids"], strict=True):
        data = blob(one)
        tar = gzip.decompress(data) if one["mediaType"].endswith("gzip") else data
        assert f"sha256:{hashlib.sha256(tar).hexdigest()}" == diff_id
    return manifest, config


def unpack(layout: Path, target: Path) -> Path:
    target.mkdir()
    for one in read(layout)[0]["layers"]:
        with tarfile.open(layout / "blobs/sha256" / one["digest"].removeprefix("sha256:")) as archive:
            archive.extractall(target, filter="tar")
    return target


@pytest.mark.usefixtures("no_packages")
def test_an_image_is_whole_and_the_same_each_time(built: Path, root: Path, tmp_path: Path) -> None:
    first = write_oci(built, tmp_path / "a", ImagePlan(root))
    second = write_oci(built, tmp_path / "b", ImagePlan(root))
    assert first == second
    manifest, config = read(tmp_path / "a")
    assert len(manifest["layers"]) == 4
    assert config["config"]["User"] == "10001:10001"
    assert config["config"]["Entrypoint"] == ["python3", "-m", "treering.serving.container"]
    assert config["config"]["ExposedPorts"] == {"8080/tcp": {}}
    assert config["config"]["Labels"]["io.treering.bundle"] == f"sha256:{manifests.read(built).digest}"


@pytest.mark.usefixtures("no_packages")
def test_only_the_last_layer_changes_with_the_model(
    store: BundleStore, plan: Plan, built: Path, root: Path, tmp_path: Path
) -> None:
    other = store.find(build(store, replace(plan, description="another")).reference)
    layers = []
    for folder in (built, other):
        write_oci(folder, tmp_path / folder.name, ImagePlan(root))
        layers.append([one["digest"] for one in read(tmp_path / folder.name)[0]["layers"]])
    assert layers[0][:-1] == layers[1][:-1]
    assert layers[0][-1] != layers[1][-1]


@pytest.mark.usefixtures("no_packages")
def test_everybody_may_read_what_is_in_an_image_and_root_alone_may_write(
    built: Path, root: Path, tmp_path: Path
) -> None:
    write_oci(built, tmp_path / "image", ImagePlan(root))
    for one in read(tmp_path / "image")[0]["layers"][1:]:
        with tarfile.open(tmp_path / "image/blobs/sha256" / one["digest"].removeprefix("sha256:")) as archive:
            for member in archive:
                assert (member.uid, member.gid, member.mtime) == (0, 0, 0)
                assert member.mode & 0o022 == 0
                assert member.mode & 0o004
                assert not member.name.startswith(("/", "."))


@pytest.mark.usefixtures("no_packages")
def test_an_archive_is_a_base_as_a_layout_and_a_root_are(built: Path, root: Path, tmp_path: Path) -> None:
    """Each image is built on the last: a root, its archive, a layout, an archive of one."""
    with tarfile.open(tmp_path / "root.tar.gz", "w:gz") as archive:
        archive.add(root, ".")
    write_oci(built, tmp_path / "one.tar", ImagePlan(tmp_path / "root.tar.gz"))
    write_oci(built, tmp_path / "two", ImagePlan(tmp_path / "one.tar"))
    write_oci(built, tmp_path / "three", ImagePlan(tmp_path / "two"))
    manifest, config = read(tmp_path / "three")
    assert len(manifest["layers"]) == 1 + 3 * 3
    assert config["config"]["Labels"]["org.opencontainers.image.base.digest"].startswith("sha256:")
    with tarfile.open(tmp_path / "one.tar") as archive:
        assert archive.getnames()[:4] == ["blobs", "blobs/sha256", "oci-layout", "index.json"]


def test_what_docker_saved_is_a_base(tmp_path: Path) -> None:
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("etc"))
    diff_id = f"sha256:{hashlib.sha256(layer.getvalue()).hexdigest()}"
    config = {
        "os": "linux",
        "architecture": "amd64",
        "config": {"Env": ["PYTHON_VERSION=3.11.7"]},
        "rootfs": {"diff_ids": [diff_id]},
    }
    with tarfile.open(tmp_path / "saved.tar", "w") as archive:
        for name, data in {
            "layer.tar": layer.getvalue(),
            "config.json": json.dumps(config).encode(),
            "manifest.json": json.dumps([{"Config": "config.json", "Layers": ["layer.tar"]}]).encode(),
        }.items():
            told = tarfile.TarInfo(name)
            told.size = len(data)
            archive.addfile(told, io.BytesIO(data))
    (tmp_path / "blobs").mkdir()
    base = read_base(tmp_path / "saved.tar", tmp_path / "blobs", "amd64")
    assert (base.diff_ids, base.python) == ([diff_id], "3.11")
    with pytest.raises(InvalidInput, match="not for arm64"):
        read_base(tmp_path / "saved.tar", tmp_path / "blobs", "arm64")


@pytest.mark.usefixtures("no_packages")
def test_a_base_that_was_changed_or_is_none_is_refused(built: Path, root: Path, tmp_path: Path) -> None:
    write_oci(built, tmp_path / "base", ImagePlan(root))
    layer = read(tmp_path / "base")[0]["layers"][0]["digest"].removeprefix("sha256:")
    (tmp_path / "base/blobs/sha256" / layer).write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("hello")
    for base, error in (("base", DamagedData), ("empty", InvalidInput), ("text", InvalidInput), ("none", NotFound)):
        with pytest.raises(error):
            write_oci(built, tmp_path / "image", ImagePlan(tmp_path / base))
    assert not (tmp_path / "image").exists()
    assert not list(tmp_path.glob(".treering-image-*"))


@pytest.mark.parametrize("digest", ["sha256:../../../../etc/passwd", "sha256:" + "0" * 64, "md5:" + "0" * 32, None])
def test_a_base_whose_index_leads_elsewhere_is_refused(tmp_path: Path, digest: str | None) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base/index.json").write_text(json.dumps({"manifests": [{"digest": digest, "size": 1}]}))
    with pytest.raises(DamagedData):
        read_base(tmp_path / "base", tmp_path, "amd64")


@pytest.mark.usefixtures("no_packages")
def test_another_python_than_the_bundles_is_refused(built: Path, root: Path, tmp_path: Path) -> None:
    write_oci(built, tmp_path / "base", ImagePlan(root))
    layout = tmp_path / "base"
    base = read_base(layout, layout / "blobs/sha256", packing._this_architecture())
    with pytest.raises(InvalidInput, match=r"has Python 2\.7"):
        said = replace(base, config={"Env": ["PYTHON_VERSION=2.7.18"]})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(packing, "read_base", lambda *_args: said)
            write_oci(built, tmp_path / "image", ImagePlan(layout))


@pytest.mark.usefixtures("no_packages")
def test_nothing_is_written_over(built: Path, root: Path, tmp_path: Path) -> None:
    (tmp_path / "image.tar").write_text("mine")
    with pytest.raises(AlreadyExists):
        write_oci(built, tmp_path / "image.tar", ImagePlan(root))


@pytest.mark.usefixtures("no_packages")
def test_packages_of_a_lock_are_kept_for_the_next_image(
    store: BundleStore, plan: Plan, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = build(store, plan)
    folder = store.find(made.reference)
    locked = replace(made, environment=replace(made.environment, locked=True))
    monkeypatch.setattr(packing.manifests, "read", lambda _folder: locked)
    first = write_oci(folder, tmp_path / "a", ImagePlan(root, cache=tmp_path / "cache"))
    monkeypatch.setattr(packing, "_install", lambda *_args: pytest.fail("the cache was not used"))
    assert write_oci(folder, tmp_path / "b", ImagePlan(root, cache=tmp_path / "cache")) == first
    kept = next(one for one in (tmp_path / "cache").rglob("*") if len(one.name) == 64)
    kept.write_bytes(b"x")
    with pytest.raises(pytest.fail.Exception, match="the cache was not used"):
        write_oci(folder, tmp_path / "c", ImagePlan(root, cache=tmp_path / "cache"))


def test_bytecode_is_used_as_it_is_and_names_the_images_own_paths(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("def f(): raise ValueError\n")
    packing._compile(tmp_path, "/opt/place")
    compiled = next((tmp_path / "__pycache__").glob("*.pyc")).read_bytes()
    assert int.from_bytes(compiled[4:8], "little") == 0b01
    assert b"/opt/place/one.py" in compiled
    assert str(tmp_path).encode() not in compiled


def test_links_and_modes_of_a_root_stay(root: Path, tmp_path: Path) -> None:
    layer = write_layer(items_of(root, ""), tmp_path, "root")
    with tarfile.open(tmp_path / layer.digest) as archive:
        found = {one.name: one for one in archive}
    assert found["bin"].linkname == "usr/bin"
    assert found["usr/bin/sh"].mode == 0o755


@pytest.mark.usefixtures("packages_of_here")
def test_an_image_starts_and_answers_without_a_network(built: Path, tmp_path: Path) -> None:
    """From its unpacked file system, as the user and with the variables and command that its configuration says."""
    if os.geteuid() != 0:
        pytest.skip("only root may change the root folder")
    write_oci(built, tmp_path / "image", ImagePlan(make_root(tmp_path / "base")))
    root = unpack(tmp_path / "image", tmp_path / "unpacked")
    for name, kind in (("null", (1, 3)), ("urandom", (1, 9))):
        os.mknod(root / "dev" / name, 0o666 | stat.S_IFCHR, os.makedev(*kind))
        (root / "dev" / name).chmod(0o666)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(folder.stat().st_mode | 0o111)
    before = {one: one.stat().st_mtime_ns for one in (root / BUNDLE.lstrip("/")).rglob("*")}
    body = '{"dataframe_split": {"columns": ["a", "b"], "data": [[0, 1], [2, 0]]}}'
    config = json.dumps(read(tmp_path / "image")[1]["config"])
    alone = [] if shutil.which("unshare") is None else ["unshare", "--net", "--"]
    script = Path(__file__).with_name("start_image.py")
    done = subprocess.run(
        [*alone, sys.executable, str(script), str(root), config, body],
        capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["answer"], said["probe"], said["ended"]) == ({"predictions": [0, 1]}, 0, 0)
    assert before == {one: one.stat().st_mtime_ns for one in (root / BUNDLE.lstrip("/")).rglob("*")}


def test_a_dockerfile_says_what_an_image_holds(store: BundleStore, plan: Plan) -> None:
    made = build(store, replace(plan, variables={"PRICE": 'a "$5" \\ b'}, system_packages=["libgomp1"]))
    text = dockerfile_of(made)
    assert text.count("FROM ${BASE}") == 2
    assert f"python:{made.environment.python}-slim" in text
    assert 'ENV PRICE="a \\"\\$5\\" \\\\ b"' in text
    assert "USER 10001:10001" in text
    assert "libgomp1" in text
    assert 'ENTRYPOINT ["python3", "-m", "treering.serving.container"]' in text
    assert text.index("COPY bundle /opt") > text.index("COPY --from=packages")
    assert "--require-hashes" in dockerfile_of(replace(made, environment=replace(made.environment, locked=True)))
    assert "--no-index" in dockerfile_of(made, DockerPlan(wheels=Path("wheels")))


@pytest.mark.parametrize("name", ["a && rm -rf /", "a\nRUN b", "-x", ""])
def test_what_is_no_package_does_not_get_into_a_dockerfile(store: BundleStore, plan: Plan, name: str) -> None:
    made = build(store, replace(plan, system_packages=[name]))
    with pytest.raises(InvalidInput, match="no package of Debian"):
        dockerfile_of(made)


def test_a_context_has_all_that_its_dockerfile_copies(built: Path, tmp_path: Path) -> None:
    made = write_context(built, tmp_path / "context")
    copied = [
        line.split()[1]
        for line in (made / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
    ]
    assert all((made / one).exists() for one in copied)
    assert (made / "program/treering/serving/container.py").is_file()
    assert not (made / "program/treering/server/static").exists()
    assert not list(made.rglob("__pycache__"))
    with pytest.raises(AlreadyExists):
        write_context(built, made)


@pytest.fixture
def fake_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], Path]:
    def make(name: str, status: int = 0) -> Path:
        (tmp_path / "bin").mkdir(exist_ok=True)
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/said\nexit {status}\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}/bin")
        return tmp_path / "said"

    return make


def test_the_first_program_that_is_there_builds(fake_program: Callable[..., Path], tmp_path: Path) -> None:
    said = fake_program("podman")
    assert build_image(tmp_path, ["a:1", "b:2"], more=["--no-cache"]) == "podman"
    assert said.read_text().split() == [
        *("build", "--tag", "a:1", "--tag", "b:2", "--no-cache", "--format", "docker", str(tmp_path)),
    ]


def test_no_program_and_one_that_fails_are_said(
    fake_program: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_program("docker", 3)
    with pytest.raises(Exception, match="docker could not build"):
        build_image(tmp_path, ["a"])
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(NotSupported, match="--base"):
        build_image(tmp_path, ["a"])
    with pytest.raises(InvalidInput, match="'kaniko'"):
        build_image(tmp_path, ["a"], "kaniko")
