from __future__ import annotations

import io
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from treering.core.errors import InvalidInput, NotFound
from treering.versioning.documents import edit_yaml, edited_yaml, parse_yaml, read_yaml, write_yaml
from treering.versioning.plain_yaml import dump_plain

WORDS = st.one_of(
    st.text("abcXYZ019_./ :#@+=,()~%!&*?|>'\"-", max_size=90),
    st.text("0129_xobe.:-+", max_size=9),
    st.sampled_from(
        ["yes", "no", "on", "off", "y", "n", "true", "~", "null", "=", "<<", "2001-01-01", "...", "---", ".inf"]
    ),
)
SCALARS = st.one_of(
    WORDS,
    st.integers(),
    st.booleans(),
    st.none(),
    st.sampled_from([0.1, 1.5, -2.25, 1e-05, 3e20, float("inf")]),
    st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=12),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS.filter(lambda w: w != "<<"), inner, max_size=4),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(WORDS.filter(lambda w: w != "<<"), VALUES, max_size=5)


def by_ruamel(data: Any) -> bytes:
    yaml = YAML()
    yaml.default_flow_style = False
    written = io.BytesIO()
    yaml.dump(data, written)
    return written.getvalue()


@settings(max_examples=50)
@given(DOCUMENTS)
def test_what_is_written_without_ruamel_is_what_ruamel_writes(data: dict[str, Any]):
    plain = dump_plain(data)
    assert plain is None or plain == by_ruamel(data)


@settings(max_examples=50)
@given(st.text("-+.01289oxb_eE:TZ ", min_size=1, max_size=14) | st.text("tfTnNuleraAb./ =<~-", max_size=6))
def test_a_plain_scalar_means_what_it_means_to_ruamel(text: str):
    yaml = YAML(typ="safe", pure=True)
    try:
        expected = yaml.load(f"- {text}\n- 0\n")
    except Exception:  # noqa: BLE001  # what ruamel cannot read is not compared
        return
    if isinstance(expected, list) and len(expected) == 2 and not isinstance(expected[0], dict | list):
        found = parse_yaml(f"- {text}\n- 0\n", "x")
        assert repr(found) == repr(expected)


@settings(max_examples=50)
@given(DOCUMENTS)
def test_what_ruamel_writes_is_read_back(data: dict[str, Any]):
    assert parse_yaml(by_ruamel(data), "x") == (data or {})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("True", True),
        ("0o17", 15),
        ("017", 17),
        ("0x1f", 31),
        ("1_000", 1000),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-.inf", float("-inf")),
        ("1:30", "1:30"),
        ("", None),
        ("~", None),
        ("'1'", "1"),
        ("!!str 1", "1"),
        ("2", 2),
        ("2-1", "2-1"),
        ("0x", "0x"),
        ("_", "_"),
        ("9999-99-99", "9999-99-99"),
    ],
)
def test_scalars_are_of_yaml_1_2(text: str, value: object):
    found = parse_yaml(f"a: {text}", "x")["a"]
    assert (type(found), found) == (type(value), value)


def test_merge_keys_and_aliases_are_followed():
    text = "base: &b {a: 1, c: 2}\nother:\n  <<: *b\n  c: 3\nmany:\n  <<: [*b, {d: 4}]\n"
    assert parse_yaml(text, "x") == {
        "base": {"a": 1, "c": 2},
        "other": {"a": 1, "c": 3},
        "many": {"a": 1, "c": 2, "d": 4},
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: 3\n", r"d.dvc, line 3: the key 'a' is there twice"),
        ("a:\n\tb: 1\n", r"d.dvc, line 2: indented with a tab"),
        ("<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> theirs\n", r"d.dvc, line 1: a merge left its conflict markers"),
        ("x: 1\n<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> theirs\n", r"line 2: a merge"),
        ("a: [1, 2\n", r"d.dvc, line 2"),
        ("a: b: c\n", r"d.dvc, line 1, column 5"),
        ("--- 1\n--- 2\n", r"a second document"),
        ("a: &x [*x]\n", r"no anchor 'x'"),
        ("? [1]\n: 2\n", r"where a key is expected"),
        ("a: !!python/object:os.system x\n", r"the tag"),
        ("a: !!int x\n", r"the tag"),
        ("<<: 3\n", r"takes a mapping"),
        (b"a: \xff\xfe\n", r"not valid YAML"),
        ("[" * 100_000, r"nested too deeply|not valid YAML"),
    ],
)
def test_what_cannot_be_read_is_told_with_file_line_and_remedy(text: str | bytes, told: str):
    with pytest.raises(InvalidInput, match=told):
        parse_yaml(text, "d.dvc")


