"""A path on this machine is registered only from inside a run's artifacts, wherever links lead."""

from pathlib import Path

import pytest

from treering.core.errors import InvalidInput
from treering.entities.run import NewRun
from treering.registry.base import ModelRegistry, NewModelVersion
from treering.registry.service import open_registry
from treering.registry.versions import REGISTRATIONS_TAG
from treering.storage.metadata import METADATA
from treering.storage.metadata.base import MetadataStore
from treering.tracking.base import NewLoggedModel, Tracking
from treering.tracking.service import open_tracking


@pytest.fixture
def store() -> MetadataStore:
    return METADATA.load("memory")("memory://")


@pytest.fixture
def tracking(store: MetadataStore, tmp_path: Path) -> Tracking:
    return open_tracking(store, (tmp_path / "artifacts").as_uri())


@pytest.fixture
def registry(store: MetadataStore, tracking: Tracking) -> ModelRegistry:
    registry = open_registry(store, tracking)
    registry.models.create("m")
    return registry


def test_a_link_does_not_lead_out(tracking: Tracking, registry: ModelRegistry, tmp_path: Path) -> None:
    run = tracking.runs.create(NewRun("0")).info
    root = tmp_path / "artifacts" / "0" / run.run_id / "artifacts"
    (root / "model").mkdir(parents=True)
    (root / "out").symlink_to(tmp_path)
    for source in (str(root / "model"), (root / "model").as_uri(), str(root), str(root / "not yet there")):
        assert registry.versions.create(NewModelVersion("m", source, run.run_id)).storage_uri == source
    for source in (str(root / "out"), (root / "out" / "x").as_uri(), str(tmp_path), f"{root}/..", f"{root}x"):
        with pytest.raises(InvalidInput, match="source"):
            registry.versions.create(NewModelVersion("m", source, run.run_id))


def test_a_root_behind_a_link_still_holds_its_files(
    tracking: Tracking, registry: ModelRegistry, tmp_path: Path
) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "artifacts").symlink_to(tmp_path / "disk")
    run = tracking.runs.create(NewRun("0")).info
    for root in ("artifacts", "disk"):
        source = str(tmp_path / root / "0" / run.run_id / "artifacts" / "model")
        assert registry.versions.create(NewModelVersion("m", source, run.run_id)).source == source


def test_another_machine_is_not_this_one(tracking: Tracking, registry: ModelRegistry) -> None:
    run = tracking.runs.create(NewRun("0")).info
    with pytest.raises(InvalidInput, match="elsewhere"):
        registry.versions.create(NewModelVersion("m", "file://elsewhere/x", run.run_id))


def test_a_model_tracked_elsewhere_can_be_named(registry: ModelRegistry) -> None:
    version = registry.versions.create(NewModelVersion("m", "s3://bucket/x", model_id=f"m-{'e' * 32}"))
    assert version.model_id == f"m-{'e' * 32}"


@pytest.mark.parametrize("tag", ["", "no json", "7", '["x"]', '[{"name": "m"}]'])
def test_a_registrations_tag_that_somebody_spoiled_is_mended(
    tracking: Tracking, registry: ModelRegistry, tag: str
) -> None:
    model_id = tracking.models.create(NewLoggedModel("0", tags={REGISTRATIONS_TAG: tag})).model_id
    registry.versions.create(NewModelVersion("m", f"models:/{model_id}"))
    assert '{"name": "m", "version": 1}' in tracking.models.get(model_id).tags[REGISTRATIONS_TAG]


def test_a_registration_that_the_client_noted_is_not_noted_again(tracking: Tracking, registry: ModelRegistry) -> None:
    noted = '[{"name": "m", "version": "1"}]'
    model_id = tracking.models.create(NewLoggedModel("0", tags={REGISTRATIONS_TAG: noted})).model_id
    registry.versions.create(NewModelVersion("m", f"models:/{model_id}"))
    assert tracking.models.get(model_id).tags[REGISTRATIONS_TAG] == noted
