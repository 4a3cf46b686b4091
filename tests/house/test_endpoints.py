"""Each thing that can be asked of a server is declared once, guarded, and answered by one function."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from msgspec import structs

from treering.server.handling import Handlers
from treering.wire.endpoint import Endpoint, Permission

API = {"native": "/api/v1/", "mlflow": "/"}
METHODS_WITH_BODY = {"POST", "PUT", "PATCH", "DELETE"}


def modules_below(package: str) -> Iterator[ModuleType]:
    parent = importlib.import_module(package)
    yield parent
    for found in pkgutil.walk_packages(parent.__path__, f"{package}."):
        yield importlib.import_module(found.name)


def declared(api: str) -> list[Endpoint[Any, Any]]:
    by_id: dict[int, Endpoint[Any, Any]] = {}
    for module in modules_below(f"treering.wire.{api}"):
        for value in vars(module).values():
            values = value if isinstance(value, list | tuple) else [value]
            by_id |= {id(item): item for item in values if isinstance(item, Endpoint)}
    return list(by_id.values())


def tables(api: str) -> list[Handlers]:
    by_id: dict[int, Handlers] = {}
    for module in modules_below(f"treering.server.{api}"):
        for value in vars(module).values():
            if isinstance(value, Handlers):
                by_id[id(value)] = value
    return list(by_id.values())


@pytest.fixture(params=sorted(API))
def api(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_there_are_endpoints(api: str) -> None:
    assert len(declared(api)) > 10


def test_names_are_unique(api: str) -> None:
    names = Counter(endpoint.name for endpoint in declared(api))
    assert [name for name, count in names.items() if count > 1] == []


def test_no_two_endpoints_answer_one_request() -> None:
    asked: Counter[tuple[str, str]] = Counter()
    for api in API:
        for endpoint in declared(api):
            for path in (endpoint.path, *endpoint.aliases):
                asked[endpoint.method, re.sub(r"{\w+(:\w+)?}", "{}", path)] += 1
    assert [key for key, count in asked.items() if count > 1] == []


def test_each_is_guarded(api: str) -> None:
    for endpoint in declared(api):
        assert isinstance(endpoint.permission, Permission), endpoint.name
        if endpoint.method in METHODS_WITH_BODY and endpoint.permission in {
            Permission.READ_EXPERIMENTS,
            Permission.READ_MODELS,
            Permission.READ_SERVER,
        }:
            # Reading by POST is for searches, whose question is too long for an address.
            assert re.search(
                r"search|metric|sample|history|series|bulk|get|query|list|latest|download|overview|compare|\.(rows|groups|keys|values)$",
                endpoint.name,
                re.IGNORECASE,
            ), f"{endpoint.name} sends a body, and asks only for {endpoint.permission}"


def test_only_what_anyone_may_see_is_open(api: str) -> None:
    for endpoint in declared(api):
        if endpoint.permission is Permission.OPEN:
            assert endpoint.method == "GET", f"{endpoint.name} changes something and is open to all"


def test_each_path_stands_in_its_api(api: str) -> None:
    for endpoint in declared(api):
        for path in (endpoint.path, *endpoint.aliases):
            assert path.startswith(API[api]), endpoint.name
            if api == "mlflow":
                assert not path.startswith(API["native"]), endpoint.name


def test_each_has_a_summary_for_the_description() -> None:
    for endpoint in declared("native"):
        assert endpoint.summary, endpoint.name
        assert not endpoint.summary.endswith("."), endpoint.name


def test_what_travels_in_the_path_is_a_field_of_the_request() -> None:
    for endpoint in declared("native"):
        kind: Any = endpoint.request
        fields = {
            field.name
            for field in (dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else structs.fields(kind))
        }
        for name in (*endpoint.path_fields, *endpoint.query):
            assert name in fields, f"{endpoint.name}: {endpoint.request.__name__} has no field {name}"


def test_each_has_exactly_one_handler(api: str) -> None:
    found = tables(api)
    if not found:
        pytest.fail(f"treering.server.{api} has no table of handlers")
    handled = Counter(
        endpoint.name for table in found for endpoint, _ in (*list(table.plain()), *list(table.streaming()))
    )
    names = {endpoint.name for endpoint in declared(api)}
    assert names - set(handled) == set(), "no handler"
    assert set(handled) - names == set(), "handled, but not declared in treering.wire"
    assert [name for name, count in handled.items() if count > 1] == [], "more than one handler"


def test_a_second_handler_is_refused() -> None:
    table = Handlers()
    endpoint = declared("native")[0]
    table.handles(endpoint)(lambda _services, _asked: None)
    with pytest.raises(ValueError, match=re.escape(endpoint.name)):
        table.handles(endpoint)(lambda _services, _asked: None)
    with pytest.raises(ValueError, match=re.escape(endpoint.name)):
        table.streams(endpoint)(lambda _services, _request: None)
