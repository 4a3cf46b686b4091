"""What a store is told about one place is what it declares, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from treering.core.errors import InvalidInput
from treering.storage.objects.options import told


@dataclass(frozen=True, slots=True)
class Known:
    name: str = ""
    count: int = 1
    seconds: float = 0.0
    verify: bool | str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


def test_what_is_not_given_stays() -> None:
    assert told(Known, None, "x://y") == Known()
    assert told(Known, {"name": None}, "x://y") == Known()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"name": "a"}, Known(name="a")),
        ({"name": 7}, Known(name="7")),
        ({"count": "3", "seconds": "1.5"}, Known(count=3, seconds=1.5)),
        ({"seconds": 2}, Known(seconds=2.0)),
        ({"verify": "False"}, Known(verify=False)),
        ({"verify": True}, Known(verify=True)),
        ({"verify": "/a/file.pem"}, Known(verify="/a/file.pem")),
        ({"more": {"ACL": "private"}}, Known(more={"ACL": "private"})),
    ],
)
def test_texts_of_configuration_files_get_their_types(given: dict[str, Any], expected: Known) -> None:
    assert told(Known, given, "x://y") == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"colour": "red"}, r"x://y cannot be opened with 'colour'.*count, more, name"),
        ({"count": "many"}, r"count of x://y is 'many', where int is needed"),
        ({"count": True}, r"where int is needed"),
        ({"more": "x"}, r"more of x://y"),
    ],
)
def test_what_has_no_meaning_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        told(Known, given, "x://y")
