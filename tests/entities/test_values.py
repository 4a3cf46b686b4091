"""All entities are values: frozen, slotted, equal by content, and explained."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pickle
import pkgutil
import re
from types import ModuleType

import pytest

import treering.entities

MODULES: list[ModuleType] = [
    importlib.import_module(f"treering.entities.{found.name}")
    for found in pkgutil.iter_modules(treering.entities.__path__)
]
VALUES = [
    value
    for module in MODULES
    for value in vars(module).values()
    if inspect.isclass(value) and dataclasses.is_dataclass(value) and value.__module__ == module.__name__
]


@pytest.fixture(params=VALUES, ids=lambda value: value.__name__)
def value(request: pytest.FixtureRequest) -> type:
    return request.param


def some(value: type) -> object:
    """An instance with a distinct filling for each field that must be given."""
    required = [
        field
        for field in dataclasses.fields(value)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    return value(**{field.name: f"<{field.name}>" for field in required})


def test_there_are_values() -> None:
    assert len(VALUES) > 20


def test_frozen(value: type) -> None:
    instance = some(value)
    name = dataclasses.fields(value)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(instance, name, "other")


def test_slotted(value: type) -> None:
    assert not hasattr(some(value), "__dict__")


def test_equal_by_content(value: type) -> None:
    assert some(value) == some(value)
    name = dataclasses.fields(value)[0].name
    assert some(value) != dataclasses.replace(some(value), **{name: "other"})


def test_no_two_instances_share_what_can_be_changed(value: type) -> None:
    one, two = some(value), some(value)
    for field in dataclasses.fields(value):
        held = getattr(one, field.name)
        if isinstance(held, dict | list | set):
            assert held is not getattr(two, field.name)


def test_crosses_processes(value: type) -> None:
    assert pickle.loads(pickle.dumps(some(value))) == some(value)


def test_explained_attributes_exist(value: type) -> None:
    section = (inspect.getdoc(value) or "").partition("Attributes:\n")[2]
    names = {field.name for field in dataclasses.fields(value)}
    assert set(re.findall(r"^    (\w+):", section, re.MULTILINE)) <= names
