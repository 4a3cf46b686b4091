from __future__ import annotations

import hashlib
import json
import random
from typing import Any

import pytest

from treering.core.errors import DamagedData
from treering.storage.content.manifest import Manifest, dump_manifest, load_manifest, manifest_chunks

STRANGE = [
    "a-b",
    "a.b",
    "a/b",
    "aB",
    "with space",
    'quo"te',
    "back\\slash",
    "tab\there",
    "é",
    "\uffee",
    "😀",
    "new\nline",
    "\x7f",
    'x"}, {"y',
    "z\\",
]


def rows(paths: list[str]) -> list[dict[str, str]]:
    return [{"md5": hashlib.md5(path.encode()).hexdigest(), "relpath": path} for path in sorted(paths)]


def manifest(paths: list[str]) -> Manifest:
    return Manifest.of((row["relpath"], row["md5"]) for row in rows(paths))


@pytest.mark.parametrize("paths", [[], ["a"], STRANGE, [f"d{i % 7}/f{i}" for i in range(10_000)]])
def test_the_bytes_are_those_of_pythons_json_sorted_by_path(paths: list[str]) -> None:
    expected = json.dumps(rows(paths), sort_keys=True).encode()
    shuffled = random.Random(1).sample(paths, len(paths))
    assert dump_manifest(manifest(shuffled)) == expected
    assert load_manifest(expected) == manifest(paths)
    assert list(load_manifest(expected)) == [(row["relpath"], row["md5"]) for row in rows(paths)]


def test_an_empty_folder_has_the_well_known_name() -> None:
    assert hashlib.md5(dump_manifest([])).hexdigest() == "d751713988987e9331980363e24189ce"


def test_a_big_list_with_strange_names_is_read_piece_by_piece() -> None:
    # More than a piece of reading, with what looks like the end of a row at many places.
    paths = [f'{i:06d}"}}, {{"\\' if i % 3 else f"{i:06d}" + "\\" * (i % 5) for i in range(40_000)]
    data = dump_manifest(manifest(paths))
    assert len(data) > 2 << 20
    assert load_manifest(data) == manifest(paths)


def test_it_is_a_sequence_of_pairs() -> None:
    made = manifest(["b", "a", "c"])
    assert [path for path, _ in made] == ["a", "b", "c"]
    assert made[1] == made[-2] == ("b", hashlib.md5(b"b").hexdigest())
    assert made[1:] == [made[1], made[2]]
    assert len(made) == 3
    assert ("b", hashlib.md5(b"b").hexdigest()) in made
    with pytest.raises(IndexError):
        made[3]


def test_what_another_program_wrote_in_its_own_style_is_read() -> None:
    wanted = manifest(["a", "b/c", "é"])
    turned = [{"relpath": path, "md5": digest.upper()} for path, digest in reversed(list(wanted))]
    for data in (
        json.dumps(turned),
        json.dumps(turned, indent=1, ensure_ascii=False),
        json.dumps(turned, separators=(",", ":")),
    ):
        assert load_manifest(data.encode()) == wanted


def test_rows_out_of_order_are_sorted() -> None:
    turned = list(reversed(rows(["a", "b", "c"])))
    assert load_manifest(json.dumps(turned).encode()) == manifest(["a", "b", "c"])


D = "0" * 32


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[",
        b"{}",
        b"nonsense",
        b"\xff\xfe",
        [{"md5": D}],
        [{"md5": D, "relpath": "a", "size": 1}],
        [{"md5": "xyz", "relpath": "a"}],
        [{"md5": D[1:], "relpath": "a"}],
        [{"md5": D + "0", "relpath": "a"}],
        [{"md5": None, "relpath": "a"}],
        [{"md5": D, "relpath": 1}],
        [{"md5": D, "relpath": "a"}, {"md5": D, "relpath": "a"}],
        [{"md5": D, "relpath": "../a"}],
        [{"md5": D, "relpath": "a/../../b"}],
        [{"md5": D, "relpath": "/etc/passwd"}],
        [{"md5": D, "relpath": "a//b"}],
        [{"md5": D, "relpath": "a/"}],
        [{"md5": D, "relpath": "."}],
        [{"md5": D, "relpath": ""}],
        [{"md5": D, "relpath": "a\0b"}],
        [{"md5": D, "relpath": "a\ud83d"}],
    ],
)
def test_a_damaged_list_is_refused(data: Any) -> None:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    with pytest.raises(DamagedData, match="list of files"):
        load_manifest(raw, "abc.dir")


def test_names_that_only_look_like_climbing_are_kept() -> None:
    paths = ["..a", "...", "a..", "a/..b", ".hidden", "a/.b/c."]
    assert [path for path, _ in load_manifest(dump_manifest(manifest(paths)))] == sorted(paths)


def test_the_pieces_are_the_whole() -> None:
    made = manifest([str(number) for number in range(9000)])
    pieces = list(manifest_chunks(made))
    assert len(pieces) > 2
    assert b"".join(pieces) == dump_manifest(made)
