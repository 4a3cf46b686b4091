"""What of a value is kept."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treering.core.errors import InvalidInput
from treering.serving.predictions.privacy import DROPPED, Privacy


def privacy(**rules: str) -> Privacy:
    return Privacy(rules, b"secret")


@pytest.mark.parametrize(
    ("rule", "value", "kept"),
    [
        ("keep", {"a": [1]}, {"a": [1]}),
        ("drop", "x", DROPPED),
        ("mask", "4111111111111111", "***"),
        ("mask:4", "4111111111111111", "***1111"),
        ("mask:4", "12345", "***"),
        ("mask:4", 123456789, "***6789"),
        ("mask", None, None),
        ("round:1", 1.26, 1.3),
        ("round:-3", 41_733, 42_000),
        ("round:0", "1.2", DROPPED),
        ("round:0", True, DROPPED),
        ("round:2", None, None),
        ("scrub", "mail ann.b@example.com or call", "mail <email> or call"),
        ("scrub", "card 4111 1111 1111 1111, not 4111 1111 1111 1112", "card <card>, not 4111 1111 1111 1112"),
        ("scrub", "IBAN DE89 3704 0044 0532 0130 00!", "IBAN <iban>!"),
        ("scrub", "from 10.2.3.4 with password=hunter2, v1.2.3", "from <ip> with <secret>, v1.2.3"),
        ("scrub", "key AKIA" + "ABCDEFGHIJKLMNOP" + " used", "key <token> used"),
        ("scrub", 5, 5),
    ],
)
def test_each_rule(rule: str, value: Any, kept: Any) -> None:
    assert privacy(x=rule).field("x", value) == kept


def test_the_same_value_has_the_same_hash_and_no_other_has_it() -> None:
    rules = privacy(email="hash")
    one = rules.field("email", "ann@example.com")
    assert one == rules.field("EMAIL", "ann@example.com")
    assert one != rules.field("email", "bob@example.com")
    assert one != Privacy({"email": "hash"}, b"other").field("email", "ann@example.com")
    assert len(one) == 32
    assert rules.field("email", None) is None


def test_the_first_rule_that_fits_counts_and_a_star_is_all_others() -> None:
    rules = privacy(**{"user_id": "hash", "user_*": "drop", "age": "keep", "*": "mask"})
    columns, rows = rules.table(["user_id", "user_name", "age", "city"], [["u1", "Ann", 33, "Kiel"]])
    assert columns == ["user_id", "age", "city"]
    assert rows[0][1:] == [33, "***"]
    assert rows[0][0] not in {"u1", None}


def test_fields_are_found_at_any_depth() -> None:
    rules = privacy(ssn="drop", email="mask", **{"params.user": "drop"})
    value = {"people": [{"ssn": 1, "email": "a@example.com", "age": 3}], "email": ["x", "y"], "ssn": {"deep": 1}}
    assert rules.inside(value) == {"people": [{"email": "***", "age": 3}], "email": ["***", "***"]}
    columns, rows = rules.table(["who", "tags"], [[{"ssn": 1, "a": 2}, [{"email": "q"}]]])
    assert (columns, rows) == (["who", "tags"], [[{"a": 2}, [{"email": "***"}]]])


def test_a_column_of_which_nothing_is_left_is_not_there() -> None:
    rules = privacy(age="round:-1", name="drop")
    assert rules.table(["name", "age"], [["a", 33], ["b", "old"]]) == (["age"], [[30], [None]])
    assert rules.table(["name"], [["a"], ["b"]]) == ([], [[], []])
    assert rules.table(["name", "age"], []) == ([], [])


def test_whom_a_request_was_for_is_hashed_unless_said_otherwise() -> None:
    assert len(privacy().field("key", "user-1")) == 32
    assert privacy(key="keep").field("key", "user-1") == "user-1"
    assert privacy(**{"*": "drop"}).field("key", "user-1") is DROPPED


@pytest.mark.parametrize(
    "rule", ["", "hide", "round", "round:x", "round:--1", "round:9999", "mask:x", "drop:1", "hash:md5"]
)
def test_a_rule_that_is_not_known_is_refused(rule: str) -> None:
    with pytest.raises(InvalidInput, match=r"Known ones: keep, drop"):
        privacy(x=rule)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON, st.sampled_from(["drop", "hash", "mask", "mask:3", "round:1", "scrub"]))
def test_any_value_survives_any_rule_and_nothing_falls_through(value: Any, rule: str) -> None:
    kept = privacy(x=rule).field("x", {"inner": value})
    if rule != "scrub":
        assert kept is DROPPED or isinstance(kept, str)
    privacy(**{"*": rule}).inside(value)


@given(st.text(max_size=3000))
def test_looking_for_secrets_takes_no_time_that_a_client_could_choose(text: str) -> None:
    privacy(x="scrub").field("x", text * 3)


def test_texts_made_to_be_slow_are_not() -> None:
    for text in ("a@" * 50_000, "1 " * 50_000, "a." * 50_000 + "@", "password" * 20_000, "DE89" * 30_000):
        privacy(x="scrub").field("x", text)
