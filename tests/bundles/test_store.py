"""Bundles by name and version: named by what they hold, kept once, found, tagged, deleted, and found out when changed."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from bundles.conftest import Keep
from treering.bundles import manifest as manifests
from treering.bundles import tree
from treering.bundles.manifest import Manifest, check_name, check_path
from treering.bundles.store import BundleStore
from treering.core.errors import Conflict, DamagedData, InvalidInput, NotFound, TooLarge


def test_the_same_contents_are_the_same_bundle_and_kept_once(store: BundleStore, keep: Keep) -> None:
    first, second = keep(one="1"), keep(one="1")
    assert first == second
    assert [one.version for one in store.summaries()] == [first.version]


def test_one_changed_byte_one_mode_or_one_name_is_another_version(store: BundleStore, keep: Keep) -> None:
    versions = {keep(one="1").version, keep(one="2").version, keep(two="1").version}
    with store.draft() as draft:
        (draft / "one").write_text("1")
        (draft / "one").chmod(0o755)
        versions.add(store.keep(draft, Manifest("plain")).version)
    assert len(versions) == 4


def test_nothing_in_a_kept_bundle_can_be_written(store: BundleStore, keep: Keep) -> None:
    folder = store.find(keep().reference)
    for place in [folder, *folder.rglob("*")]:
        assert not stat.S_IMODE(place.stat().st_mode) & 0o222, place


def test_a_bundle_is_found_by_name_tag_version_and_four_digits_of_it(store: BundleStore, keep: Keep) -> None:
    old, new = keep(one="1"), keep(one="2")
    store.tag("plain", old.version, "production")
    assert store.find("plain").name == new.version
    assert store.find("plain:latest").name == new.version
    assert store.find("plain:production").name == old.version
    assert store.find(f"plain:{old.version}").name == old.version
    assert store.find(f"plain:{old.version[:6]}").name == old.version


def test_digits_that_two_versions_begin_with_are_refused(store: BundleStore) -> None:
    for version in ("abcd" + "0" * 12, "abcd" + "1" * 12):
        (store.root / "twins" / version).mkdir(parents=True)
    with pytest.raises(Conflict, match="could be each of abcd0"):
        store.find("twins:abcd")


def test_a_reference_to_nothing_names_what_there_is(store: BundleStore, keep: Keep) -> None:
    keep("known")
    with pytest.raises(NotFound, match="There are: known"):
        store.find("unknown")


@pytest.mark.parametrize("name", ["", "Upper", "../x", "a/b", ".hidden", "a b", "-x", "x" * 101, "a\n"])
def test_what_can_be_no_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="no name for a bundle"):
        check_name(name)


@pytest.mark.parametrize("tag", ["", "../up", "a/b", "0123456789abcdef"])
def test_what_can_be_no_tag_is_refused(store: BundleStore, keep: Keep, tag: str) -> None:
    with pytest.raises(InvalidInput, match="no tag"):
        store.tag("plain", keep().version, tag)


def test_latest_falls_back_when_the_newest_is_deleted_and_the_name_goes_with_the_last(
    store: BundleStore, keep: Keep
) -> None:
    old, new = keep(one="1"), keep(one="2")
    store.delete(new.reference)
    assert store.find("plain").name == old.version
    store.delete("plain")
    assert store.summaries() == []
    assert not (store.root / "plain").exists()


def test_a_bundle_whose_manifest_is_broken_can_be_deleted(store: BundleStore, keep: Keep) -> None:
    folder = store.find(keep().reference)
    (folder / manifests.FILE_NAME).chmod(0o644)
    (folder / manifests.FILE_NAME).write_text("{")
    assert store.delete(f"plain:{folder.name}") is None
    assert not folder.exists()


def test_a_failed_draft_leaves_nothing(store: BundleStore) -> None:
    with pytest.raises(ZeroDivisionError), store.draft() as draft:
        (draft / "half").write_text("half")
        raise ZeroDivisionError
    assert list((store.root / ".drafts").iterdir()) == []


def test_a_changed_manifest_is_found_out(store: BundleStore, keep: Keep) -> None:
    folder = store.find(keep().reference)
    path = folder / manifests.FILE_NAME
    said = json.loads(path.read_text())
    said["service"] = "evil:Service"
    path.chmod(0o644)
    path.write_text(json.dumps(said))
    with pytest.raises(DamagedData, match="its digest does not hold"):
        manifests.read(folder)


def test_a_manifest_of_a_later_treering_is_told_apart_from_a_damaged_one() -> None:
    data = manifests.encode(manifests.sealed(Manifest("later", format="treering-bundle/9")))
    with pytest.raises(DamagedData, match="treering-bundle/9"):
        manifests.parse(data, "here")


def test_what_a_later_treering_adds_to_the_manifest_is_covered_by_the_digest() -> None:
    said = json.loads(manifests.encode(manifests.sealed(Manifest("plain"))))
    said["added"] = "later"
    with pytest.raises(DamagedData, match="digest does not hold"):
        manifests.parse(json.dumps(said).encode(), "here")


def test_an_endless_manifest_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / manifests.FILE_NAME).open("wb") as file:
        file.truncate(manifests.MOST_BYTES + 1)
    with pytest.raises(TooLarge):
        manifests.read(tmp_path)
    with pytest.raises(TooLarge):
        manifests.parse(bytes(manifests.MOST_BYTES + 1), "here")


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b'{"name": 1}', b"[" * 100_000, b"\xff"])
def test_what_is_no_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(DamagedData):
        manifests.parse(data, "here")


@pytest.mark.parametrize(
    "path",
    ["../x", "/x", "a/../b", "a//b", "./a", "a/", "C:/x", "a\\b", "a\0", "a\nb", "manifest.json", "x" * 1025, ""],
)
def test_a_path_that_leads_out_is_refused(path: str) -> None:
    with pytest.raises(DamagedData, match="leads out"):
        check_path(path)


def test_each_difference_between_files_and_manifest_is_named(store: BundleStore, keep: Keep) -> None:
    made = keep(changed="1", gone="1", longer="1")
    folder = store.find(made.reference)
    folder.chmod(0o755)
    for name, text in (("changed", "2"), ("longer", "22"), ("new", "3")):
        if (folder / name).exists():
            (folder / name).chmod(0o644)
        (folder / name).write_text(text)
    (folder / "gone").unlink()
    assert sorted(tree.difference(folder, made.files)) == [
        "changed was changed",
        "gone is missing",
        "longer has 2 bytes, and should have 1",
        "new is not of this bundle",
    ]
    assert "changed was changed" not in tree.difference(folder, made.files, contents=False)


def test_a_link_in_a_bundle_is_refused(store: BundleStore, keep: Keep, tmp_path: Path) -> None:
    made = keep()
    folder = store.find(made.reference)
    folder.chmod(0o755)
    (folder / "link").symlink_to(tmp_path)
    with pytest.raises(DamagedData, match="is a link"):
        tree.difference(folder, made.files)
