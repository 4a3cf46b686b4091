from __future__ import annotations

from treering.wire.native import artifacts, experiments, models, runs
from treering.wire.native.catalogue import ENDPOINTS
from treering.wire.native.shape import shape_of


def test_names_are_unique() -> None:
    assert len({endpoint.name for endpoint in ENDPOINTS}) == len(ENDPOINTS)


def test_every_resource_is_there() -> None:
    assert {experiments.CREATE, runs.LOG, models.SET_ALIAS, artifacts.READ} <= set(ENDPOINTS)


def test_every_endpoint_has_a_shape() -> None:
    for endpoint in ENDPOINTS:
        shape = shape_of(endpoint)
        assert tuple(shape.path) == endpoint.path_fields
        if endpoint.method in {"GET", "DELETE"}:
            assert shape.body is None
