"""Signatures, artifact stores, and build files of BentoML's."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bundles.conftest import Keep
from treering.bundles import bentofile, signing, transfer
from treering.bundles import manifest as manifests
from treering.bundles.archive import export_bundle, import_bundle
from treering.bundles.signing import SCHEMES
from treering.bundles.store import BundleStore
from treering.bundles.verify import Checks, verify
from treering.core.errors import DamagedData, InvalidInput, NotFound
from treering.core.uri import file_uri
from treering.storage.objects import open_store
from treering.storage.objects.base import ObjectStore

PRIVATE, PUBLIC = SCHEMES.load("ed25519").generate()
OTHER_PRIVATE, OTHER = SCHEMES.load("ed25519").generate()


@pytest.fixture
def far(tmp_path: Path) -> ObjectStore:
    return open_store(file_uri(tmp_path / "far"))


def test_a_signature_travels_with_the_bundle_and_holds_for_its_key_alone(
    store: BundleStore, keep: Keep, tmp_path: Path
) -> None:
    made = keep()
    folder = store.find(made.reference)
    signing.add(folder, made, PRIVATE, by="Ada")
    import_bundle(other := BundleStore(tmp_path / "other"), export_bundle(folder, tmp_path / "out.tar.zst"))
    place = other.find(made.reference)
    assert verify(place, Checks([PUBLIC])).signer == "Ada"
    assert verify(place, Checks([OTHER, PUBLIC])).wrong == ()
    assert verify(place, Checks([OTHER])).wrong == ("none of the trusted keys has signed it",)


def test_signing_again_with_a_key_replaces_and_with_another_adds(store: BundleStore, keep: Keep) -> None:
    made = keep()
    folder = store.find(made.reference)
    for key, name in ((PRIVATE, "Ada"), (PRIVATE, "Ada again"), (OTHER_PRIVATE, "Bob")):
        signing.add(folder, made, key, by=name)
    assert [one.by for one in signing.read(folder)] == ["Ada again", "Bob"]
    assert (folder.stat().st_mode & 0o777) == 0o555


def test_a_signature_of_another_bundle_is_found_out(store: BundleStore, keep: Keep) -> None:
    mine, theirs = keep(one="1"), keep(one="2")
    first, second = store.find(mine.reference), store.find(theirs.reference)
    signing.add(first, mine, PRIVATE)
    second.chmod(0o755)
    (second / manifests.SIGNATURES).write_bytes((first / manifests.SIGNATURES).read_bytes())
    with pytest.raises(DamagedData, match="does not hold"):
        verify(second, Checks([PUBLIC]))


def test_the_time_is_signed_too(store: BundleStore, keep: Keep) -> None:
    made = keep()
    folder = store.find(made.reference)
    signing.add(folder, made, PRIVATE)
    (folder / manifests.FILE_NAME).chmod(0o644)
    manifests.write(replace(made, created=made.created + 1), folder)
    with pytest.raises(DamagedData, match="does not hold"):
        verify(folder, Checks([PUBLIC]))


@pytest.mark.parametrize("key", [b"", b"no key", PUBLIC])
def test_what_is_no_key_signs_nothing(store: BundleStore, keep: Keep, key: bytes) -> None:
    made = keep()
    with pytest.raises(InvalidInput, match="no Ed25519 key"):
        signing.add(store.find(made.reference), made, key)


@pytest.mark.parametrize("text", ["{", "[1]", '[{"key": "%", "signature": "x"}]'])
def test_damaged_signatures_are_refused(store: BundleStore, keep: Keep, text: str) -> None:
    folder = store.find(keep().reference)
    folder.chmod(0o755)
    (folder / manifests.SIGNATURES).write_text(text)
    with pytest.raises(DamagedData):
        verify(folder, Checks([PUBLIC]))


def test_a_bundle_goes_to_a_store_and_comes_back(
    store: BundleStore, keep: Keep, far: ObjectStore, tmp_path: Path
) -> None:
    made = keep(**{"one": "1", "copy/of/one": "1", "two": "2"})
    signing.add(store.find(made.reference), made, PRIVATE)
    assert transfer.push(store.find(made.reference), far).files == 2
    other = BundleStore(tmp_path / "other")
    assert transfer.pull(far, "plain", other) == made
    assert verify(other.find("plain"), Checks([PUBLIC])).wrong == ()


def test_only_what_is_new_is_sent(store: BundleStore, keep: Keep, far: ObjectStore) -> None:
    transfer.push(store.find(keep(model="big", code="1").reference), far)
    sent = transfer.push(store.find(keep(model="big", code="2").reference), far)
    assert (sent.files, sent.there, sent.size) == (1, 1, 1)
    assert len(transfer.listed(far)) == 2


def test_a_bundle_there_is_found_by_tag_version_and_digits(
    store: BundleStore, keep: Keep, far: ObjectStore, tmp_path: Path
) -> None:
    old, new = keep(one="1"), keep(one="2")
    transfer.push(store.find(old.reference), far, ("stable",))
    transfer.push(store.find(new.reference), far)
    for reference, made in (
        ("plain:stable", old),
        ("plain", new),
        (f"plain:{old.version[:8]}", old),
        (new.reference, new),
    ):
        assert transfer.pull(far, reference, BundleStore(tmp_path / reference.replace(":", "-"))) == made
    with pytest.raises(NotFound, match="There are: plain:"):
        transfer.pull(far, "plain:unknown", store)


def test_another_file_in_the_store_is_found_out(
    store: BundleStore, keep: Keep, far: ObjectStore, tmp_path: Path
) -> None:
    made = keep(one="1")
    transfer.push(store.find(made.reference), far)
    digest = made.files["one"].sha256
    far.write(f"objects/{digest[:2]}/{digest}", [b"2"])
    other = BundleStore(tmp_path / "other")
    with pytest.raises(DamagedData, match="not what the manifest says"):
        transfer.pull(far, "plain", other)
    assert other.summaries() == []


def test_the_manifest_of_another_bundle_is_found_out(
    store: BundleStore, keep: Keep, far: ObjectStore, tmp_path: Path
) -> None:
    made, other = keep(one="1"), keep("other", one="1")
    for one in (made, other):
        transfer.push(store.find(one.reference), far)
    far.write(f"manifests/plain/{made.version}.json", far.read(f"manifests/other/{other.version}.json"))
    with pytest.raises(DamagedData, match="holds the manifest of other"):
        transfer.pull(far, "plain", BundleStore(tmp_path / "other"))


BENTOFILE = """\
service: "service:Summary"
name: summary
description: "file: ./README.md"
labels: {owner: team, stage: 1}
include: ["*.py"]
exclude: ["tests/"]
models:
  - churn:3
  - churn:latest
  - tag: churn:champion
    alias: best
  - models:/other@new