@pytest.mark.parametrize("open_close", ["[]", "{}"])
def test_aliases_to_aliases_fill_no_memory(open_close: str):
    key = "" if open_close == "[]" else "{at}: "
    lines = ["v0: &v0 [x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 60):
        inner = ", ".join(key.format(at=at) + f"*v{level - 1}" for at in range(9))
        lines.append(f"v{level}: &v{level} {open_close[0]}{inner}{open_close[1]}")
    with pytest.raises(InvalidInput, match=r"x, line \d: the aliases stand for more than a million values"):
        parse_yaml("\n".join(lines), "x")
    with pytest.raises(InvalidInput, match="aliases"):
        parse_yaml(f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 1000)}]\n", "x")
    # Many aliases are no bomb.
    assert len(parse_yaml(f"a: &a [1, 2]\nb: [{', '.join(['*a'] * 10_000)}]\n", "x")["b"]) == 10_000


def test_text_that_only_looks_like_a_conflict_is_read():
    assert parse_yaml("a: '<<<<<<< HEAD'\n", "x") == {"a": "<<<<<<< HEAD"}


def test_an_empty_document_is_none():
    assert parse_yaml(b"", "x") is None
    assert parse_yaml("# nothing\n", "x") is None


COMMENTED = b"""\
# About the data
outs:   # all of them
  - hash: md5
    path: 'data'  # where
    meta: {source: here}
    md5: aaa
# The end
"""


def test_an_edit_keeps_comments_order_and_style():
    data = parse_yaml(COMMENTED, "x")
    data["outs"][0] |= {"md5": "bbb", "size": 3}
    edited = edited_yaml(COMMENTED, data, "x").decode()
    lines = edited.splitlines()
    assert lines[0] == "# About the data"
    assert "# The end" in lines
    assert "# all of them" in edited
    assert "# where" in edited
    assert "meta: {source: here}" in edited
    assert [line.strip(" -").partition(":")[0] for line in lines[2:] if not line.startswith("#")] == [
        "hash",
        "path",
        "meta",
        "md5",
        "size",
    ]
    assert parse_yaml(edited, "x") == data


def test_an_edit_without_comments_does_not_need_ruamel(tmp_path: Path):
    file = tmp_path / "a.dvc"
    script = (
        "import sys; from treering.versioning.documents import *\n"
        f"f = {str(file)!r}\n"
        "write_yaml(f, {'outs': [{'md5': 'a' * 32, 'size': 1, 'hash': 'md5', 'path': 'a'}]})\n"
        "edit_yaml(f, {'outs': [{'size': 2, 'md5': 'b' * 32, 'hash': 'md5', 'path': 'a'}]})\n"
        "assert 'ruamel' not in str(sorted(sys.modules))\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    assert file.read_text() == f"outs:\n- md5: {'b' * 32}\n  size: 2\n  hash: md5\n  path: a\n"


@settings(max_examples=50)
@given(DOCUMENTS.filter(bool), DOCUMENTS.filter(bool))
def test_an_edit_gives_the_value_that_was_asked_for(old: dict[str, Any], new: dict[str, Any]):
    assert parse_yaml(edited_yaml(by_ruamel(old), new, "x"), "x") == new


@settings(max_examples=50)
@given(DOCUMENTS.filter(bool), DOCUMENTS.filter(bool))
def test_a_plain_edit_is_what_ruamel_would_have_made_of_it(old: dict[str, Any], new: dict[str, Any]):
    from treering.versioning import plain_yaml, yaml_writer  # noqa: PLC0415

    plain = plain_yaml.edited_plain(by_ruamel(old), old, new)
    assert plain is None or plain == yaml_writer.edit(by_ruamel(old), new, "x")


def test_a_file_that_has_the_value_is_not_touched(tmp_path: Path):
    file = tmp_path / "a.dvc"
    file.write_bytes(COMMENTED)
    before = file.stat().st_mtime_ns
    assert edit_yaml(file, read_yaml(file)) is False
    assert file.stat().st_mtime_ns == before
    assert edit_yaml(file, {"outs": [{"md5": True}]}) is True
    assert edit_yaml(file, {"outs": [{"md5": 1}]}) is True, "1 is not True"


def test_a_new_file_has_the_usual_mode_and_an_old_one_keeps_its(tmp_path: Path):
    file, plain = tmp_path / "a.yaml", tmp_path / "b"
    plain.touch()
    write_yaml(file, {"a": 1})
    assert file.stat().st_mode == plain.stat().st_mode
    file.chmod(0o640)
    write_yaml(file, {"a": 2})
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert sorted(tmp_path.iterdir()) == [file, plain]


def test_what_a_link_points_at_is_written_and_the_link_stays(tmp_path: Path):
    file, link = tmp_path / "a.yaml", tmp_path / "b.yaml"
    file.write_text("a: 1\n")
    link.symlink_to(file)
    edit_yaml(link, {"a": 2})
    assert link.is_symlink()
    assert file.read_text() == "a: 2\n"


def test_a_file_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(NotFound, match="no file"):
        read_yaml(tmp_path / "none.yaml")
    with pytest.raises(NotFound, match="folder"):
        write_yaml(tmp_path / "none" / "a.yaml", {"a": 1})
