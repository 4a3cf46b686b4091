from __future__ import annotations

import pytest

from treering.core.errors import UnknownEndpoint
from treering.server.routing import MethodRefused, Router


@pytest.fixture
def router() -> Router[str]:
    made: Router[str] = Router()
    for method, path in (
        ("GET", "/things"),
        ("POST", "/things/search"),
        ("GET", "/things/by-name"),
        ("GET", "/things/{id}"),
        ("DELETE", "/things/{id}"),
        ("GET", "/things/{id}/parts/{key:path}"),
        ("GET", "/things/{thing}/parts"),
        ("GET", "/"),
    ):
        made.add(method, path, f"{method} {path}")
    return made


@pytest.mark.parametrize(
    ("method", "path", "target", "values"),
    [
        ("GET", "/things", "GET /things", {}),
        ("GET", "/things/by-name", "GET /things/by-name", {}),
        ("GET", "/things/7", "GET /things/{id}", {"id": "7"}),
        ("DELETE", "/things/by-name", "DELETE /things/{id}", {"id": "by-name"}),
        ("GET", "/things/search", "GET /things/{id}", {"id": "search"}),
        ("GET", "/things/7/parts", "GET /things/{thing}/parts", {"thing": "7"}),
        ("GET", "/things/7/parts/a/b//c/", "GET /things/{id}/parts/{key:path}", {"id": "7", "key": "a/b//c/"}),
        ("GET", "/things/a%2Fb", "GET /things/{id}", {"id": "a/b"}),
        ("GET", "/things/%C3%A9%20", "GET /things/{id}", {"id": "é "}),
        ("GET", "/things/x/parts/%2E%2E", "GET /things/{id}/parts/{key:path}", {"id": "x", "key": ".."}),
        ("GET", "/", "GET /", {}),
    ],
)
def test_found(router: Router[str], method: str, path: str, target: str, values: dict[str, str]) -> None:
    assert router.find(method, path) == (target, values)


@pytest.mark.parametrize("path", ["/thing", "/things/", "/things/7/", "/things/7/parts/", "/things/7/other", "//things", "/%"])  # fmt: skip
def test_not_found(router: Router[str], path: str) -> None:
    with pytest.raises(UnknownEndpoint, match="Nothing answers at"):
        router.find("GET", path)


def test_the_wrong_method_lists_the_right_ones(router: Router[str]) -> None:
    with pytest.raises(MethodRefused, match="PATCH, but to DELETE, GET") as caught:
        router.find("PATCH", "/things/7")
    assert caught.value.allowed == ("DELETE", "GET")


def test_two_answers_at_one_place_are_refused(router: Router[str]) -> None:
    with pytest.raises(ValueError, match="has an answer already"):
        router.add("GET", "/things/{other}", "second")


def test_a_field_with_slashes_is_the_last(router: Router[str]) -> None:
    with pytest.raises(ValueError, match="must be the last"):
        router.add("GET", "/x/{key:path}/y", "never")