envs:
  - name: HF_HOME
    value: /tmp/hf
  - name: BUILD_ONLY
    value: x
    stage: build
args: {size: 3}
python:
  requirements_txt: ./requirements.txt
  packages: [torch==2.5.1]
  lock_packages: false
  index_url: https://index.example/simple
  extra_index_url: [https://more.example/simple]
docker:
  distro: debian
  python_version: "3.12"
  system_packages: [libgomp1]
  env: {A: "1"}
  base_image: python:3.12-slim
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "bentofile.yaml").write_text(BENTOFILE)
    (tmp_path / "README.md").write_text("Sums up.")
    (tmp_path / "requirements.txt").write_text("# mine\nnumpy>=2\n\n")
    return tmp_path


def test_a_bentofile_is_understood_whole(project: Path) -> None:
    said = bentofile.read(project)
    assert (said.service, said.name, said.description) == ("service:Summary", "summary", "Sums up.")
    assert said.models == [
        *("models:/churn/3", "models:/churn/latest", "best=models:/churn@champion", "models:/other@new"),
    ]
    assert said.requirements == ["torch==2.5.1", "numpy>=2"]
    assert said.variables == {"A": "1", "HF_HOME": "/tmp/hf"}
    assert (said.lock, said.python, said.base_image) == (False, "3.12", "python:3.12-slim")
    assert said.index == [
        *("--index-url", "https://index.example/simple", "--extra-index-url", "https://more.example/simple"),
    ]
    assert (said.labels, said.arguments) == ({"owner": "team", "stage": "1"}, {"size": "3"})
    assert (said.include, said.exclude, said.system_packages) == (["*.py"], ["tests/"], ["libgomp1"])


def test_pyproject_says_the_same(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.bentoml.build]\nservice = "a:B"\npython.packages = ["x"]\n')
    said = bentofile.read(tmp_path)
    assert (said.service, said.requirements) == ("a:B", ["x"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("servise: x", "nobody knows 'servise'"),
        ("service: x\npython: {packagez: []}", "nobody knows python.'packagez'"),
        ("service: x\nconda: {channels: [a]}", "'conda' has no place"),
        ("service: x\ndocker: {setup_script: a.sh}", "'docker.setup_script' has no place"),
        ("service: x\ninclude: 3", "has to be a list"),
        ("service: x\nmodels: [{filter: a}]", "is no model"),
        ("[1, 2]", "says nothing about a build"),
        ("a: [", "cannot be read"),
        ("a: " + "[" * 5000, "cannot be read"),
    ],
)
def test_a_wrong_bentofile_says_where(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "bentofile.yaml").write_text(text)
    with pytest.raises(InvalidInput) as error:
        bentofile.read(tmp_path)
    assert said in str(error.value)


def test_no_build_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"bentofile\.yaml"):
        bentofile.read(tmp_path)


def test_the_manifest_is_plain_json_that_others_can_read(store: BundleStore, keep: Keep) -> None:
    said = json.loads((store.find(keep().reference) / manifests.FILE_NAME).read_text())
    assert said["files"]["one"]["size"] == 1
